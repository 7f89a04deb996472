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

/** A text in which everything that this world names stands by what it is. */
export function sanitised(text: string, world: World): string {
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

/**
 * Whether a run of characters may be a token, a key or a signature: these change between small letters, capitals and digits at nearly
 * every character, words do not.
 */
function mayBeSecret(text: string): boolean {
  if (/^Bearer\s|^[?&]sig=|eyJ[\w-]{10,}|[0-9a-f]{32}/i.test(text)) return true
  const pieces = text.match(piece) ?? []
  return text.length >= 20 && pieces.join('').length / pieces.length < 3
}

/** What is of anyone: an id, or an address. */
const isOfAnyone = (text: string) => [guid, mail, ipAddress].some(pattern => text.search(pattern) >= 0)

/** Whether the name of a property is somebody's own, as an id is, or may be a secret: then it is no part of a shape. */
export const isOwnName = (name: string) => isOfAnyone(name) || mayBeSecret(name)

/**
 * The last look at what is to be written. @throws Error where something in it may be a secret, or names anyone who ran it: then nothing
 * is written. The error does not quote it.
 */
export function refuseSecrets(recordings: readonly Recording[], world: World): void {
  const { assertion, foreignAssertion, subject, github, tokens } = world
  const { accountId, tenantId, clientId, principalId } = world
  // Names of exchanges are ours.
  const text = JSON.stringify(recordings.map(({ exchange: _name, ...answer }) => answer))
  const holds = (value: string) => value !== '' && text.toLowerCase().includes(value.toLowerCase())
  const secrets = [assertion, foreignAssertion, github.requestToken, ...tokens.values()]
  if (holds(subject) || holds(repositoryIn(subject)))
    throw refused('the subject of the run, which names its repository')
  if (secrets.some(holds)) throw refused('a token of this run')
  if ([accountId, tenantId, clientId, principalId].some(holds)) throw refused('an id of this run')
  if (isOfAnyone(text)) throw refused('an id, or an address, of anyone')
  if ((text.match(run) ?? []).some(mayBeSecret)) throw refused('something that may be a token or a key')
}

const refused = (what: string) =>
  new Error(`The recordings would hold ${what}: nothing was written. This is a fault of the conformance run.`)
