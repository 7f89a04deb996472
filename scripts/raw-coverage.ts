import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@babel/parser'
import * as v from 'valibot'

/**
 * Line coverage from what V8 counted. Statements are looked up in V8's own ranges. Where sources are run, nothing is in between: they
 * run with their types blanked out, so an offset into the source is an offset into what ran, in every process.
 */

const rawCoverage = v.object({ result: v.array(v.looseObject({ url: v.string() })) })

const scriptCoverage = v.object({
  functions: v.array(
    v.object({
      ranges: v.array(v.object({ startOffset: v.number(), endOffset: v.number(), count: v.number() })),
    }),
  ),
})

/** What V8 counted for one script in one process: ranges that nest, offsets in UTF-16 units. */
type Ranges = v.InferOutput<typeof scriptCoverage>['functions'][number]['ranges']

/** A character of a script, by the script's URL and its offset in UTF-16 units. */
export interface Place {
  url: string
  offset: number
}

/** How often a place was run. */
type Count = (place: Place) => number

/** Adds up, for each of the places, what every process of which the folder has the counts ran. */
export function countRuns(folder: string, places: readonly Place[]): Count {
  const wanted = new Map(
    [...Map.groupBy(places, ({ url }) => url)].map(([url, ofScript]) => [url, new Map(ascending(ofScript))]),
  )
  for (const name of readdirSync(folder)) {
    const { result } = v.parse(rawCoverage, JSON.parse(readFileSync(join(folder, name), 'utf8')))
    for (const script of result) {
      const counts = wanted.get(script.url)
      if (counts === undefined) continue
      const ranges = v.parse(scriptCoverage, script).functions.flatMap(({ ranges }) => ranges)
      addCounts(counts, ranges)
    }
  }
  return ({ url, offset }) => wanted.get(url)?.get(offset) ?? 0
}

const ascending = (places: readonly Place[]) =>
  places.map(({ offset }): [number, number] => [offset, 0]).toSorted(([one], [other]) => one - other)

/** @param counts by offset, ascending. An inner range overrules what is around it. */
function addCounts(counts: Map<number, number>, ranges: Ranges): void {
  const outerFirst = ranges.toSorted((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  const around: Ranges = []
  let next = 0
  for (const [offset, count] of counts) {
    for (
      let range = outerFirst[next];
      range !== undefined && range.startOffset <= offset;
      range = outerFirst[next]
    ) {
      dropEnded(around, range.startOffset)
      around.push(range)
      next += 1
    }
    dropEnded(around, offset)
    counts.set(offset, count + (around.at(-1)?.count ?? 0))
  }
}

function dropEnded(around: Ranges, offset: number): void {
  while ((around.at(-1)?.endOffset ?? Number.POSITIVE_INFINITY) <= offset) around.pop()
}

/** Where a statement is in what was run: in the source itself, and in bundles that it is in. */
interface LinePlaces {
  /** From 1. */
  line: number
  places: readonly Place[]
}

/**
 * How often each line on which a statement begins was run, by line number. Comments, types and closing brackets are no lines here; a
 * line with several statements counts as often as the one that ran most.
 */
export function lineHits(statements: readonly LinePlaces[], count: Count): Map<number, number> {
  const hits = new Map<number, number>()
  for (const { line, places } of statements) {
    const runs = places.reduce((sum, place) => sum + count(place), 0)
    hits.set(line, Math.max(runs, hits.get(line) ?? 0))
  }
  return hits
}

const node = v.object({
  type: v.string(),
  start: v.number(),
  end: v.number(),
  loc: v.object({ start: v.object({ line: v.number() }) }),
})

type Node = v.InferOutput<typeof node>

/** A statement, or an expression that is the whole body of an arrow function. Offsets in UTF-16 units. */
export interface Statement {
  /** From 1. */
  line: number
  start: number
  end: number
  /** Where its first expression begins: what a minifier leaves of it, when it takes `return` and `if` away. */
  expression: number
}

export function statements(code: string): Statement[] {
  const { program } = parse(code, { sourceType: 'module', plugins: ['typescript'] })
  return nodes(program)
    .flatMap(parent =>
      childNodes(parent).filter(child => isStatement(child) || isExpressionBody(child, parent)),
    )
    .map(found => ({
      line: found.loc.start.line,
      start: found.start,
      end: found.end,
      expression: expressionOf(found),
    }))
}

/** Fields in which statements have the expression that is evaluated first. */
const expressionFields = [
  'test',
  'argument',
  'init',
  'right',
  'discriminant',
  'expression',
  'declarations',
] as const

function expressionOf(statement: Node): number {
  if (!isStatement(statement)) return statement.start
  const parts = expressionFields.flatMap(field => {
    const [part] = field in statement ? [Reflect.get(statement, field)].flat() : []
    return v.is(node, part) ? [part] : []
  })
  const [first] = parts
  if (first === undefined) return statement.start
  return first.type === 'VariableDeclarator' ? expressionOfDeclarator(first) : first.start
}

function expressionOfDeclarator(declarator: Node): number {
  const value = Reflect.get(declarator, 'init')
  return v.is(node, value) ? value.start : declarator.start
}

/** All nodes of the tree below a value, itself included. */
function nodes(value: unknown): Node[] {
  return v.is(node, value) ? [value, ...childNodes(value).flatMap(nodes)] : []
}

function childNodes(parent: Node): Node[] {
  return Object.values(parent)
    .flat()
    .filter(child => v.is(node, child))
}

function isStatement({ type }: Node): boolean {
  if (type === 'BlockStatement' || type === 'EmptyStatement') return false
  return type === 'VariableDeclaration' || type.endsWith('Statement')
}

function isExpressionBody(child: Node, parent: Node): boolean {
  return (
    'body' in parent &&
    parent.body === child &&
    parent.type === 'ArrowFunctionExpression' &&
    child.type !== 'BlockStatement'
  )
}
