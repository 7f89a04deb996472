import { type AST, RegExpParser } from '@eslint-community/regexpp'
import { NoInstance } from './no-instance.ts'

/** Characters to try for a class or a negation. Most accept one of the first. */
const CANDIDATES = [...'a0A_-.: /@+,;!?#$%&*()[]{}<>=~^|\\"\'`\n\té€']

/** How many repetitions beyond the minimum are tried. */
const MOST_EXTRA = 64

/**
 * A text that the pattern matches, with `least` to `most` characters.
 * @throws NoInstance if the pattern is invalid, uses lookaround, or matches none of the texts that are tried
 */
export function textMatching(pattern: string, least = 0, most = Number.POSITIVE_INFINITY): string {
  const { tree, matcher } = parsed(pattern)
  for (let extra = 0; extra <= MOST_EXTRA; extra += 1) {
    const text = alternative(tree.alternatives, { extra, groups: new Map() })
    const length = [...text].length
    if (length >= least && length <= most && matcher.test(text)) return text
  }
  throw new NoInstance(`a text that fits the pattern ${pattern}`)
}

function parsed(pattern: string): { tree: AST.Pattern; matcher: RegExp } {
  try {
    return {
      tree: new RegExpParser().parsePattern(pattern, undefined, undefined, { unicode: true }),
      matcher: new RegExp(pattern, 'u'),
    }
  } catch {
    throw new NoInstance(`the pattern ${pattern}`)
  }
}

interface Progress {
  /** How many repetitions beyond the minimum a quantifier gets. */
  extra: number
  groups: Map<AST.CapturingGroup, string>
}

const alternative = ([first]: readonly AST.Alternative[], progress: Progress): string =>
  (first?.elements ?? []).map(element => textOf(element, progress)).join('')

function textOf(element: AST.Element, progress: Progress): string {
  switch (element.type) {
    case 'Character':
      return String.fromCodePoint(element.value)
    case 'CharacterSet':
    case 'CharacterClass':
    case 'ExpressionCharacterClass':
      return candidate(element)
    case 'Quantifier':
      return repeated(element, progress)
    case 'Group':
      return alternative(element.alternatives, progress)
    case 'CapturingGroup': {
      const text = alternative(element.alternatives, progress)
      progress.groups.set(element, text)
      return text
    }
    case 'Backreference':
      return [element.resolved].flat().flatMap(group => progress.groups.get(group) ?? [])[0] ?? ''
    case 'Assertion':
      if (element.kind === 'lookahead' || element.kind === 'lookbehind') {
        throw new NoInstance(`patterns that look around, as ${element.raw} does`)
      }
      return ''
  }
}

function repeated({ element, min, max }: AST.Quantifier, progress: Progress): string {
  const times = Math.min(max, min + progress.extra)
  return Array.from({ length: times }, () => textOf(element, progress)).join('')
}

/** Tries the characters that the class lists first. The parser keeps no tree of the rest, so the class's own text decides. */
function candidate(set: AST.CharacterSet | AST.CharacterClass | AST.ExpressionCharacterClass): string {
  const matcher = new RegExp(`^${set.raw}$`, 'u')
  const own = set.type === 'CharacterClass' ? set.elements.flatMap(ownCharacter) : []
  const found = [...own, ...CANDIDATES].find(character => matcher.test(character))
  if (found === undefined) throw new NoInstance(`a character that fits ${set.raw}`)
  return found
}

function ownCharacter(element: AST.CharacterClassElement): string[] {
  if (element.type === 'Character') return [String.fromCodePoint(element.value)]
  if (element.type === 'CharacterClassRange') return [String.fromCodePoint(element.min.value)]
  return []
}
