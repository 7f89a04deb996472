/** What the `$filter` languages of Resource Manager and Microsoft Graph have in common. */

/** The terms of a filter. An `and` inside quotation marks joins nothing. */
export const splitAtAnd = (filter: string): string[] =>
  filter.split(/\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)/i).map(term => term.trim())

/** The text between quotation marks: a mark inside it is doubled. */
export const unescaped = (quoted: string): string => quoted.replaceAll("''", "'")
