import { ownRefusal, StepFailure } from '../../core/failures/failure.ts'

/** Lists of Resource Manager come in pages, each of which names the next one: a server that never ends must end somewhere. */

/** More pages than any list here has. */
export const maxPages = 100

export const endless = (doing: string): StepFailure =>
  new StepFailure(
    doing,
    ownRefusal('resource-manager-rejected', `The list has no end: ${maxPages} pages, and one more.`),
  )

/** What the official client lists, which follows as long as there is a next page. @throws StepFailure where that has no end. */
export async function* entriesOf<T>(
  doing: string,
  list: { byPage(): AsyncIterable<readonly T[]> },
): AsyncGenerator<T> {
  let pages = 0
  for await (const page of list.byPage()) {
    pages += 1
    if (pages > maxPages) throw endless(doing)
    yield* page
  }
}
