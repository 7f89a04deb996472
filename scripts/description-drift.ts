import { globSync, readFileSync, writeFileSync } from 'node:fs'
import {
  type Described,
  describedIn,
  foldersIn,
  isObject,
  type Json,
  pinFile,
  readPin,
} from './descriptions.ts'

/**
 * Usage: node scripts/description-drift.ts folders TREE [FILE]
 *        node scripts/description-drift.ts compare BEFORE AFTER COMMIT [FILE]
 *
 * `folders` prints the folders to check out of a newer tree. The file TREE lists all folders of that tree, because a folder that FILE names may have moved.
 * `compare` compares two checkouts of the official API descriptions, but only what the tests use: the operations that the local cloud serves, and
 * the shapes that they refer to. If something changed, it writes COMMIT, the commit of AFTER, into FILE
 * (__tests__/local-cloud/descriptions.json), and prints what changed. Otherwise it prints nothing.
 */

/** Keys that are there for people and generators. Comparisons ignore them. */
const prose = new Set(['default', 'description', 'example', 'externalDocs', 'summary', 'tags', 'title'])

/** The keys below these are names, so a property may be called `description`. */
const holdsNames = new Set(['properties', 'responses'])

/** What changed between two pieces of a description, one line each, with its place. */
function changesOf(before: Json | undefined, after: Json | undefined, path: readonly string[]): string[] {
  const place = `\`${path.join('.')}\``
  if (before === undefined) return [`${place} is new`]
  if (after === undefined) return [`${place} is gone`]
  const [old, now] = [byName(before), byName(after)]
  if (isObject(old) && isObject(now))
    return [...new Set([...Object.keys(old), ...Object.keys(now)])]
      .filter(key => holdsNames.has(path.at(-1) ?? '') || !(prose.has(key) || key.startsWith('x-')))
      .flatMap(key => changesOf(old[key], now[key], [...path, key]))
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)]
  return was === is ? [] : [`${place} was \`${was}\`, is \`${is}\``]
}

/** A list of parameters, required properties or values, by the names of its entries, because their order does not matter. */
function byName(piece: Json): Json {
  if (!Array.isArray(piece)) return piece
  return Object.fromEntries(
    piece.map(entry => [
      String(isObject(entry) ? (entry.name ?? entry.$ref ?? JSON.stringify(entry)) : entry),
      isObject(entry) ? entry : true,
    ]),
  )
}

/** The differences between two checkouts, one line each. */
function changesBetween(before: Described, after: Described): string[] {
  const operations = namesIn(before.operations, after.operations).flatMap(name =>
    changesOf(before.operations.get(name), after.operations.get(name), [name]),
  )
  const shapes = namesIn(before.shapes, after.shapes).flatMap(name => {
    const [old, now] = [before.shapes.get(name), after.shapes.get(name)]
    const users = [...((now ?? old)?.usedBy ?? [])].toSorted().join(', ')
    return changesOf(old?.content, now?.content, [name.replace(/.*\//, '')]).map(
      change => `${change} (${users})`,
    )
  })
  return [...operations, ...shapes].map(change => `- ${change}`)
}

const namesIn = (...maps: readonly ReadonlyMap<string, unknown>[]) =>
  [...new Set(maps.flatMap(map => [...map.keys()]))].toSorted()

/** @param newest A checkout and its commit. */
function compare(before: string, newest: { checkout: string; commit: string }, file: string): void {
  const pin = readPin(file)
  const folders = foldersIn(globSync('specification/**/', { cwd: newest.checkout }), pin.folders)
  const lines = [
    ...changesOf(pin.folders, folders, ['folders']).map(change => `- ${change}`),
    ...changesBetween(describedIn(before, pin.folders), describedIn(newest.checkout, folders)),
  ]
  if (lines.length === 0) return
  writeFileSync(file, `${JSON.stringify({ ...pin, commit: newest.commit, folders }, null, 2)}\n`)
  process.stdout.write(`${lines.join('\n')}\n`)
}

function main([command, first, second, third, fourth]: readonly string[]): void {
  if (command === 'folders' && first !== undefined) {
    const tree = readFileSync(first, 'utf8').split('\n')
    process.stdout.write(`${foldersIn(tree, readPin(second).folders).join('\n')}\n`)
  } else if (command === 'compare' && first !== undefined && second !== undefined && third !== undefined) {
    compare(first, { checkout: second, commit: third }, fourth ?? pinFile)
  } else
    throw new Error(
      'Usage: node scripts/description-drift.ts folders TREE [FILE] | compare BEFORE AFTER COMMIT [FILE]',
    )
}

if (import.meta.main) main(process.argv.slice(2))
