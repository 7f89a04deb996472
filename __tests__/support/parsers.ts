import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse as parseHcl } from '@cdktn/hcl2json'
import { Language, type Node, Parser } from 'web-tree-sitter'

/** Each throws, with the place and the reason, where a text is not of its language. Nothing is run. */

export type Shell = 'bash' | 'sh'

/** `sh` is the strict one: where it is dash, as on GitHub's runners, it takes nothing that is bash's own. */
export function parseShell(shell: Shell, text: string): void {
  const { status, stderr, error } = spawnSync(shell, ['-n'], { input: text, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(stderr.trim())
}

export async function parseTerraform(text: string): Promise<void> {
  await parseHcl('text.tf', text)
}

const createBicepParser = async () => {
  await Parser.init()
  const grammar = fileURLToPath(import.meta.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm'))
  const parser = new Parser()
  parser.setLanguage(await Language.load(readFileSync(grammar)))
  return parser
}

let bicepParser: Promise<Parser> | undefined

export async function parseBicep(text: string): Promise<void> {
  bicepParser ??= createBicepParser()
  const tree = (await bicepParser).parse(text)
  const mistake = tree === null ? undefined : firstMistake(tree.rootNode)
  if (mistake) throw new Error(`Line ${mistake.startPosition.row + 1}: ${mistake.text.split('\n')[0]}`)
}

function firstMistake(node: Node): Node | undefined {
  if (node.isError || node.isMissing) return node
  for (const child of node.children) {
    const mistake = child?.hasError || child?.isMissing ? firstMistake(child) : undefined
    if (mistake) return mistake
  }
  return undefined
}
