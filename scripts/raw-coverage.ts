import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@babel/parser'
import * as v from 'valibot'

/**
 * Line coverage from what V8 counted. Statements are looked up in V8's own ranges, with nothing in between: the code runs with its
 * types blanked out, so an offset into the source is an offset into what ran, in every process.
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

/** The counts of every process, for each script whose URL is `wanted`. */
export function readCoverage(folder: string, wanted: (url: string) => boolean): Map<string, Ranges[]> {
  const scripts = new Map<string, Ranges[]>()
  for (const name of readdirSync(folder)) {
    const { result } = v.parse(rawCoverage, JSON.parse(readFileSync(join(folder, name), 'utf8')))
    for (const script of result.filter(({ url }) => wanted(url))) {
      const ranges = v.parse(scriptCoverage, script).functions.flatMap(({ ranges }) => ranges)
      scripts.set(script.url, [...(scripts.get(script.url) ?? []), ranges])
    }
  }
  return scripts
}

/**
 * How often each line on which a statement begins was run, by line number from 1. Comments, types and closing brackets are no lines
 * here; a line with several statements counts as often as the one that ran most.
 */
export function lineHits(code: string, processes: readonly Ranges[]): Map<number, number> {
  const hits = new Map<number, number>()
  for (const { offset, line } of statements(code)) {
    const count = processes.reduce((sum, ranges) => sum + countAt(ranges, offset), 0)
    hits.set(line, Math.max(count, hits.get(line) ?? 0))
  }
  return hits
}

/** The count of the smallest range around `offset`: an inner range overrules what is around it. */
function countAt(ranges: Ranges, offset: number): number {
  let smallest = { size: Number.POSITIVE_INFINITY, count: 0 }
  for (const { startOffset, endOffset, count } of ranges) {
    const size = endOffset - startOffset
    if (startOffset <= offset && offset < endOffset && size <= smallest.size) smallest = { size, count }
  }
  return smallest.count
}

const node = v.object({
  type: v.string(),
  start: v.number(),
  loc: v.object({ start: v.object({ line: v.number() }) }),
})

type Node = v.InferOutput<typeof node>

/** Where each statement, and each expression that is the whole body of an arrow function, begins. */
function statements(code: string): Array<{ offset: number; line: number }> {
  const { program } = parse(code, { sourceType: 'module', plugins: ['typescript'] })
  return nodes(program)
    .flatMap(parent =>
      childNodes(parent).filter(child => isStatement(child) || isExpressionBody(child, parent)),
    )
    .map(({ start, loc }) => ({ offset: start, line: loc.start.line }))
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
