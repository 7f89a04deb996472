import type { Recording } from './recording.ts'
import type { World } from './world.ts'

/** What must not be in a text that others read: the part of a world that identifies anyone. */
export type Known = Pick<
  World,
  | 'accountId'
  | 'tenantId'
  | 'clientId'
  | 'principalId'
  | 'hosts'
  | 'project'
  | 'github'
  | 'subject'
  | 'assertion'
  | 'foreignAssertion'
  | 'tokens'
>

/** Removes the ids, names and hosts of anyone who ran it from what a service said, before it goes into a recording. A possible secret stops the run. */

const guid = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/gi
const time = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g
const mail = /[\w.+-]+@(?!odata\.)[\w-]+(\.[\w-]+)+/g
const ipAddress = /\b\d{1,3}(\.\d{1,3}){3}\b/g

/** Names in ids of resources that do not belong to this world. */
const inGroup = /(\/resourceGroups\/)(?!GROUP\b)[^/\s'"]+/gi
const ofProvider = /(\/providers\/[\w.]+)((?:\/[^/\s'",]+)+)/gi

/** Types and names alternate. A name that is already a placeholder stays. */
const typesAlone = (types: string) =>
  types.replaceAll(
    /(\/[^/]+\/)([^/]+)/g,
    (_, type: string, name: string) => type + (/^[A-Z-]+$/.test(name) ? name : 'NAME'),
  )

/** Entra's messages name a tenant by the name of the company. */
const ownedBy = /((?:directory|tenant)(?: named)?) (?!GUID)(?:'[^']*'|[A-Z][^.,]*)/g

/** Messages name applications and deny assignments by the names that people gave them. */
const calledBy = /\b(client|application|name) '(?!GUID')[^']*'/g
const besideId = /('GUID' ?)\([^)]*\)/g

/** Replaces every name of this world by a placeholder for its kind. If the rest may contain a secret, the whole text is withheld. */
export function sanitised(text: string, world: Known): string {
  const shown = withoutNames(text, world)
  return secretIn(shown, fragmentsIn(world)) === undefined && !isOfAnyone(decoded(shown)) ? shown : 'WITHHELD'
}

function withoutNames(text: string, world: Known): string {
  const named = namesOf(world).reduce(
    (so, [value, name]) => so.replaceAll(new RegExp(escaped(value), 'gi'), name),
    text,
  )
  return named
    .replace(ownedBy, "$1 'TENANT'")
    .replace(calledBy, "$1 'NAME'")
    .replace(guid, 'GUID')
    .replace(besideId, '$1(NAME)')
    .replace(time, 'TIME')
    .replace(mail, 'MAIL')
    .replace(ipAddress, 'IP-ADDRESS')
    .replace(inGroup, '$1GROUP')
    .replace(ofProvider, (_, provider: string, types: string) => provider + typesAlone(types))
    .replace(run, found => (mayBeSecret(found) ? 'WITHHELD' : found))
    .slice(0, longest)
}

/** Characters. */
const longest = 600

/** Longest first, because a name may be part of another. */
function namesOf({ accountId, hosts, project, github, subject }: Known): (readonly [string, string])[] {
  const [, , , , group = '', , , , account = ''] = accountId.split('/')
  const names: (readonly [string, string])[] = [
    [new URL(hosts.openAI).host, 'HOST'],
    [new URL(hosts.foundry).host, 'FOUNDRY-HOST'],
    [new URL(hosts.entra).host, 'ENTRA'],
    [new URL(hosts.resourceManager).host, 'RESOURCE-MANAGER'],
    [new URL(hosts.graph).host, 'GRAPH'],
    [new URL(github.requestUrl).host, 'GITHUB'],
    [group, 'GROUP'],
    [account, 'ACCOUNT'],
    [project ?? '', 'PROJECT'],
    [subject, 'SUBJECT'],
    [repositoryIn(subject), 'REPOSITORY'],
  ]
  return names.filter(([value]) => value.length > 2).toSorted(([one], [other]) => other.length - one.length)
}

/** In GitHub's form `repo:OWNER/REPO:…`, with or without ids beside the names. */
const repositoryIn = (subject: string) => /^repo:([^:]+)/.exec(subject)?.[1] ?? ''

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The characters of tokens, keys and signatures, with the prefixes that they may have. */
const run = /(?:\bBearer\s+|[?&]sig=)?[\w+/=-]{16,}/gi

/** Words and numbers. They are the pieces of names of types, codes and models; in random text they are very short. */
const piece = /[A-Z]?[a-z]+|[A-Z]+|\d+/g

/** The mean length of the pieces: some two characters in random text, five in text that people wrote. */
function lengthOfPieces(text: string): number {
  const pieces = text.match(piece) ?? []
  return pieces.join('').length / pieces.length
}

/**
 * Whether a run of characters may be a token, a key or a signature. These switch between small letters, capitals and digits at nearly
 * every character; words do not.
 */
function mayBeSecret(text: string): boolean {
  if (/^Bearer\s|^[?&]sig=|eyJ[\w-]{10,}|[0-9a-f]{32}/i.test(text)) return true
  return (
    (text.length >= 20 && lengthOfPieces(text) < 3) || (text.match(/[a-z0-9]{20,}/gi) ?? []).some(isRandom)
  )
}

/** For letters and digits only: names consist of longer words, and no word has 24 letters. */
const isRandom = (text: string) =>
  lengthOfPieces(text) < 3.5 || (text.match(/\d+/g)?.length ?? 0) >= 3 || /[a-z]{24}|[A-Z]{24}/.test(text)

/** Decoded from the encodings for URLs, JSON and HTML. */
const decoded = (text: string) =>
  text.replaceAll(/%([0-9a-f]{2})|\\u([0-9a-f]{4})|&#x([0-9a-f]{2,4});/gi, (...[, inUrl, inJson, inHtml]) =>
    String.fromCodePoint(Number.parseInt(inUrl ?? inJson ?? inHtml, 16)),
  )

/** Without characters that may separate the pieces of a secret: line ends, blanks, punctuation. */
const joined = (text: string) => text.replaceAll(/[^\w+/=-]/g, '')

/** Whether it has a key in hexadecimal digits, however it is split. A list of dates does not count, because it has no letters. */
function hasHexKey(text: string): boolean {
  const digits = text.replaceAll(/[^0-9a-z]/gi, '').match(/[0-9a-f]{32,}/gi) ?? []
  return digits.some(found => (found.match(/[a-f]/gi) ?? []).length >= 4)
}

/** Characters. No other text shares so many in a row. */
const lengthOfFragment = 12

const fragmentsOf = (text: string): string[] =>
  Array.from({ length: Math.max(0, text.length - lengthOfFragment + 1) }, (_, at) =>
    text.slice(at, at + lengthOfFragment),
  )

const known = new WeakMap<Known, ReadonlySet<string>>()

/** Every fragment of every secret of the run, to find a part of one in a text. Computed once for each world, because there are thousands. */
function fragmentsIn(world: Known): ReadonlySet<string> {
  const { assertion, foreignAssertion, github, tokens } = world
  const secrets = [assertion, foreignAssertion, github.requestToken, ...tokens.values()]
  const fragments = known.get(world) ?? new Set(secrets.map(joined).flatMap(fragmentsOf))
  known.set(world, fragments)
  return fragments
}

/** The kind of secret that a text contains; undefined if it contains none. */
function secretIn(text: string, fragments: ReadonlySet<string>): string | undefined {
  const plain = decoded(text)
  if (fragmentsOf(joined(plain)).some(fragment => fragments.has(fragment))) return 'a token of this run'
  if ((plain.match(run) ?? []).some(mayBeSecret) || hasHexKey(plain))
    return 'something that may be a token or a key'
  return undefined
}

/** Whether a text identifies anyone: it has an id or an address. */
const isOfAnyone = (text: string) => [guid, mail, ipAddress].some(pattern => text.search(pattern) >= 0)

/** Whether the name of a property is an id, or may be a secret. Such a name is not part of a shape. */
export const isOwnName = (name: string) => isOfAnyone(name) || mayBeSecret(name)

/**
 * The last check before anything is written or printed. @throws Error if something may be a secret, or identifies anyone who ran it.
 * Then nothing is written. The error names the exchange, and does not quote what was found.
 */
export function refuseSecrets(recordings: readonly Recording[], world: Known): void {
  for (const { exchange, code, contentType, headers, shape, message } of recordings)
    refuseSecretsIn(exchange, [code, contentType, message, ...headers, ...shape], world)
}

/** The same check for other texts. @param name what the error calls them */
export function refuseSecretsIn(name: string, texts: readonly string[], world: Known): void {
  const fragments = fragmentsIn(world)
  const [found] = texts.flatMap(text => problemIn(text, world, fragments) ?? [])
  if (found !== undefined)
    throw new Error(
      `The recording of ${name} would contain ${found}: nothing was written. This is a bug in the conformance run.`,
    )
}

function problemIn(text: string, world: Known, fragments: ReadonlySet<string>): string | undefined {
  const { subject, accountId, tenantId, clientId, principalId } = world
  const plain = decoded(text).toLowerCase()
  const holds = (value: string) => value !== '' && plain.includes(value.toLowerCase())
  if (holds(subject) || holds(repositoryIn(subject)))
    return 'the subject of the run, which names its repository'
  if ([accountId, tenantId, clientId, principalId].some(holds)) return 'an id of this run'
  if (isOfAnyone(plain)) return 'an id or an address of somebody'
  return secretIn(text, fragments)
}
