import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { eachMapping, TraceMap, traceSegment } from '@jridgewell/trace-mapping'
import { buildGate, minifiedMap } from './build.ts'
import type { Place, Statement } from './raw-coverage.ts'
import { repositoryRoot, temporaryFolder } from './tools.ts'

/** Finds the statements of our sources in dist/, which is minified. */

/** The places of a statement in the bundle: none if the minifier removed it, several if the minifier copied it. */
export type FindPlaces = (source: string, statement: Statement) => readonly Place[]

/** Position of a character in a source file that is part of the bundle. */
interface Token {
  /** In the source, in UTF-16 units. */
  offset: number
  place: Place
}

/**
 * Builds the gate again, this time with source maps, because dist/ has none.
 * @throws Error if that build differs from dist/ by a byte
 */
export async function findInBundle(): Promise<FindPlaces> {
  const rebuilt = temporaryFolder()
  await buildGate(rebuilt, { maps: true })
  return findByMaps(rebuilt, join(repositoryRoot, 'dist'))
}

/**
 * @param rebuilt Folder of a build with maps.
 * @param bundle Folder of the bundle where the places are.
 * @throws Error if the two differ by a byte
 */
export function findByMaps(rebuilt: string, bundle: string): FindPlaces {
  const tokens = new Map<string, Token[]>()
  for (const file of globSync(join(rebuilt, '*.js'))) {
    const name = basename(file)
    const code = readFileSync(file, 'utf8')
    if (code !== readFileSync(join(bundle, name), 'utf8'))
      throw new Error(`${join(bundle, name)} is not what the sources build: run \`npm run build\`.`)
    // post.js has nothing but the import of the rest.
    if (existsSync(`${file}.map`)) gatherTokens(file, code, pathToFileURL(join(bundle, name)).href, tokens)
  }
  for (const ofSource of tokens.values()) ofSource.sort((one, other) => one.offset - other.offset)
  return (source, { expression, end }) => firstWithin(tokens.get(source) ?? [], expression, end)
}

/** All places of the first token after `start`. If any part of a statement ran, its beginning ran. */
function firstWithin(tokens: readonly Token[], start: number, end: number): readonly Place[] {
  const first = tokens.find(({ offset }) => offset >= start)?.offset ?? end
  return first >= end ? [] : tokens.filter(({ offset }) => offset === first).map(({ place }) => place)
}

/** From 0, in UTF-16 units. */
interface Position {
  line: number
  column: number
}

interface Traced extends Position {
  source: string
}

/** @param tokens by source, relative to the repository; gets those of the file */
function gatherTokens(file: string, code: string, url: string, tokens: Map<string, Token[]>): void {
  const offsetIn = offsetsOf(code)
  const toScript = scriptFinder(file)
  const sources = new Map<string, Source | undefined>()
  eachMapping(readMap(`${file}${minifiedMap}`), mapping => {
    if (mapping.originalLine === null) return
    const script = toScript({ line: mapping.originalLine - 1, column: mapping.originalColumn })
    if (script === undefined) return
    if (!sources.has(script.source)) sources.set(script.source, readSource(script.source))
    const source = sources.get(script.source)
    const original = source && trace(source.map, script)
    if (source === undefined || original === undefined) return
    const offset = offsetIn({ line: mapping.generatedLine - 1, column: mapping.generatedColumn })
    source.tokens.push({ offset: source.offsetIn(original), place: { url, offset } })
  })
  for (const source of sources.values())
    if (source !== undefined) tokens.set(source.path, [...(tokens.get(source.path) ?? []), ...source.tokens])
}

/** From the minified code to the compiler's output. */
function scriptFinder(file: string): (position: Position) => Traced | undefined {
  const map = readMap(`${file}.map`)
  return position => {
    const traced = trace(map, position)
    return traced && { ...traced, source: traced.source.replace(/^.*?(?=build\/src\/)/, '') }
  }
}

interface Source {
  path: string
  /** From the compiler's output to the source. */
  map: TraceMap
  offsetIn: (position: Position) => number
  tokens: Token[]
}

/** @param script relative to the repository; a script of a package has no source of ours */
function readSource(script: string): Source | undefined {
  if (!script.startsWith('build/src/')) return undefined
  const path = script.replace(/^build\//, '').replace(/\.js$/, '.ts')
  const code = readFileSync(join(repositoryRoot, path), 'utf8')
  return { path, map: readMap(join(repositoryRoot, `${script}.map`)), offsetIn: offsetsOf(code), tokens: [] }
}

const readMap = (path: string) => new TraceMap(readFileSync(path, 'utf8'))

/** A map knows only where tokens begin. A position inside a token keeps its distance from that. */
function trace(map: TraceMap, { line, column }: Position): Traced | undefined {
  const [begin, source, originalLine, originalColumn] = traceSegment(map, line, column) ?? []
  if (begin === undefined || source === undefined) return undefined
  if (originalLine === undefined || originalColumn === undefined) return undefined
  return { source: map.sources[source] ?? '', line: originalLine, column: originalColumn + column - begin }
}

/** Turns positions in a text into offsets. */
function offsetsOf(text: string): (position: Position) => number {
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  return ({ line, column }) => (lineStarts[line] ?? text.length) + column
}
