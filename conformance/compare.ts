import type { Recording } from './recording.ts'

/** Compares two answers to the same exchange. */
export interface Difference {
  exchange: string
  what: 'status' | 'code' | 'content type' | 'header' | Quoted | 'shape' | 'not tried' | 'no answer'
  /** The values of the first and of the second side. */
  one: string
  other: string
}

/** Parts of messages that the gate reads. */
type Quoted = 'data action' | 'audience'

const quoted: readonly { what: Quoted; pattern: RegExp }[] = [
  { what: 'data action', pattern: /required data action `([^`]+)`/i },
  { what: 'audience', pattern: /audience is incorrect \(([^)]+)\)/i },
]

/**
 * The differences that a client would notice. Values and other words of messages are not compared. The entries of a list decide
 * its shape, so a list that is empty on one side is not a difference.
 * @param unanswered Exchanges that the first side tried without an answer: silence shows no agreement.
 */
export function compare(
  ones: readonly Recording[],
  others: readonly Recording[],
  unanswered: readonly string[] = [],
): Difference[] {
  const byName = new Map(others.map(recording => [recording.exchange, recording]))
  const statusOf = (recording: Recording | undefined) => (recording ? String(recording.status) : '')
  const silent = unanswered.map(exchange => ({
    exchange,
    what: 'no answer' as const,
    one: '',
    other: statusOf(byName.get(exchange)),
  }))
  const differing = ones.flatMap(one => {
    const other = byName.get(one.exchange)
    if (other === undefined)
      return [{ exchange: one.exchange, what: 'not tried' as const, one: statusOf(one), other: '' }]
    return differencesOf(one, other)
  })
  return [...silent, ...differing]
}

function differencesOf(one: Recording, other: Recording): Difference[] {
  const { exchange } = one
  const differs = (what: Difference['what'], own: string, others: string): Difference[] =>
    own === others ? [] : [{ exchange, what, one: own, other: others }]
  const heads = [
    ...differs('status', String(one.status), String(other.status)),
    ...differs('code', one.code, other.code),
    ...differs('content type', one.contentType, other.contentType),
    ...differs('header', onlyIn(one.headers, other.headers), onlyIn(other.headers, one.headers)),
    ...quoted.flatMap(({ what, pattern }) => {
      const own = pattern.exec(one.message)?.[1] ?? ''
      const others = pattern.exec(other.message)?.[1] ?? ''
      // An answer of another status may be about something else.
      return one.status === other.status || (own !== '' && others !== '') ? differs(what, own, others) : []
    }),
  ]
  // The bodies of a success and of a failure have nothing in common.
  if (one.status !== other.status) return heads
  return [
    ...heads,
    ...lackingIn(one.shape, other.shape).map(path => ({
      exchange,
      what: 'shape' as const,
      one: path,
      other: '',
    })),
    ...lackingIn(other.shape, one.shape).map(path => ({
      exchange,
      what: 'shape' as const,
      one: '',
      other: path,
    })),
  ]
}

const onlyIn = (headers: readonly string[], others: readonly string[]) =>
  headers.filter(header => !others.includes(header)).join(', ')

/** Paths of `shape` that the other shape lacks, except those below a list that is empty there. */
function lackingIn(shape: readonly string[], other: readonly string[]): string[] {
  const has = new Set(other)
  const emptyLists = other
    .filter(path => path.endsWith('[]: nothing'))
    .map(path => path.slice(0, -': nothing'.length))
  return shape.filter(
    path =>
      !has.has(path) && !path.endsWith('[]: nothing') && !emptyLists.some(list => path.startsWith(list)),
  )
}

/** One line each, by exchange. */
export function differenceLines(
  differences: readonly Difference[],
  [first, second]: readonly [string, string],
): string[] {
  return differences.map(({ exchange, what, one, other }) => {
    const shown = (text: string) => (text === '' ? 'nothing' : `\`${text}\``)
    return `${exchange}: ${what}: ${first} has ${shown(one)}, ${second} ${shown(other)}`
  })
}
