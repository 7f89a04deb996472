/** Joins words for a sentence: `one`, `one and another`, `one, another and a third`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

/** Joins the first `max` words, and says how many more there are. */
export function firstOf(words: readonly string[], max: number, separator = ', '): string {
  const more = words.length - max
  return `${words.slice(0, max).join(separator)}${more > 0 ? ` and ${more} more` : ''}`
}
