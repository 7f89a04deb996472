import { type Settings, type Severity, severities } from '../gate/settings.ts'
import { wholeNumber } from './formats.ts'
import type { Problem, Reader } from './reader.ts'

export const readFailOn = (reader: Reader): Severity | undefined => reader.parsed('fail-on', parseSeverity)

export const readModels = (reader: Reader): Settings['models'] => ({
  daysLeft: reader.parsed('model-days-left', wholeNumber(1, 1000)),
})

function parseSeverity(text: string): Severity | Problem {
  const severity = severities.find(known => known === text.toLowerCase())
  return severity ?? { problem: `is not one of ${severities.map(known => `\`${known}\``).join(', ')}` }
}
