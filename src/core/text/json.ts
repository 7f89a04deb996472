/** For schemas: a list of a million bad entries has a million issues. */
export const firstIssueOnly = { abortEarly: true, abortPipeEarly: true } as const

/** No service sends a longer error; characters. */
const longestError = 65_536

/** The JSON of an error. A longer text is not an error, and would take time to parse. */
export const parseErrorJson = (text: string): unknown =>
  text.length > longestError ? undefined : parseJson(text)

/** The JSON of a text; undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
