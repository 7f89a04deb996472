import type { Recording } from './recording.ts'
import type { World } from './world.ts'

/** What a service said goes into a recording without ids, names and hosts of anyone who ran it. What may be a secret stops the run. */

const guid = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/gi
const time = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g

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
  ]
  return names.filter(([value]) => value.length > 2).toSorted(([one], [other]) => other.length - one.length)
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Long runs of letters and digits: tokens, keys, signatures. No word that a service says is as long. */
const mayBeSecret = [
  /eyJ[\w-]{10,}/,
  /[A-Za-z0-9+_-]{44,}/,
  /\b[0-9a-f]{32}\b/i,
  /Bearer\s+\S{8,}/i,
  /[?&]sig=/i,
]

/**
 * The last look at what is to be written. @throws Error where something in it may be a secret, or names anyone who ran it: then nothing
 * is written. The error does not quote it.
 */
export function refuseSecrets(recordings: readonly Recording[], world: World): void {
  const { assertion, foreignAssertion, subject, github, tokens } = world
  const { accountId, tenantId, clientId, principalId } = world
  // Names of exchanges are ours.
  const text = JSON.stringify(recordings.map(({ exchange: _name, ...answer }) => answer))
  const secrets = [assertion, foreignAssertion, github.requestToken, ...tokens.values()]
  if (subject !== '' && text.includes(subject))
    throw refused('the subject of the run, which names its repository')
  if (secrets.some(secret => text.includes(secret))) throw refused('a token of this run')
  if ([accountId, tenantId, clientId, principalId].some(id => text.toLowerCase().includes(id.toLowerCase())))
    throw refused('an id of this run')
  const pattern = mayBeSecret.find(each => each.test(text))
  if (pattern !== undefined) throw refused(`something that may be a token or a key (${pattern.source})`)
}

const refused = (what: string) =>
  new Error(`The recordings would hold ${what}: nothing was written. This is a fault of the conformance run.`)
