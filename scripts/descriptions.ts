import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as v from 'valibot'
import { describedRoutes } from './local-cloud-pages.ts'
import { repositoryRoot } from './tools.ts'

/** The official API descriptions (OpenAPI): the commit that the local cloud is compared with, and the parts that the comparison reads. */

const pinSchema = v.object({
  repository: v.string(),
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
  folders: v.array(v.string()),
})
type Pin = v.InferOutput<typeof pinSchema>

export const pinFile = join(repositoryRoot, '__tests__/local-cloud/descriptions.json')

export const readPin = (file = pinFile): Pin => v.parse(pinSchema, JSON.parse(readFileSync(file, 'utf8')))

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

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

/** What a checkout says about the operations of the local cloud. A reference is the name of a shape; parameters are resolved in place. */
export interface Described {
  /** By their name in the description. */
  operations: ReadonlyMap<string, Json>
  /** Everything that operations refer to, directly or not. The key is the file with its folder, and the place in it: the folders above may be renamed. */
  shapes: ReadonlyMap<string, Shape>
}

interface Shape {
  content: Json
  /** The operations that refer to it. */
  usedBy: ReadonlySet<string>
}

/** @throws Error if a folder is missing, a reference is broken, or no operation of the local cloud is described */
export function describedIn(checkout: string, folders: readonly string[]): Described {
  const missing = folders.find(folder => !existsSync(join(checkout, folder)))
  if (missing !== undefined) throw new Error(`${missing} is missing.`)
  const root = pathToFileURL(`${checkout}/`)
  const operations = new Map<string, Json>()
  const shapes = new Map<string, Shape>()
  for (const path of folders.flatMap(folder => globSync(`${folder}/*.json`, { cwd: checkout })).toSorted()) {
    const file = new URL(path, root)
    for (const [name, operation] of servedOperations(file))
      operations.set(
        name,
        resolved(operation, file, target => collect(target, name, shapes)),
      )
  }
  if (operations.size === 0)
    throw new Error('The descriptions have no operation that the local cloud serves.')
  return { operations, shapes }
}

/**
 * Finds the folders of a pin in a newer tree. The versions of a service may have moved one folder down or up.
 * @param tree all folders of the newer tree
 * @throws Error if a folder is gone, or if several folders match
 */
export function foldersIn(tree: readonly string[], folders: readonly string[]): string[] {
  const all = new Set(tree)
  return folders.map(folder => {
    if (all.has(folder)) return folder
    const [, service = folder, version = ''] =
      /^(.+?\/(?:Microsoft\.\w+|data-plane)\/).*?((?:stable|preview)\/[^/]+)$/.exec(folder) ?? []
    const [found, ...others] = tree.filter(path => path.startsWith(service) && path.endsWith(`/${version}`))
    if (found === undefined || others.length > 0)
      throw new Error(
        `${folder} is missing, and ${others.length === 0 ? 'no folder looks' : 'several folders look'} like its new place.`,
      )
    return found
  })
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

/** Adds the shape, and all that it refers to, to `shapes`. @returns the name of the shape */
function collect(target: URL, operation: string, shapes: Map<string, Shape>): string {
  const name = decodeURIComponent(target.href).split('#')[0]?.split('/').slice(-2).join('/') + target.hash
  const known = shapes.get(name)
  if (known?.usedBy.has(operation)) return name
  const usedBy = new Set([...(known?.usedBy ?? []), operation])
  // Added before its references, because a shape may refer to itself.
  shapes.set(name, { content: null, usedBy })
  shapes.set(name, {
    content: resolved(readAt(target), target, inner => collect(inner, operation, shapes)),
    usedBy,
  })
  return name
}

/** A piece of the file, with references named by `nameOf` and without examples, which are not shapes. */
function resolved(piece: Json, file: URL, nameOf: (target: URL) => string): Json {
  if (Array.isArray(piece)) return piece.map(entry => resolved(entry, file, nameOf))
  if (!isObject(piece)) return piece
  const { $ref, 'x-ms-examples': _examples, ...rest } = piece
  if (typeof $ref !== 'string')
    return Object.fromEntries(
      Object.entries(rest).map(([key, entry]) => [key, resolved(entry, file, nameOf)]),
    )
  const target = new URL($ref, file)
  return target.hash.startsWith('#/parameters/')
    ? resolved(readAt(target), target, nameOf)
    : { $ref: nameOf(target) }
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
