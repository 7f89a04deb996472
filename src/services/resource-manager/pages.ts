import * as v from 'valibot'
import { localFailure, StepError } from '../../core/failures/failure.ts'

/**
 * Resource Manager returns lists in pages, and each page names the next one. There must be a limit, in case a server never
 * ends.
 */

/** More pages than any list here has. */
export const maxPages = 100

/** More than any page has. Checked before the entries are, because checking them takes time. */
const maxEntries = 20_000

/** @param entry Schema of an entry. */
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
