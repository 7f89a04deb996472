import { isOwnName } from './sanitise.ts'

/** The shape of a JSON document: paths with types, sorted, each once. It has no values. */
export function shapeOf(document: unknown): string[] {
  return [...new Set(pathsOf(document, ''))].toSorted()
}

function pathsOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${path}[]: nothing`]
    return value.flatMap(entry => pathsOf(entry, `${path}[]`))
  }
  if (typeof value !== 'object' || value === null)
    return [`${path === '' ? 'the whole' : path}: ${value === null ? 'null' : typeof value}`]
  const entries = Object.entries(value)
  if (entries.length === 0) return [`${path === '' ? 'the whole' : path}: empty`]
  return entries.flatMap(([key, inner]) => pathsOf(inner, nameOf(path, key)))
}

/** Names that programs give. Other names are not part of a shape. */
const nameOf = (path: string, key: string) =>
  `${path === '' ? '' : `${path}.`}${/^[\w$@.-]{1,60}$/.test(key) && !isOwnName(key) ? key : '*'}`
