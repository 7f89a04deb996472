import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { marked, type Token } from 'marked'
import { repositoryRoot } from './tools.ts'

/** Pages that the product prints or links, and the files that do so. Texts of services and addresses of APIs do not count. */

/** Hosts with pages for people. For other hosts, only links in documents count. */
const pageHosts = [
  'learn.microsoft.com',
  'docs.github.com',
  'nodejs.org',
  'azure.status.microsoft',
  'www.githubstatus.com',
  'portal.azure.com',
  'portal.azure.us',
  'portal.azure.cn',
]

const inSource = new RegExp(
  `https://(?:${pageHosts.map(host => host.replaceAll('.', '\\.')).join('|')})/?[^\\s'"\`)<>\\\\]*`,
  'g',
)

const sources = [
  'src/**/*.ts',
  'local-cloud/**/*.ts',
  'action.yml',
  'examples/**/*',
  '.github/workflows/*.yml',
]
const documents = ['*.md', 'docs/**/*.md', 'built-in-roles/*.md', 'local-cloud/README.md']

/** What an address in a source is there for, by the folder or file. A document says it itself: by its section, and the words of the link. */
const usesInSources: readonly (readonly [string, string])[] = [
  ['src/advice/', 'the gate prints it, as a next step'],
  ['src/azure/clouds.ts', 'the gate links the resource in the portal of its cloud'],
  ['local-cloud/entra/', 'the local cloud says it, as Entra does'],
  ['local-cloud/github/', "the local cloud says it, as GitHub's API does"],
  ['examples/', 'a comment in an example says where a fact is from'],
]

/** @throws Error where nobody has said what addresses are there for in this place */
export function useInSource(file: string): string {
  const use = usesInSources.find(([place]) => file.startsWith(place))?.[1]
  if (use === undefined)
    throw new Error(`What is an address in ${file} there for? scripts/addresses.ts says it`)
  return use
}

interface Place {
  address: string
  file: string
  use: string
}

/** Where each address stands, and what for; both in order. A fragment is no address of its own. */
export function addresses(): Map<string, { files: string[]; uses: string[] }> {
  const found: Place[] = [
    ...filesOf(sources).flatMap(file =>
      addressesOfSource(textOf(file)).map(address => ({ address, file, use: useInSource(file) })),
    ),
    ...filesOf(documents).flatMap(file => linksOfDocument(textOf(file)).map(link => ({ ...link, file }))),
  ]
  const byAddress = Map.groupBy(
    found.toSorted((one, other) => compareText(one.address, other.address)),
    ({ address }) => address,
  )
  const inOrder = (texts: readonly string[]) => [...new Set(texts)].toSorted()
  return new Map(
    [...byAddress].map(([address, places]) => [
      address,
      { files: inOrder(places.map(({ file }) => file)), uses: inOrder(places.map(({ use }) => use)) },
    ]),
  )
}

const compareText = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)

export const addressesOfSource = (text: string): string[] =>
  [...text.matchAll(inSource)].map(([address]) => withoutFragment(address.replace(/[.,;:]+$/, '')))

/**
 * Its links and pictures, each with its section and its words; what stands in a block of code is what somebody else said, or a place to
 * fill in.
 */
export function linksOfDocument(text: string): { address: string; use: string }[] {
  const links: { address: string; use: string }[] = []
  let section = ''
  for (const block of marked.lexer(text)) {
    if (block.type === 'heading') section = plainText(block.text)
    marked.walkTokens([block], (token: Token) => {
      if ((token.type === 'link' || token.type === 'image') && typeof token.href === 'string')
        links.push({ address: token.href, use: useInDocument(section, token.text) })
    })
  }
  return links
    .filter(({ address }) => address.startsWith('https://') && !isPlaceholder(address))
    .map(({ address, use }) => ({ address: withoutFragment(address), use }))
}

/** An address that stands there bare has no words of its own. */
const useInDocument = (section: string, words: string) =>
  words.startsWith('https://') ? section : `${section}: ${plainText(words)}`

/** Without marks of code, and of a table. */
const plainText = (markdown: string) => markdown.replaceAll(/[`|]/g, '').trim()

/** Left out: the repository, which has no owner before the first release, and quotes of services, which name APIs. */
const isPlaceholder = (link: string) => /\/(OWNER|contoso)\b/.test(link) || apiHosts.has(new URL(link).host)
const apiHosts = new Set([
  'login.microsoftonline.com',
  'management.azure.com',
  'token.actions.githubusercontent.com',
])

const withoutFragment = (address: string) => address.replace(/#.*$/, '')

const filesOf = (patterns: readonly string[]) =>
  globSync([...patterns], {
    cwd: repositoryRoot,
    exclude: ['**/node_modules/**', '**/build/**', 'docs/addresses.md'],
  }).filter(path => /\.\w+$/.test(path))

const textOf = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8')

export function addressesPage(): string {
  const rows = [...addresses()].map(
    ([address, { files, uses }]) =>
      `| <${address}> | ${uses.join('; ')} | ${files.map(file => `\`${file}\``).join(', ')} |`,
  )
  return `# Addresses

Every page that the log, summary, report and documents link to, what it is for, and the files with the link. For a document, the use is the
section and the words of the link. Generated by \`npm run docs\`. A weekly
[workflow](../.github/workflows/drift.yml) checks that the pages answer (\`npm run check-addresses\`).

| Address | Use | Stands in |
| --- | --- | --- |
${rows.join('\n')}
`
}
