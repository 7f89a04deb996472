const maxWordingLength = 8192

/** The part of a reply that is searched for known wordings. Errors are short, and patterns are slow on megabytes. */
export const wordingOf = (text: string): string => text.slice(0, maxWordingLength)
