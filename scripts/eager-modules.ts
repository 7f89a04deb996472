import { type ParseResult, parse } from '@babel/parser'
import { decodedMap, TraceMap } from '@jridgewell/trace-mapping'

/**
 * The bundler puts each module into a function, and that function into parentheses; the minifier takes those away. They matter to V8: it
 * compiles a function in parentheses as soon as it meets it, because such a function is mostly called at once. Any other function it reads
 * to find where it ends, and again, to compile it, when it is called. A module that is loaded runs, so each of them would be read twice.
 */

interface Bundled {
  code: string
  /** The source map, JSON. */
  map?: string | undefined
}

/** Sets parentheses around the modules of a bundle. */
export function compileModulesAtOnce({ code, map }: Bundled): Bundled {
  const parentheses = parenthesesIn(parse(code, { sourceType: 'module' }))
  return { code: withParentheses(code, parentheses), map: map && moved(map, parentheses) }
}

/** Goes before the character there. All from 0, in UTF-16 units. */
interface Parenthesis {
  offset: number
  line: number
  column: number
  text: '(' | ')'
}

/** In the order of the code. The modules are in an object, by their numbers. */
function parenthesesIn({ program }: ParseResult): Parenthesis[] {
  return program.body
    .map(statement => (statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement))
    .flatMap(statement => (statement?.type === 'VariableDeclaration' ? statement.declarations : []))
    .flatMap(({ init }) => (init?.type === 'ObjectExpression' ? init.properties : []))
    .flatMap(property => {
      if (property.type !== 'ObjectProperty' || property.key.type !== 'NumericLiteral') return []
      const { loc } = property.value
      return loc ? [at(loc.start, '('), at(loc.end, ')')] : []
    })
}

/** @param position Its line counts from 1. */
const at = (position: { index: number; line: number; column: number }, text: Parenthesis['text']) => ({
  offset: position.index,
  line: position.line - 1,
  column: position.column,
  text,
})

function withParentheses(code: string, parentheses: readonly Parenthesis[]): string {
  const cuts = [0, ...parentheses.map(({ offset }) => offset), code.length]
  return cuts
    .slice(1)
    .map((end, index) => `${code.slice(cuts[index], end)}${parentheses[index]?.text ?? ''}`)
    .join('')
}

/** The map of the same code with its parentheses. */
function moved(map: string, parentheses: readonly Parenthesis[]): string {
  const byLine = Map.groupBy(parentheses, ({ line }) => line)
  const decoded = decodedMap(new TraceMap(map))
  const mappings = decoded.mappings.map((segments, line) => {
    const inLine = byLine.get(line) ?? []
    return segments.map(([column, ...original]) => [
      column + inLine.filter(before => before.column <= column).length,
      ...original,
    ])
  })
  return JSON.stringify({ ...decoded, mappings })
}
