/** The address of the app's route. Its query may hold a key, as a Function's does, and is never shown. */

export const shownAddress = (url: string): string => url.replace(/[?#].*$/s, '?***')

/** A mask covers a value everywhere it appears: masking `true` or `1` would hide half the log. */
const shortestSecret = 8

/** Everything in the address that must never be printed: its query, and the values there, in either form. */
export function addressSecrets(url: string): string[] {
  const [, query = ''] = /\?([^#]*)/s.exec(url) ?? []
  // A part without a name is a value.
  const values = query.split('&').map(part => part.slice(part.indexOf('=') + 1))
  const all = [query, ...values].flatMap(text => [text, decoded(text)])
  return [...new Set(all)].filter(text => text.length >= shortestSecret)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
