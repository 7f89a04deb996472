import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as v from 'valibot'
import { describedRoutes } from './local-cloud-pages.ts'
import { repositoryRoot } from './tools.ts'

/** Official API descriptions (OpenAPI): of which commit the local cloud is compared with them, and what of them that reads. */

const pinSchema = v.object({
  repository: v.string(),
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
  folders: v.array(v.string()),
})
export type Pin = v.InferOutput<typeof pinSchema>

export const pinFile = join(repositoryRoot, '__tests__/local-cloud/descriptions.json')

export const readPin = (file = pinFile): Pin => v.parse(pinSchema, JSON.parse(readFileSync(file, 'utf8')))

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

const jsonSchema: v.GenericSchema<Json> = v.lazy(() =>
  v.union([
    v.null(),
    v.boolean(),
    v.number(),
    v.string(),
    v.array(jsonSchema),
    v.record(v.string(), jsonSchema),
  ]),
)
const documentSchema = v.object({
  servers: v.optional(v.array(v.object({ url: v.string() })), []),
  paths: v.optional(v.record(v.string(), v.record(v.string(), jsonSchema)), {}),
})

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a checkout describes of the local cloud. */
export interface Described {
  /** By what the description calls them. */
  operations: ReadonlyMap<string, JsonObject>
  /** What operations refer to, directly or not, by its place in the checkout. */
  shapes: ReadonlyMap<string, Shape>
}

interface Shape {
  content: Json
  /** Operations that refer to it. */
  usedBy: ReadonlySet<string>
}

/** @throws Error where a folder is not there, a reference leads nowhere, or nothing that the local cloud serves is described */
export function describedIn(checkout: string, folders: readonly string[]): Described {
  const missing = folders.find(folder => !existsSync(join(checkout, folder)))
  if (missing !== undefined) throw new Error(`${missing} is not there: the descriptions have moved.`)
  const root = pathToFileURL(`${checkout}/`)
  const operations = new Map<string, JsonObject>()
  const shapes = new Map<string, Shape>()
  for (const path of folders.flatMap(folder => globSync(`${folder}/*.json`, { cwd: checkout })).toSorted()) {
    const file = new URL(path, root)
    for (const [name, operation] of servedOperations(file)) {
      operations.set(name, operation)
      for (const reference of referencesIn(operation, file)) collect(reference, name, { root, shapes })
    }
  }
  if (operations.size === 0) throw new Error('Nothing that the local cloud serves is described.')
  return { operations, shapes }
}

function servedOperations(file: URL): [string, JsonObject][] {
  const { servers, paths } = v.parse(documentSchema, readJson(file))
  const below = (servers[0]?.url ?? '').replace(/^https:\/\/[^/]+/, '')
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]): [string, JsonObject][] =>
      isObject(operation) && isServed(method, below + path)
        ? [[String(operation.operationId), operation]]
        : [],
    ),
  )
}

const routes = describedRoutes()

/** Whether the local cloud has a route for a path with placeholders. */
function isServed(method: string, template: string): boolean {
  const path = template.replace('{scope}', 'subscriptions/any').replaceAll(/\{[^}]+\}/g, 'any')
  return routes.some(route => route.method === method.toUpperCase() && route.path.test(path))
}

function collect(target: URL, operation: string, into: { root: URL; shapes: Map<string, Shape> }): void {
  const name = decodeURIComponent(target.href.slice(into.root.href.length))
  const known = into.shapes.get(name)
  if (known?.usedBy.has(operation)) return
  const content = known?.content ?? readAt(target)
  into.shapes.set(name, { content, usedBy: new Set([...(known?.usedBy ?? []), operation]) })
  for (const reference of referencesIn(content, target)) collect(reference, operation, into)
}

/** Where a piece of the file refers to. Examples are no shapes. */
function referencesIn(piece: Json, file: URL): URL[] {
  if (Array.isArray(piece)) return piece.flatMap(entry => referencesIn(entry, file))
  if (!isObject(piece)) return []
  return Object.entries(piece).flatMap(([key, entry]) => {
    if (key === 'x-ms-examples') return []
    return key === '$ref' && typeof entry === 'string' ? [new URL(entry, file)] : referencesIn(entry, file)
  })
}

function readAt(target: URL): Json {
  const steps = decodeURIComponent(target.hash).split('/').slice(1)
  const found = steps.reduce<Json | undefined>(
    (inner, step) => (isObject(inner) ? inner[step] : undefined),
    readJson(target),
  )
  if (found === undefined) throw new Error(`${target.href} leads nowhere.`)
  return found
}

function readJson(address: URL): Json {
  const file = new URL(address)
  file.hash = ''
  return v.parse(jsonSchema, JSON.parse(readFileSync(file, 'utf8')))
}
