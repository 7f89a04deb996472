import { isHostOfAzure } from './clouds.ts'
import { deploymentPattern } from './resource-id.ts'

/**
 * Inference endpoints in every form that people copy: a host, an address from a portal, a client's route, or a gateway's base path.
 */

/** Base address of each family of routes, without a trailing slash. */
export interface Endpoints {
  /** What comes before `/openai/…`. */
  openAI: string
  /** What comes before the v1 routes, if that is not `openAI` and `/openai/v1`. */
  v1?: string
  modelInference: string
  /** The project's own, if a project was named. */
  project: string | undefined
}

/** The parts of an address. */
export interface EndpointParts {
  /**
   * The part before all routes: https, without a trailing slash, with a base path or a project's path. `endpointsAt` reads it.
   */
  endpoint: string
  /** The deployment in the path: `…/openai/deployments/NAME/…`. */
  deployment?: string
  /** What follows the deployment, such as `chat/completions`. */
  operation?: string
  /** The `api-version` of the address, for routes that need one. */
  apiVersion?: string
}

type Problem = { problem: string }

const operation =
  'chat/completions|completions|embeddings|responses|realtime|models|images/(?:generations|edits)|audio/(?:transcriptions|translations|speech)'

const deployment = `/openai/deployments/(?<deployment>[^/]+)(?:/(?<operation>${operation}))?`
/** Ends of an address that are routes. The first match is removed. */
const routes = [
  new RegExp(
    `(?<project>/api/projects/[^/]+)(?:/openai(?:/v1)?(?:/(?:${operation}))?|${deployment}|/agents(?:/.*)?)?$`,
    'i',
  ),
  new RegExp(`${deployment}$`, 'i'),
  new RegExp(`/openai/v1(?:/(?:${operation}))?$`, 'i'),
  /\/anthropic(?:\/v1(?:\/messages)?)?$/i,
  new RegExp(`(?<v1>/v1)(?:/(?:${operation}))?$`, 'i'),
  new RegExp(`(?<classic>/openai)(?:/(?:${operation}))?$`, 'i'),
  /\/models(?:\/(?:chat\/completions|embeddings|images\/embeddings))?$/i,
  /\/providers\/(?:cohere|mistral|blackforestlabs)\/.*$/i,
  /(?<plain>)$/,
]

/**
 * Splits an address such as `https://HOST/openai/deployments/NAME/chat/completions?api-version=2024-10-21` into its parts.
 * @returns a problem, in words that follow "which", if it is not an address or must not get a token.
 */
export function parseEndpoint(text: string): EndpointParts | Problem {
  const url = parseHttps(text)
  if ('problem' in url) return url
  const region = /^([a-z0-9]+)\.api\.cognitive\.(?:microsoft\.(?:com|us)|azure\.cn)$/.exec(url.hostname)?.[1]
  if (region !== undefined) return { problem: regional(region) }
  const version = versionIn(url)
  if (typeof version !== 'string') return version
  const path = url.pathname.split('/').filter(Boolean)
  const match = matchOf(path.map(segment => `/${segment}`).join(''))
  const { base, groups } = match
  if (isHostOfAzure(url.hostname) && (base !== '' || groups.v1 !== undefined)) {
    return {
      problem: `has the path ${url.pathname}; give scheme and host, as in https://NAME.openai.azure.com`,
    }
  }
  const name = groups.deployment
  if (name !== undefined && !deploymentPattern.test(name))
    return { problem: 'has a path with an invalid deployment name' }
  const hasVersion = [groups.deployment, groups.classic, groups.plain].some(group => group !== undefined)
  return {
    endpoint: `${url.origin}${endpointPath(match)}`,
    ...(name === undefined ? {} : { deployment: name }),
    ...(groups.operation === undefined ? {} : { operation: groups.operation.toLowerCase() }),
    ...(hasVersion && /^\d/.test(version) ? { apiVersion: version } : {}),
  }
}

/** @param endpoint From `parseEndpoint`. */
export function endpointsAt(endpoint: string): Endpoints {
  const { origin, pathname } = new URL(endpoint)
  const { base, groups } = matchOf(pathname === '/' ? '' : pathname)
  const openAI = `${origin}${base}`
  return {
    openAI,
    ...(groups.v1 === undefined ? {} : { v1: endpoint }),
    modelInference: openAI,
    project: groups.project === undefined ? undefined : endpoint,
  }
}

/** Whether the address is one of a project, whose calls need their role there or above. */
export const isInProject = (url: string): boolean => url.includes('/api/projects/')

/** An https address without credentials. */
export function parseHttps(text: string): URL | Problem {
  if (!URL.canParse(text)) return { problem: 'is not a URL; give it as https://HOST' }
  const url = new URL(text)
  if (url.protocol !== 'https:')
    return { problem: 'does not begin with https://; nothing is sent without TLS' }
  if (url.username !== '' || url.password !== '') return { problem: 'holds a user name or a password' }
  return url
}

/** A version of an Azure API, as in a query. */
export const isDatedVersion = (text: string): boolean => /^20\d\d-\d\d-\d\d(-preview)?$/.test(text)

interface Match {
  base: string
  groups: Partial<Record<string, string>>
}

/** Most addresses have no path: for those, V8 need not compile the expressions. */
const withoutPath: Match = { base: '', groups: { plain: '' } }

function matchOf(path: string): Match {
  if (path === '') return withoutPath
  for (const route of routes) {
    const found = route.exec(path)
    if (found !== null) return { base: path.slice(0, found.index), groups: found.groups ?? {} }
  }
  throw new Error('The last of the routes is in every path')
}

/**
 * The path without its route, unless the rest would again be read as a route. The path of a project ends with the project.
 */
function endpointPath({ base, groups }: Match): string {
  const kept = `${base}${groups.project ?? groups.v1 ?? ''}`
  const read = matchOf(kept)
  return read.base === base || read.groups.project !== undefined ? kept : `${base}/openai/v1`
}

function regional(region: string): string {
  return (
    `is the regional endpoint of ${region}, which accepts keys only: a token works only at the custom subdomain of a resource. Give that host, ` +
    'https://NAME.openai.azure.com or https://NAME.services.ai.azure.com; to give the resource one: `az cognitiveservices account update --custom-domain NAME`'
  )
}

/** The `api-version` of the query; empty if there is none. A query must not contain anything else. */
function versionIn({ searchParams, hash }: URL): string | Problem {
  const given = [...searchParams]
  const [version = ['api-version', '']] = given
  if (hash !== '' || given.length > 1 || version[0].toLowerCase() !== 'api-version')
    return { problem: 'has a fragment, or a query with more than `api-version`' }
  if (version[1] === '' || isDatedVersion(version[1]) || /^(preview|latest|v1)$/i.test(version[1]))
    return version[1]
  return { problem: 'has an `api-version` that is not a version such as 2024-10-21' }
}
