import { globSync } from 'node:fs'
import { repositoryRoot } from '../../scripts/tools.ts'
import { textOf } from '../support/documents.ts'

/** Plain English: the table under Words in CONTRIBUTING.md has what no text of ours says. */

const [beforeWords = '', words = '', afterWords = ''] = textOf('CONTRIBUTING.md').split(
  /^## Words\n|(?<=^## Words\n[\s\S]*?)^(?=## )/m,
)
const phrases = [...words.matchAll(/^\| ([^|]+?) \|/gm)]
  .map(([, phrase = '']) => phrase)
  .filter(phrase => phrase !== 'Not' && phrase !== '---')

/** The phrases in a text, wherever its lines end, in a comment too. */
function foundIn(text: string): string[] {
  const oneLine = text.replace(/\s*\n\s*(?:\/\/|\*|#)?\s*/g, ' ')
  return phrases.filter(phrase => new RegExp(`(?<![\\w-])${phrase}(?![\\w-])`, 'i').test(oneLine))
}

const files = globSync(
  [
    '{src,local-cloud,demo}/**/*.{ts,md}',
    '{rehearsal,conformance,bench,scripts}/**/*.ts',
    '.github/**/*.yml',
    'docs/**/*.md',
    'examples/**/*',
    '{README,SECURITY,CHANGELOG}.md',
    'action.yml',
  ],
  { cwd: repositoryRoot, exclude: ['**/node_modules/**', 'local-cloud/build/**'] },
).filter(file => /\.\w+$/.test(file))

test('CONTRIBUTING.md has a list, and the check finds each of its phrases', () => {
  expect(phrases.length).toBeGreaterThan(7)
  for (const phrase of phrases) {
    expect(foundIn(`That is so, ${phrase} somebody.`)).toContain(phrase)
    expect(foundIn(`/**\n * So\n * ${phrase.replace(' ', '\n * ')}: yes.\n */`)).toContain(phrase)
  }
  expect(foundIn('We recommend it.')).toEqual([])
})

test('no text of the project has one of them', () => {
  expect(files.length).toBeGreaterThan(300)
  const found = files.flatMap(file => foundIn(textOf(file)).map(phrase => `${file}: ${phrase}`))
  expect([...found, ...foundIn(`${beforeWords}${afterWords}`)]).toEqual([])
})
