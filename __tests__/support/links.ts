import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import GithubSlugger from 'github-slugger'
import type { Token } from 'marked'
import { repositoryRoot } from '../../scripts/tools.ts'
import { type Document, readDocument } from './documents.ts'

/** Links of a document that lead nowhere within the repository. Those to other hosts are not followed. */
export function brokenLinks(document: Document): string[] {
  return linksOf(document).filter(link => !isElsewhere(link) && !resolves(document, link))
}

const isElsewhere = (link: string) => /^[a-z][a-z+.-]*:/i.test(link)

function linksOf({ tokens }: Document): string[] {
  return tokens.flatMap(token => {
    if (token.type === 'link' || token.type === 'image') return [token.href]
    if (token.type !== 'html') return []
    return [...token.text.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g)].flatMap(([, link]) => link ?? [])
  })
}

function resolves(document: Document, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? document.path : normalize(join(dirname(document.path), decodeURI(path)))
  if (target.startsWith('..') || !existsSync(join(repositoryRoot, target))) return false
  if (anchor === undefined) return true
  return target.endsWith('.md') && anchorsOf(path === '' ? document : readDocument(target)).has(anchor)
}

/** As GitHub makes them: of headings, and what HTML names itself. */
export function anchorsOf({ tokens }: Document): Set<string> {
  const slugger = new GithubSlugger()
  return new Set(
    tokens.flatMap(token => {
      if (token.type === 'heading') return [slugger.slug(plainText(token.tokens ?? []))]
      if (token.type !== 'html') return []
      return [...token.text.matchAll(/\b(?:id|name)="([^"]+)"/g)].flatMap(([, name]) => name ?? [])
    }),
  )
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map(token => {
      if (token.type === 'html') return ''
      if ('tokens' in token && token.tokens !== undefined) return plainText(token.tokens)
      return 'text' in token ? token.text : ''
    })
    .join('')
}
