const maxWordingLength = 8192

/** The part of a reply in which its wording is looked for: errors are short, and patterns are slow on megabytes. */
export const wordingOf = (text: string): string => text.slice(0, maxWordingLength)
