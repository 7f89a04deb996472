import { splitAtAnd, unescaped } from '../odata.ts'
import type { ServiceReply } from '../service.ts'
import { badRequest, GraphNotImplemented } from './errors.ts'
import type { Call, Gateway } from './gateway.ts'

type DirectoryObject = Readonly<Record<string, unknown>>

const COMPARISON = /^(?<member>\w+) eq '(?<value>(?:[^']|'')*)'$/
const PREFIX = /^startswith\((?<member>\w+), ?'(?<value>(?:[^']|'')*)'\)$/i
const ANY = /^(?<member>\w+)\/any\((?<variable>\w+): ?(\k<variable>) eq '(?<value>(?:[^']|'')*)'\)$/i

type Test = (object: DirectoryObject) => boolean

/** The `$filter` forms that az uses: `eq`, `startswith` and `any`, joined by `and`. @throws GraphNotImplemented for any other */
function filterOf(text: string | null): Test {
  if (!text) return () => true
  const tests = splitAtAnd(text).map(testOf)
  return object => tests.every(holds => holds(object))
}

function testOf(term: string): Test {
  const comparison = groups(COMPARISON, term)
  if (comparison) return object => sameText(object[comparison.member], comparison.value)
  const prefix = groups(PREFIX, term)
  if (prefix) return object => startsWith(object[prefix.member], prefix.value)
  const any = groups(ANY, term)
  if (any) {
    return object => {
      const values = object[any.member]
      return Array.isArray(values) && values.some(value => sameText(value, any.value))
    }
  }
  throw new GraphNotImplemented(`the filter "${term}"`)
}

function groups(pattern: RegExp, text: string): { member: string; value: string } | undefined {
  const { member, value } = pattern.exec(text)?.groups ?? {}
  if (member === undefined || value === undefined) return undefined
  return { member, value: unescaped(value) }
}

/** Graph compares text without case. */
const sameText = (value: unknown, wanted: string) =>
  typeof value === 'string' && value.toLowerCase() === wanted.toLowerCase()

const startsWith = (value: unknown, wanted: string) =>
  typeof value === 'string' && value.toLowerCase().startsWith(wanted.toLowerCase())

const KNOWN_OPTIONS = ['$filter', '$select', '$top', '$count', '$skiptoken']

function requireKnownOptions({ searchParams }: URL): void {
  const unknown = [...searchParams.keys()].find(name => name.startsWith('$') && !KNOWN_OPTIONS.includes(name))
  if (unknown) throw new GraphNotImplemented(`the query option ${unknown}`)
}

/** The members of an object that `$select` asks for. */
function selected({ request }: Call, object: DirectoryObject): DirectoryObject {
  requireKnownOptions(request.url)
  const names = request.url.searchParams
    .get('$select')
    ?.split(',')
    .map(name => name.trim())
  if (names === undefined) return object
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => name.startsWith('@odata') || names.includes(name)),
  )
}

const PAGE_SIZE = 100

/** A list, filtered, in pages, and with the members that are wanted. */
export function listReply(
  gateway: Gateway,
  call: Call,
  fragment: string,
  objects: readonly DirectoryObject[],
): ServiceReply {
  const { searchParams, pathname } = call.request.url
  const found = objects.filter(filterOf(searchParams.get('$filter'))).map(object => selected(call, object))
  const start = numberOf(searchParams, '$skiptoken', 0)
  const end = start + Math.min(numberOf(searchParams, '$top', PAGE_SIZE), 999)
  const next = new URL(`${gateway.context.endpoints.graph}${pathname}`)
  next.search = searchParams.toString()
  next.searchParams.set('$skiptoken', String(end))
  return {
    status: 200,
    body: {
      '@odata.context': gateway.metadata(call, fragment),
      ...(searchParams.get('$count') === 'true' && { '@odata.count': found.length }),
      ...(end < found.length && { '@odata.nextLink': next.href }),
      value: found.slice(start, end),
    },
  }
}

function numberOf(parameters: URLSearchParams, name: string, otherwise: number): number {
  const text = parameters.get(name) ?? String(otherwise)
  if (/^\d+$/.test(text)) return Number(text)
  throw badRequest(`Invalid value '${text}' for ${name} query option found.`)
}

/** One object, with the members that are wanted. */
export function objectReply(
  gateway: Gateway,
  call: Call,
  fragment: string,
  object: DirectoryObject,
): ServiceReply {
  const context = gateway.metadata(call, `${fragment}/$entity`)
  return { status: 200, body: { '@odata.context': context, ...selected(call, object) } }
}

/** Names of types in the directory (recordings of az). */
const DIRECTORY_TYPES: Readonly<Record<string, string>> = {
  applications: 'Application',
  groups: 'Group',
  servicePrincipals: 'ServicePrincipal',
}

/** A new object, with its address in the directory (recordings of az). */
export function createdReply(
  gateway: Gateway,
  call: Call,
  fragment: string,
  object: DirectoryObject & { id: string },
): ServiceReply {
  const type = DIRECTORY_TYPES[fragment]
  const path =
    type === undefined
      ? `federatedIdentityCredentials/${object.id}`
      : `directoryObjects/${object.id}/Microsoft.DirectoryServices.${type}`
  return {
    ...objectReply(gateway, call, fragment, object),
    status: 201,
    headers: { location: `${gateway.context.endpoints.graph}/v2/${call.tenantId}/${path}` },
  }
}
