const maxWordingLength = 8192

/** As much of a reply as its wording is looked for in: errors are short, and patterns take their time with megabytes. */
export const wordingOf = (text: string): string => text.slice(0, maxWordingLength)
