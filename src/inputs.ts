import * as v from 'valibot'
import { type CloudName, cloudNames, cloudOf, isHostOfAzure, opensMicrosoft } from './azure/clouds.ts'
import {
  type EndpointParts,
  endpointsAt,
  isDatedVersion,
  parseEndpoint,
  parseHttps,
} from './azure/endpoint.ts'
import { parsePrincipalReference } from './azure/principal-reference.ts'
import { cognitiveServicesUser, parseRole, type RoleChoice } from './azure/rbac/built-in-roles.ts'
import { type Principal, principalTypes } from './azure/rbac/principal.ts'
import { guidPattern, parseResourceId, type ResourceId } from './azure/resource-id.ts'
import { localFailure, StepError } from './core/failures/failure.ts'
import { plain } from './core/text/untrusted.ts'
import {
  type AlsoRequest,
  type Grant,
  grants,
  keyAccessPolicies,
  type RuntimePrincipalRequest,
  runtimeUnknownPolicies,
  type Settings,
  type Severity,
  severities,
  type Target,
} from './gate/settings.ts'
import { shownAddress } from './services/app/address.ts'
import { type Api, apiOf, apis, classicApi } from './services/inference/apis/index.ts'
import { dataActionsNamed, namesOfOthers } from './services/inference/beside-calls.ts'
import type { DeploymentRequest } from './services/inference/select-deployments.ts'

const apiChoices = ['auto', ...apis] as const

type Environment = Readonly<Record<string, string | undefined>>
type Problem = { problem: string }

/**
 * Reads and validates all inputs.
 * @param input The text of an input, untrimmed, and empty where it is not set.
 * @throws StepError `input-invalid` that names every bad input at once.
 */
export function readSettings(input: (name: string) => string, env: Environment): Settings {
  const reader = createReader(input, env)
  const cloudName = reader.choice('cloud', cloudNames, 'AzureCloud')
  const parts = reader.parsed('endpoint', parseEndpoint)
  const endpoint = parts?.endpoint
  const authorityHost = reader.parsed('authority-host', parseOrigin)
  const resourceManagerEndpoint = reader.parsed('resource-manager-endpoint', parseOrigin)
  const place = readTarget(reader, endpoint)
  requireCustomHosts(reader, cloudName, place)
  const cloud = cloudOf(cloudName, { authorityHost, resourceManagerEndpoint, inferenceEndpoint: endpoint })
  const api = reader.choice('api', apiChoices, 'auto')
  // As it stands: a first or a last line that became empty would be trimmed away.
  const named = reader.parsed('deployments', () => parseDeployments(input('deployments'))) ?? []
  const deployments = withDeploymentOfPath(reader, named, { api, parts })
  const apiVersion = reader.parsed('api-version', parseVersion)
  requireCallable(reader, { target: place, deployments, api, apiVersion })
  requireOneVersion(reader, apiVersion, parts)
  const grant = reader.choice('grant', grants, 'auto')
  const role = reader.parsed('role', parseRole) ?? defaultRole
  const grantee = readGrantee(reader)
  const revoke = reader.choice('revoke', ['true', 'false'] as const, 'false') === 'true'
  const also = reader.parsed('also', () => parseAlso(input('also'))) ?? []
  const keys = readKeys(reader)
  const tokenAudience = readTokenAudience(reader, place)
  const target = withNeeds(reader, place, { deployments, role, grant, revoke, keys })
  const settings: Settings = {
    identity: {
      clientId: reader.guid('client-id', 'AZURE_CLIENT_ID'),
      tenantId: reader.guid('tenant-id', 'AZURE_TENANT_ID'),
      setupClientId:
        reader.text('setup-client-id') === undefined ? undefined : reader.guid('setup-client-id'),
      assertionAudience: reader.text('audience') ?? cloud.assertionAudience,
    },
    target,
    ofEndpoint: { deployment: parts?.deployment, apiVersion: parts?.apiVersion },
    deployments,
    access: { role, grant, grantee, revoke, also },
    production: readProduction(reader, input('runtime-principals')),
    keys,
    models: { daysLeft: reader.parsed('model-days-left', wholeNumber(1, 1000)) },
    waiting: {
      propagationTimeoutMs: reader.parsed('propagation-timeout', duration(0, 6 * hour)) ?? 15 * minute,
      consecutiveSuccesses: reader.parsed('consecutive-successes', wholeNumber(1, 20)) ?? 3,
      requestTimeoutMs: reader.parsed('request-timeout', duration(second, 10 * minute)) ?? 30 * second,
    },
    smoke: {
      api,
      apiVersion: apiVersion ?? parts?.apiVersion,
      tokenAudience,
      prompt: reader.text('prompt') ?? 'Answer with the one word ready.',
      maxOutputTokens: reader.parsed('max-output-tokens', wholeNumber(1, 4096)) ?? 16,
      expect: reader.parsed('expect', parseExpression),
    },
    failOn: reader.parsed('fail-on', parseSeverity),
    exportEnvironment: reader.choice('export-environment', ['true', 'false'] as const, 'false') === 'true',
    cloud,
    report: { ...readReporting(reader), githubToken: reader.text('github-token') },
  }
  reader.finish()
  return settings
}

type Reporting = Pick<Settings['report'], 'summary' | 'path'>

/** How it is told how a run ended: known even where other inputs are bad. */
export const reportingOf = (input: (name: string) => string): Reporting =>
  readReporting(createReader(input, {}))

function readReporting(reader: Reader): Reporting {
  return {
    summary: reader.choice('summary', ['true', 'false'] as const, 'true') === 'true',
    path: reader.text('report-path'),
  }
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** Collects what is wrong with each input instead of stopping at the first. */
interface Reader {
  /** Undefined where the input is not set, or holds blanks only: an absent secret arrives as an empty string. */
  text(name: string): string | undefined
  guid(name: string, fallback?: string): string
  choice<T extends string>(name: string, accepted: readonly T[], otherwise: T): T
  parsed<T extends object | string | number>(
    name: string,
    parse: (text: string) => T | Problem,
  ): T | undefined
  refuse(name: string, problem: string): void
  finish(): void
}

function createReader(input: (name: string) => string, env: Environment): Reader {
  const problems: string[] = []
  const text = (name: string) => {
    const value = input(name).trim()
    return value === '' ? undefined : value
  }
  const refuse = (name: string, problem: string) => {
    problems.push(`\`${name}\` ${problem}`)
  }
  return {
    text,
    refuse,
    guid(name, fallback) {
      const given = text(name)
      const value = given ?? (fallback === undefined ? undefined : env[fallback]?.trim() || undefined)
      const source = given === undefined && fallback !== undefined ? ` (from ${fallback})` : ''
      if (value === undefined) {
        refuse(
          name,
          `is missing; a GUID is needed${fallback === undefined ? '' : `, here or in the environment variable ${fallback}`}. An absent secret or variable arrives as an empty string`,
        )
      } else if (!guidPattern.test(value)) {
        refuse(
          name,
          `is ${quoted(value)}${source}, which is not a GUID of the form 00000000-0000-0000-0000-000000000000`,
        )
      }
      return value?.toLowerCase() ?? ''
    },
    choice(name, accepted, otherwise) {
      const value = text(name)
      if (value === undefined) return otherwise
      const match = accepted.find(candidate => candidate.toLowerCase() === value.toLowerCase())
      if (match !== undefined) return match
      refuse(
        name,
        `is ${quoted(value)}; accepted are ${accepted.map(candidate => `\`${candidate}\``).join(', ')}`,
      )
      return otherwise
    },
    parsed(name, parse) {
      const value = text(name)
      if (value === undefined) return undefined
      const result = parse(value)
      if (!isProblem(result)) return result
      refuse(name, `is ${quoted(value)}, which ${result.problem}`)
      return undefined
    },
    finish() {
      if (problems.length === 0) return
      throw new StepError('reading the inputs', localFailure('input-invalid', problems.join('\n')))
    },
  }
}

function isProblem(value: unknown): value is Problem {
  return v.is(v.object({ problem: v.string() }), value)
}

/**
 * Shows what was given, but for what may be a secret in the wrong place: a JSON document of credentials is masked as a whole
 * only, and so is a long text. Ids and addresses are long and no secrets; a password and a query in an address are left out.
 */
function quoted(value: string): string {
  const isAddress = /^https?:\/\//i.test(value)
  const isReadable = value.length <= 60 || value.startsWith('/') || isAddress
  if (!isReadable || value.startsWith('{')) return `a text of ${value.length} characters`
  return `"${plain(isAddress ? withoutSecrets(value) : value.replace(/\/\/.*@/, '//***@'), 200)}"`
}

/** A password may hold what ends the host of an address, or another `@`. */
const withoutSecrets = (address: string) =>
  address.replace(/\/\/.*@/s, '//***@').replace(/([?#]).+$/s, '$1***')

/** Stands in where the resource could not be read; the problem is on record, and `finish` throws. */
const unreadable: ResourceId = { subscriptionId: '', resourceGroup: '', account: '', project: undefined }

function readTarget(reader: Reader, endpoint: string | undefined): Target {
  const byId = reader.text('resource-id') !== undefined
  const byName = reader.text('resource-group') !== undefined || reader.text('resource-name') !== undefined
  if (byId && (byName || reader.text('subscription-id') !== undefined)) {
    reader.refuse(
      'resource-id',
      'is given together with `subscription-id`, `resource-group` or `resource-name`; name the resource in one way',
    )
  }
  if (byId)
    return {
      kind: 'resource',
      resource: reader.parsed('resource-id', parseResourceId) ?? unreadable,
      endpoint,
    }
  if (byName) return { kind: 'resource', resource: readParts(reader), endpoint }
  if (reader.text('endpoint') !== undefined) {
    const address = endpoint ?? ''
    // Anyone who has the variable for other actions did not ask for a search, nor for the grant that may follow it.
    if (reader.text('subscription-id') === undefined) return { kind: 'endpoint', endpoint: address }
    return { kind: 'search', endpoint: address, subscriptionId: reader.guid('subscription-id'), neededBy: [] }
  }
  reader.refuse(
    'resource-id',
    'is missing; give it, or `subscription-id`, `resource-group` and `resource-name`, or `endpoint`, with `subscription-id` or alone',
  )
  return { kind: 'resource', resource: unreadable, endpoint }
}

function readParts(reader: Reader): ResourceId {
  const named = (input: string, other: string) => {
    if (reader.text(input) === undefined) reader.refuse(input, `is missing; \`${other}\` is given without it`)
    return reader.parsed(input, parseName) ?? ''
  }
  return {
    subscriptionId: reader.guid('subscription-id', 'AZURE_SUBSCRIPTION_ID'),
    resourceGroup: named('resource-group', 'resource-name'),
    account: named('resource-name', 'resource-group'),
    project: undefined,
  }
}

function parseName(text: string): string | Problem {
  return /^(?!\.+$)[\p{L}\p{N}_().-]+$/u.test(text)
    ? text
    : { problem: 'is not the name of an Azure resource' }
}

function readGrantee(reader: Reader): Principal | undefined {
  const principalType = reader.choice('principal-type', principalTypes, 'ServicePrincipal')
  if (reader.text('principal-id') !== undefined)
    return { principalId: reader.guid('principal-id'), principalType }
  if (principalType !== 'ServicePrincipal')
    reader.refuse('principal-type', `is ${principalType}, and \`principal-id\` does not say which one`)
  return undefined
}

/** A key as a header can carry it. It is a secret, retired or not: no message quotes it. */
const keyPattern = /^[\x21-\x7e]{8,512}$/

function readKeys(reader: Reader): Settings['keys'] {
  const retired = reader.text('retired-key')
  if (retired !== undefined && !keyPattern.test(retired))
    reader.refuse('retired-key', 'is no API key: keys have no blanks and no line ends')
  return { access: reader.choice('key-access', keyAccessPolicies, 'warn'), retired }
}

/** @param lines Of `runtime-principals`, untrimmed. */
function readProduction(reader: Reader, lines: string): Settings['production'] {
  const principals = reader.parsed('runtime-principals', () => parseRuntimePrincipals(lines)) ?? []
  const unknown = reader.choice('runtime-unknown', runtimeUnknownPolicies, 'fail')
  const isAnybodyNamed = ['runtime-principals', 'principal-id'].some(name => reader.text(name) !== undefined)
  if (unknown === 'warn' && !isAnybodyNamed)
    reader.refuse('runtime-unknown', 'has no effect without `runtime-principals`')
  return { principals, unknown, probe: readProbe(reader) }
}

/** Its query may hold a key: no message quotes it, whatever is wrong with the rest. */
function readProbe(reader: Reader): Settings['production']['probe'] {
  const given = reader.text('probe-url')
  const expect = reader.parsed('probe-expect', parseExpression)
  if (given === undefined) {
    if (reader.text('probe-expect') !== undefined)
      reader.refuse('probe-expect', 'has no effect without `probe-url`: no app is asked')
    return undefined
  }
  const url = parseProbe(given)
  if (!isProblem(url)) return { url, expect }
  reader.refuse('probe-url', `is ${quoted(shownAddress(given))}, which ${url.problem}`)
  return undefined
}

/** What is called by a token for a gateway says nothing about roles and keys of the resource behind it. */
function readTokenAudience(reader: Reader, place: Target): string | undefined {
  const audience = reader.parsed('token-audience', parseAudience)
  if (audience === undefined || place.endpoint === '') return audience
  if (place.kind !== 'endpoint')
    reader.refuse(
      'token-audience',
      'is for a gateway, which `endpoint` names alone: a call by such a token proves nothing of a resource, which is gated in a step of its own',
    )
  else if (isHostOfAzure(new URL(place.endpoint).hostname))
    reader.refuse('token-audience', 'is for a gateway, and the host of `endpoint` is one of Azure')
  if (reader.text('retired-key') !== undefined)
    reader.refuse(
      'retired-key',
      'is one of the resource, and would go to the gateway, whose answer says nothing about it',
    )
  return audience
}

function parseAudience(text: string): string | Problem {
  const audience = text.replace(/\/\.default$/, '')
  if (!guidPattern.test(audience) && !/^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]+$/i.test(audience))
    return { problem: 'is no audience such as `api://NAME` or a GUID' }
  return opensMicrosoft(audience)
    ? { problem: 'is the audience of a service of Microsoft: a token for it must not come to a gateway' }
    : audience
}

interface Asked {
  target: Target
  deployments: readonly DeploymentRequest[]
  api: Api | 'auto'
  apiVersion: string | undefined
}

/** What is paid by the piece is called where it was asked for by name; an agent is one of a project; a version is for routes that have one. */
function requireCallable(reader: Reader, { target, deployments, api, apiVersion }: Asked): void {
  if (deployments.length === 0 && api !== 'auto' && apiOf(api).cost !== 'tokens') {
    reader.refuse(
      'deployments',
      `must name what is to be called by \`${api}\`: without a name the gate takes a deployment that answers a chat`,
    )
  }
  const asked = deployments.length === 0 ? [api] : deployments.map(({ api: own = api }) => own)
  const named = asked.filter(each => each !== 'auto')
  const ofProject = named.find(each => apiOf(each).ofProject)
  if (ofProject !== undefined && projectOf(target) === undefined) {
    reader.refuse(
      'deployments',
      `are called by \`${ofProject}\`, in a project, and neither \`resource-id\` nor \`endpoint\` names one`,
    )
  }
  if (apiVersion !== undefined && !named.some(each => apiOf(each).takesVersion)) {
    const versioned = apis.filter(each => apiOf(each).takesVersion).map(each => `\`${each}\``)
    reader.refuse(
      'api-version',
      `has no effect: no deployment is called by an API that takes one (${versioned.join(', ')}), named in \`api\` or as \`name=api\``,
    )
  }
}

function projectOf(target: Target): string | undefined {
  if (target.endpoint !== undefined && target.endpoint !== '') return endpointsAt(target.endpoint).project
  return target.kind === 'resource' ? target.resource.project : undefined
}

interface Given extends Pick<Settings, 'deployments' | 'keys'> {
  role: RoleChoice
  grant: Grant
  revoke: boolean
}

/** What was asked for that only a resource can give: it has to be found, or silently has no effect, which is a mistake. */
function withNeeds(reader: Reader, target: Target, given: Given): Target {
  const { grant, revoke } = given
  if (revoke && grant === 'never')
    reader.refuse('revoke', 'is true, and with `grant: never` there is nothing to take back')
  const neededBy = namesThatNeedResource(reader, given)
  if (target.kind === 'search') {
    const failsOn = reader.text('fail-on') === undefined ? [] : ['fail-on']
    return { ...target, neededBy: [...neededBy, ...failsOn] }
  }
  if (target.kind === 'resource' || target.endpoint === '') return target
  // A plan has an effect: it never fails on access.
  for (const name of neededBy.filter(each => each !== 'grant' || grant === 'never'))
    reader.refuse(name, withoutResource[name] ?? noRoles)
  return target
}

function namesThatNeedResource(reader: Reader, { deployments, role, grant, revoke, keys }: Given): string[] {
  // All but two hold a value, the default of action.yml.
  const isOtherRole = role.kind !== 'guid' || role.guid !== cognitiveServicesUser.guid
  return [
    ...(deployments.length === 0 ? ['deployments'] : []),
    ...['setup-client-id', 'principal-id', 'also', 'runtime-principals', 'model-days-left'].filter(
      name => reader.text(name) !== undefined,
    ),
    ...(revoke ? ['revoke'] : []),
    ...(isOtherRole ? ['role'] : []),
    ...(grant === 'auto' ? [] : ['grant']),
    ...(keys.access === 'forbid' && keys.retired === undefined ? ['key-access'] : []),
  ]
}

const noRoles =
  'has no effect where only `endpoint` is given: no role is looked at or granted. With `subscription-id` beside it the resource is found'
const withoutResource: Readonly<Record<string, string>> = {
  deployments:
    'must name at least one deployment where only `endpoint` is given: without the resource there is no list to choose from',
  also: 'is judged by roles, and only `endpoint` is given: no role is looked at. With `subscription-id` beside it the resource is found',
  'key-access':
    'is forbid, and only `endpoint` is given: whether keys are off is known from the resource, or proven by `retired-key`',
  'model-days-left':
    'has no effect where only `endpoint` is given: Resource Manager is what knows when models retire, and is not asked',
}

function requireCustomHosts(reader: Reader, cloud: CloudName, target: Target): void {
  if (cloud !== 'custom') return
  const needed =
    target.kind === 'endpoint' ? ['authority-host'] : ['authority-host', 'resource-manager-endpoint']
  for (const name of needed) {
    if (reader.text(name) === undefined) reader.refuse(name, 'is missing; `cloud: custom` needs it')
  }
}

const defaultRole: RoleChoice = { kind: 'guid', guid: cognitiveServicesUser.guid }

/**
 * Windows line ends, blanks around a name, commas at the ends and the line end of a YAML block are forgiven. A line without a name
 * is not: it is what a variable that is not set leaves behind, and anyone who wrote it wants one more deployment proven.
 */
function parseDeployments(text: string): DeploymentRequest[] | Problem {
  const lines = linesOf(text).map(line => line.trim().replace(/,$/, '').trim())
  const requests: DeploymentRequest[] = []
  for (const line of lines) {
    const [name = '', api, ...rest] = line.split('=').map(part => part.trim())
    if (name === '') return { problem: withoutName(line) }
    if (rest.length > 0 || !deploymentPattern.test(name))
      return { problem: `holds the line ${quoted(line)}; a line reads \`name\` or \`name=api\`` }
    const known = apiChoices.find(candidate => candidate === api?.toLowerCase())
    if (api !== undefined && known === undefined) {
      return {
        problem: `asks for the API ${quoted(api)}; known are ${apiChoices.map(candidate => `\`${candidate}\``).join(', ')}`,
      }
    }
    const request = { name, api: known }
    if (!requests.some(other => other.name === request.name && other.api === request.api))
      requests.push(request)
  }
  return requests
}

/** An address with a deployment in its path names what is called, and by which API. */
function withDeploymentOfPath(
  reader: Reader,
  named: DeploymentRequest[],
  { api, parts }: { api: Api | 'auto'; parts: EndpointParts | undefined },
): DeploymentRequest[] {
  const { deployment: name, operation } = parts ?? {}
  if (name === undefined || named.some(other => other.name === name)) return named
  if (named.length === 0) return [{ name, api: api === 'auto' ? classicApi(operation) : undefined }]
  reader.refuse(
    'deployments',
    `do not name ${quoted(name)}, which the path of \`endpoint\` names; leave one of the two out`,
  )
  return named
}

function requireOneVersion(
  reader: Reader,
  given: string | undefined,
  parts: EndpointParts | undefined,
): void {
  const other = parts?.apiVersion
  if (given === undefined || other === undefined || given === other) return
  reader.refuse(
    'api-version',
    `is ${quoted(given)}, and \`endpoint\` says ${quoted(other)}; leave one of the two out`,
  )
}

/** Without the line end of a YAML block. */
const linesOf = (text: string) => text.replace(/(?:\r\n|\r|\n)[ \t]*$/, '').split(/\r\n|\r|\n/)

const deploymentPattern = /^(?!\.+$)[\w.-]+$/

const withoutName = (line: string) =>
  `holds ${line === '' ? 'an empty line' : `the line ${quoted(line)}`}, which names no deployment. An absent variable arrives as an empty string`

/** An empty line is what a variable that is not set leaves behind: anyone who wrote it wants one more right looked at. */
function parseAlso(text: string): AlsoRequest[] | Problem {
  const requests: AlsoRequest[] = []
  for (const line of linesOf(text)) {
    const name = line.trim().replace(/,$/, '').trim()
    if (name === '')
      return {
        problem: 'holds an empty line, which names nothing. An absent variable arrives as an empty string',
      }
    const dataActions = dataActionsNamed(name)
    if (dataActions === undefined)
      return {
        problem: `holds the line ${quoted(name)}; a line is ${namesOfOthers.map(known => `\`${known}\``).join(', ')} or one data action such as \`Microsoft.CognitiveServices/accounts/OpenAI/files/write\`, without wildcards`,
      }
    if (!requests.some(other => other.name.toLowerCase() === name.toLowerCase()))
      requests.push({ name, dataActions })
  }
  return requests
}

/** A line without an id is what a variable that is not set leaves behind: anyone who wrote it wants one more identity looked at. */
function parseRuntimePrincipals(text: string): RuntimePrincipalRequest[] | Problem {
  const requests: RuntimePrincipalRequest[] = []
  for (const line of linesOf(text)) {
    const request = parseRuntimePrincipal(line)
    if (isProblem(request)) return request
    if (requests.some(({ id }) => id.toLowerCase() === request.id.toLowerCase()))
      return { problem: `names ${quoted(request.id)} twice` }
    requests.push(request)
  }
  return requests
}

function parseRuntimePrincipal(line: string): RuntimePrincipalRequest | Problem {
  const [id = '', ...options] = line.split(';').map(part => part.trim())
  if (id === '')
    return {
      problem: `holds ${line.trim() === '' ? 'an empty line' : `the line ${quoted(line.trim())}`}, which names no principal. An absent variable arrives as an empty string`,
    }
  const reference = parsePrincipalReference(id)
  if (isProblem(reference)) return { problem: `holds ${quoted(id)}, which ${reference.problem}` }
  const request = { id, reference, deployments: [], role: undefined }
  return options.reduce<RuntimePrincipalRequest | Problem>(withOption, request)
}

function withOption(
  request: RuntimePrincipalRequest | Problem,
  option: string,
): RuntimePrincipalRequest | Problem {
  if (isProblem(request)) return request
  const [, name, value = ''] = /^(deployments|role)\s*=\s*(.+)$/is.exec(option) ?? []
  if (name === undefined)
    return {
      problem: `holds ${quoted(option)} behind an id; accepted are \`deployments=NAME,NAME\` and \`role=NAME\``,
    }
  if (name.toLowerCase() === 'deployments') {
    const deployments = value.split(',').map(part => part.trim())
    const odd = deployments.find(deployment => !deploymentPattern.test(deployment))
    if (odd !== undefined)
      return { problem: `names the deployment ${quoted(odd)}, which is no name of a deployment` }
    return { ...request, deployments }
  }
  const role = parseRole(value)
  return isProblem(role)
    ? { problem: `names the role ${quoted(value)}, which ${role.problem}` }
    : { ...request, role }
}

/** An https origin; anything behind it but a slash is a mistake. */
function parseOrigin(text: string): string | Problem {
  const url = parseHttps(text)
  if (isProblem(url)) return url
  if (url.search !== '' || url.hash !== '') return { problem: 'holds a query or a fragment' }
  if (url.pathname !== '/') return { problem: `has the path ${url.pathname}; give scheme and host only` }
  return url.origin
}

function parseSeverity(text: string): Severity | Problem {
  const severity = severities.find(known => known === text.toLowerCase())
  return severity ?? { problem: `is none of ${severities.map(known => `\`${known}\``).join(', ')}` }
}

function parseVersion(text: string): string | Problem {
  return isDatedVersion(text)
    ? text
    : { problem: 'is not a version such as `2024-10-21` or `2025-04-01-preview`' }
}

/** The whole address of a route of the app. */
function parseProbe(text: string): string | Problem {
  const url = parseHttps(text)
  if (isProblem(url)) return url
  if (url.hash !== '') return { problem: 'holds a fragment, which no request carries' }
  return url.href
}

function duration(min: number, max: number): (text: string) => number | Problem {
  const units: Readonly<Record<string, number>> = { s: second, m: minute, h: hour }
  return text => {
    const [, amount, unit] = /^(\d{1,6})\s*([smh])$/i.exec(text) ?? []
    const factor = units[unit?.toLowerCase() ?? '']
    if (amount === undefined || factor === undefined)
      return { problem: 'is not a duration such as `90s`, `15m` or `1h`' }
    const ms = Number(amount) * factor
    if (ms < min || ms > max) return { problem: `is not between ${min / second}s and ${max / minute}m` }
    return ms
  }
}

function wholeNumber(min: number, max: number): (text: string) => number | Problem {
  return text => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max)
      return { problem: `is not a whole number from ${min} to ${max}` }
    return value
  }
}

function parseExpression(text: string): RegExp | Problem {
  // People who write JavaScript write /ready/i.
  const [, pattern = text, flags = ''] = /^\/(.+)\/([imsu]*)$/s.exec(text) ?? []
  try {
    return new RegExp(pattern, flags)
  } catch (error) {
    return {
      problem: `does not compile: ${plain(error instanceof Error ? error.message : String(error), 160)}`,
    }
  }
}
