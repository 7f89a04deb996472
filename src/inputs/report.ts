import type { Settings } from '../gate/settings.ts'
import { createReader, type Reader } from './reader.ts'

type Reporting = Pick<Settings['report'], 'summary' | 'path'>

/** How to report the result: known even if other inputs are bad. */
export const reportingOf = (input: (name: string) => string): Reporting =>
  readReporting(createReader(input, {}))

export function readReporting(reader: Reader): Reporting {
  return {
    summary: reader.flag('summary', true),
    path: reader.text('report-path'),
  }
}
