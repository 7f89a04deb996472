/** For schemas: a list of a million bad entries has a million issues. */
export const firstIssueOnly = { abortEarly: true, abortPipeEarly: true } as const

/** Longer than any error that a service explains itself with, in characters. */
const longestError = 65_536

/** An error's JSON: what is longer is none, and taking it apart would take its time. */
export const parseErrorJson = (text: string): unknown =>
  text.length > longestError ? undefined : parseJson(text)

/** JSON where the text is JSON, undefined where it is not. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
