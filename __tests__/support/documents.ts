import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lexer, type Token, walkTokens } from 'marked'
import { repositoryRoot } from '../../scripts/tools.ts'

/** What there is to read in the repository: files that are tracked, or about to be. Paths are relative to it. */
const paths = execFileSync(
  'git',
  ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ':!dist'],
  {
    cwd: repositoryRoot,
    encoding: 'utf8',
  },
)
  .split('\0')
  .filter(path => path !== '' && existsSync(join(repositoryRoot, path)))

export const filesLike = (pattern: RegExp) => paths.filter(path => pattern.test(path))

export const textOf = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')

export interface Document {
  path: string
  text: string
  /** Of any depth, in the order of the text. */
  tokens: Token[]
}

export function readDocument(path: string): Document {
  const text = textOf(path)
  const tokens: Token[] = []
  walkTokens(lexer(text), token => {
    tokens.push(token)
  })
  return { path, text, tokens }
}

interface CodeBlock {
  /** File and line, for a person to find it. */
  place: string
  /** The first word after the fence; empty where there is none. */
  language: string
  text: string
}

export function codeBlocks({ path, text, tokens }: Document): CodeBlock[] {
  let offset = 0
  return tokens.flatMap(token => {
    if (token.type !== 'code') return []
    // In a list its lines are indented: the first of them is found all the same.
    const [firstLine = ''] = token.text.split('\n')
    offset = text.indexOf(firstLine, offset)
    const line = text.slice(0, offset).split('\n').length
    offset += token.text.length
    return [{ place: `${path}:${line}`, language: token.lang ?? '', text: token.text }]
  })
}
