import type { Settings } from '../gate/settings.ts'
import { createReader, type Reader } from './reader.ts'

type Reporting = Pick<Settings['report'], 'summary' | 'path'>

/** How to report the result. It is read separately, because a run with bad inputs needs it too. */
export const reportingOf = (input: (name: string) => string): Reporting =>
  readReporting(createReader(input, {}))

export function readReporting(reader: Reader): Reporting {
  return {
    summary: reader.flag('summary', true),
    path: reader.text('report-path'),
  }
}
