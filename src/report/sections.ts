/** A part of a text that may be left out where the whole would be too long. */
export interface Section {
  /** What it is called where it is left out. */
  name: string
  text: string
  /** Sections go by this, the highest first; absent: it stays. */
  expendable?: number
}

const bytesOf = (text: string) => Buffer.byteLength(text)
const separator = '\n\n'

/**
 * The sections in their order, in at most `maxBytes` of UTF-8. What does not fit is left out whole, so that every fence and
 * every `<details>` is closed, and is named at the end.
 */
export function fitted(sections: readonly Section[], maxBytes: number): string {
  const kept = new Set(sections.filter(({ text }) => text !== ''))
  const left: Section[] = []
  const text = () => [...[...kept].map(section => section.text), ...leftOut(left)].join(separator)
  const byExpendability = [...kept]
    .filter(({ expendable }) => expendable !== undefined)
    .sort((a, b) => (b.expendable ?? 0) - (a.expendable ?? 0))
  for (const section of byExpendability) {
    if (bytesOf(text()) <= maxBytes) break
    kept.delete(section)
    left.push(section)
  }
  return text()
}

function leftOut(sections: readonly Section[]): string[] {
  if (sections.length === 0) return []
  const names = [...new Set(sections.map(({ name }) => name))]
  return [`Left out here, for it would be too long: ${names.join(', ')}. The JSON report has all of it.`]
}
