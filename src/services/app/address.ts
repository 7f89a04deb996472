/** The address of the app's route: its query may hold a key, as that of a Function does, and is never shown. */

export const shownAddress = (url: string): string => url.replace(/[?#].*$/s, '?***')

/** A mask covers whole values, wherever they stand: one for `true` or `1` would star out half the log. */
const shortestSecret = 8

/** Everything in the address that must never be printed: its query, and the values there, in either form. */
export function addressSecrets(url: string): string[] {
  const [, query = ''] = /\?([^#]*)/s.exec(url) ?? []
  // A part without a name is all value.
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
