import * as v from 'valibot'
import { localFailure, StepError } from '../../core/failures/failure.ts'

/** Lists of Resource Manager come in pages, each of which names the next one: a server that never ends must end somewhere. */

/** More pages than any list here has. */
export const maxPages = 100

/** More than any page has: it is said before each entry is looked at, and takes its time. */
const maxEntries = 20_000

/** @param entry What an entry has to be. */
export const pageOf = <T extends v.GenericSchema>(entry: T) =>
  v.object({
    value: v.pipe(v.array(v.unknown()), v.maxLength(maxEntries), v.array(entry)),
    nextLink: v.nullish(v.union([v.literal(''), v.pipe(v.string(), v.url())])),
  })

export const endless = (operation: string): StepError =>
  new StepError(
    operation,
    localFailure('resource-manager-rejected', `The list has no end: ${maxPages} pages, and one more.`),
  )
