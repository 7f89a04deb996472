import type { Recording } from './recording.ts'
import type { World } from './world.ts'

/** What a service said goes into a recording without ids, names and hosts of anyone who ran it. What may be a secret stops the run. */

const guid = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/gi
const time = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g
const mail = /[\w.+-]+@(?!odata\.)[\w-]+(\.[\w-]+)+/g
const ipAddress = /\b\d{1,3}(\.\d{1,3}){3}\b/g

/** Names in the ids of resources that are not the world's own. */
const inGroup = /(\/resourceGroups\/)(?!GROUP\b)[^/\s'"]+/gi
const ofProvider = /(\/providers\/[\w.]+)((?:\/[^/\s'",]+)+)/gi

/** Types and names follow each other; what stands by what it is stays so. */
const typesAlone = (types: string) =>
  types.replaceAll(
    /(\/[^/]+\/)([^/]+)/g,
    (_, type: string, name: string) => type + (/^[A-Z-]+$/.test(name) ? name : 'NAME'),
  )

/** Entra calls a tenant by the name of the company. */
const ownedBy = /((?:directory|tenant)(?: named)?) (?!GUID)(?:'[^']*'|[A-Z][^.,]*)/g

/** Applications and deny assignments by the names that people gave them. */
const calledBy = /\b(client|application|name) '(?!GUID')[^']*'/g

/** A text in which everything that this world names stands by what it is. Where something is left in it that may be a secret, all of it is withheld. */
export function sanitised(text: string, world: World): string {
  const shown = withoutNames(text, world)
  return secretIn(shown, fragmentsIn(world)) === undefined && !isOfAnyone(decoded(shown)) ? shown : 'WITHHELD'
}

function withoutNames(text: string, world: World): string {
  const named = namesOf(world).reduce(
    (so, [value, name]) => so.replaceAll(new RegExp(escaped(value), 'gi'), name),
    text,
  )
  return named
    .replace(ownedBy, "$1 'TENANT'")
    .replace(calledBy, "$1 'NAME'")
    .replace(guid, 'GUID')
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

/** The longest first: a name may be part of another. */
function namesOf({ accountId, hosts, project, github, subject }: World): (readonly [string, string])[] {
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

/** As GitHub writes it: `repo:OWNER/REPO:…`, ids among the names or not. */
const repositoryIn = (subject: string) => /^repo:([^:]+)/.exec(subject)?.[1] ?? ''

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** What tokens, keys and signatures are made of, with what may stand before them. */
const run = /(?:\bBearer\s+|[?&]sig=)?[\w+/=-]{16,}/gi

/** Words and numbers, as they follow each other in names of types, codes and models; each on its own in what is random. */
const piece = /[A-Z]?[a-z]+|[A-Z]+|\d+/g

/** How long they are on average: some two characters in what is random, five in what people made. */
function lengthOfPieces(text: string): number {
  const pieces = text.match(piece) ?? []
  return pieces.join('').length / pieces.length
}

/**
 * Whether a run of characters may be a token, a key or a signature: these change between small letters, capitals and digits at nearly
 * every character, words do not.
 */
function mayBeSecret(text: string): boolean {
  if (/^Bearer\s|^[?&]sig=|eyJ[\w-]{10,}|[0-9a-f]{32}/i.test(text)) return true
  return (
    (text.length >= 20 && lengthOfPieces(text) < 3) || (text.match(/[a-z0-9]{20,}/gi) ?? []).some(isRandom)
  )
}

/** Of letters and digits alone: names have some of them in a word, and no word has 24 letters. */
const isRandom = (text: string) =>
  lengthOfPieces(text) < 3.5 || (text.match(/\d+/g)?.length ?? 0) >= 3 || /[a-z]{24}|[A-Z]{24}/.test(text)

/** As it was before somebody encoded it for an address, for JSON or for HTML. */
const decoded = (text: string) =>
  text.replaceAll(/%([0-9a-f]{2})|\\u([0-9a-f]{4})|&#x([0-9a-f]{2,4});/gi, (...[, inUrl, inJson, inHtml]) =>
    String.fromCodePoint(Number.parseInt(inUrl ?? inJson ?? inHtml, 16)),
  )

/** Without what may stand between the pieces of a secret: ends of lines, blanks, marks. */
const joined = (text: string) => text.replaceAll(/[^\w+/=-]/g, '')

/** A key in hexadecimal digits, however it is cut. A list of dates has no letters in it. */
function hasHexKey(text: string): boolean {
  const digits = text.replaceAll(/[^0-9a-z]/gi, '').match(/[0-9a-f]{32,}/gi) ?? []
  return digits.some(found => (found.match(/[a-f]/gi) ?? []).length >= 4)
}

/** Characters. So many in a row are in no other text. */
const lengthOfFragment = 12

const fragmentsOf = (text: string): string[] =>
  Array.from({ length: Math.max(0, text.length - lengthOfFragment + 1) }, (_, at) =>
    text.slice(at, at + lengthOfFragment),
  )

const known = new WeakMap<World, ReadonlySet<string>>()

/** Every piece of every secret of the run, for a look at texts that may hold a part of one. Made once for each world: there are thousands. */
function fragmentsIn(world: World): ReadonlySet<string> {
  const { assertion, foreignAssertion, github, tokens } = world
  const secrets = [assertion, foreignAssertion, github.requestToken, ...tokens.values()]
  const fragments = known.get(world) ?? new Set(secrets.map(joined).flatMap(fragmentsOf))
  known.set(world, fragments)
  return fragments
}

/** What of the run, or of anybody, stands in a text that must not: nothing where there is nothing. */
function secretIn(text: string, fragments: ReadonlySet<string>): string | undefined {
  const plain = decoded(text)
  if (fragmentsOf(joined(plain)).some(fragment => fragments.has(fragment))) return 'a token of this run'
  if ((plain.match(run) ?? []).some(mayBeSecret) || hasHexKey(plain))
    return 'something that may be a token or a key'
  return undefined
}

/** What is of anyone: an id, or an address. */
const isOfAnyone = (text: string) => [guid, mail, ipAddress].some(pattern => text.search(pattern) >= 0)

/** Whether the name of a property is somebody's own, as an id is, or may be a secret: then it is no part of a shape. */
export const isOwnName = (name: string) => isOfAnyone(name) || mayBeSecret(name)

/**
 * The last look at what is to be written, and printed. @throws Error where something in it may be a secret, or names anyone who ran it:
 * then nothing is written. The error names the exchange, and does not quote what was found.
 */
export function refuseSecrets(recordings: readonly Recording[], world: World): void {
  const fragments = fragmentsIn(world)
  for (const { exchange, code, contentType, headers, shape, message } of recordings) {
    const found = [code, contentType, message, ...headers, ...shape].flatMap(
      text => problemIn(text, world, fragments) ?? [],
    )
    if (found[0] !== undefined)
      throw new Error(
        `The recording of ${exchange} would hold ${found[0]}: nothing was written. This is a fault of the conformance run.`,
      )
  }
}

function problemIn(text: string, world: World, fragments: ReadonlySet<string>): string | undefined {
  const { subject, accountId, tenantId, clientId, principalId } = world
  const plain = decoded(text).toLowerCase()
  const holds = (value: string) => value !== '' && plain.includes(value.toLowerCase())
  if (holds(subject) || holds(repositoryIn(subject)))
    return 'the subject of the run, which names its repository'
  if ([accountId, tenantId, clientId, principalId].some(holds)) return 'an id of this run'
  if (isOfAnyone(plain)) return 'an id, or an address, of anyone'
  return secretIn(text, fragments)
}
