import { type AssertionClaims, inReusableWorkflow } from '../../../services/github/assertion-claims.ts'
import { paragraph } from '../explanation.ts'

/**
 * How GitHub builds the subject of an OIDC token, and which other subjects a federated credential may have instead
 * (docs.github.com, OpenID Connect reference; learn.microsoft.com, GitHub immutable subjects).
 */

/** For the docs, which have no run. */
export const subjectRules = paragraph(
  'GitHub builds the subject from the first of these that applies: the environment that the job names (`repo:OWNER/REPO:environment:NAME`), a pull request (`repo:OWNER/REPO:pull_request`), the branch or tag (`repo:OWNER/REPO:ref:refs/heads/BRANCH`).',
  'Repositories created, renamed or transferred after 15 July 2026 have numeric ids in it: `repo:OWNER@1234/REPO@5678:…`. A colon inside a name is written `%3A`.',
  'A repository or organisation may have customised the template: with the input `github-token` the run can read it.',
)

interface Subject {
  /** The part before the environment, pull request or ref: `repo:OWNER/REPO`, ids included. */
  prefix: string
  /** The same without numeric ids; undefined if it has none. */
  prefixWithoutIds: string | undefined
  tail: string
}

/** Undefined for subjects of a customised template. */
function parseSubject(subject: string): Subject | undefined {
  const parts =
    /^(?<prefix>repo:(?<owner>[^/:@]+)(?<ownerId>@\d+)?\/(?<repo>[^/:@]+)(?:@\d+)?):(?<tail>environment:[^:]*|pull_request|ref:[^:]*)$/.exec(
      subject,
    )?.groups
  if (parts === undefined) return undefined
  const { prefix = '', owner, ownerId, repo, tail = '' } = parts
  return { prefix, prefixWithoutIds: ownerId === undefined ? undefined : `repo:${owner}/${repo}`, tail }
}

/** Owner and repository from the subject of this run; a placeholder if it does not have them. */
export function subjectPrefix(claims: AssertionClaims | undefined): string {
  const { sub = '', repository = 'OWNER/REPO' } = claims ?? {}
  return parseSubject(sub)?.prefix ?? `repo:${repository}`
}

/** A ref that only one run has, so a credential for it would help only once. */
export interface ThrowAwayRef {
  /** Words that complete "the subject names". */
  what: string
  /** An expression for subjects of the same kind, in the language of flexible credentials; absent if that language cannot express them. */
  expression: string | undefined
  /** Who can make a run with such a subject. */
  whoCan: string
  /** The subject of a job with an environment, up to the environment's name. */
  ofEnvironment: string
}

/** Merge queues and tags; undefined for every other subject, and for those of a customised template. */
export function throwAwayRef({ sub, repository_id: id }: AssertionClaims): ThrowAwayRef | undefined {
  const subject = parseSubject(sub)
  if (subject === undefined) return undefined
  const { prefix, tail } = subject
  const ofEnvironment = `${prefix}:environment:`
  const queue = /^ref:refs\/heads\/gh-readonly-queue\/(?<base>.+)\/[^/]+$/.exec(tail)?.groups?.base
  if (queue !== undefined) {
    return {
      what: 'a branch that the merge queue made for this run alone',
      expression: expressionOf(`${prefix}:ref:refs/heads/gh-readonly-queue/${queue}/*`, id),
      whoCan: `Anyone who may add a pull request to the merge queue of ${queue} can then sign in, with the change in it.`,
      ofEnvironment,
    }
  }
  if (!tail.startsWith('ref:refs/tags/')) return undefined
  return {
    what: 'a tag, and the next release has another one',
    expression: expressionOf(`${prefix}:ref:refs/tags/*`, id),
    whoCan:
      'Anyone who may push a tag can then sign in, from any commit: let a ruleset decide who may push tags.',
    ofEnvironment,
  }
}

/**
 * The expression fixes owner, repository and kind of ref; only the star at its end is a wildcard. It cannot express a name with a
 * quote or another wildcard. Entra requires an immutable claim beside the subject, so without the repository's id there is no expression.
 */
const expressionOf = (pattern: string, repositoryId = '') =>
  /^[^'*?]+\*$/.test(pattern) && /^\d+$/.test(repositoryId)
    ? `claims['sub'] matches '${pattern}' and claims['repository_id'] eq '${repositoryId}'`
    : undefined

/** Why this run has its subject. */
export function subjectStory(claims: AssertionClaims | undefined): string {
  if (claims === undefined) return ''
  const subject = parseSubject(claims.sub)
  const ref = throwAwayRef(claims)
  return paragraph(
    subject === undefined ? customised(claims.sub) : storyOfTail(subject.tail),
    ref &&
      `It names ${ref.what}: a credential for it would be of use once. In a credential's subject a star is a star: only an expression (claimsMatchingExpression) leaves a part open.`,
    subject?.prefixWithoutIds === undefined
      ? ''
      : 'It has the numeric ids of owner and repository in it, as in all repositories created, renamed or transferred after 15 July 2026: a credential without the ids does not match.',
    claims.sub.includes('%3A') ? 'A colon inside a name is written %3A, also in the credential.' : '',
    inReusableWorkflow(claims)
      ? `The job is in the reusable workflow ${claims.job_workflow_ref}, but the subject is that of its caller, unless the template names job_workflow_ref.`
      : '',
  )
}

function storyOfTail(tail: string): string {
  if (tail.startsWith('environment:'))
    return 'The job has an `environment`: in the subject, it replaces the branch, tag or pull request.'
  if (tail === 'pull_request')
    return 'The job has no `environment` and runs for a pull request, so the subject ends in pull_request, whatever the branch. Every pull request from a branch of this repository presents it, with the change under review: trust it only on an identity that may read and nothing else.'
  return 'The job has no `environment` and runs for no pull request, so the subject ends in the branch or tag.'
}

function customised(subject: string): string {
  const keys = claimKeysOf(subject)
  const from = keys.length === 0 ? '' : ` (${keys.join(', ')})`
  return `The subject follows a customised template of this repository or organisation${from}: credentials in the usual form, repo:OWNER/REPO:…, do not match it.`
}

/** Claims and values alternate, and a colon inside a value is written %3A. Only `pull_request` has no value. */
function claimKeysOf(subject: string): string[] {
  const words = subject.split(':')
  const keys: string[] = []
  for (let at = 0; at < words.length; at += words[at] === 'pull_request' ? 1 : 2) {
    const word = words[at] ?? ''
    if (/^\w{1,40}$/.test(word)) keys.push(word)
  }
  return keys
}

const maxForms = 5

/**
 * Subjects of the same repository that an existing credential may name instead, most likely first: without the numeric
 * ids, for the branch if the job has an environment, and so on. Only the directory knows which ones exist.
 */
export function otherForms(claims: AssertionClaims): string[] {
  const subject = parseSubject(claims.sub)
  const usual = claims.repository === undefined ? undefined : `repo:${claims.repository}`
  const prefix = subject?.prefix ?? usual
  if (prefix === undefined) return []
  const tails = tailsOf(claims)
  const sameTail =
    subject?.prefixWithoutIds === undefined ? [] : [`${subject.prefixWithoutIds}:${subject.tail}`]
  const forms = [...sameTail, ...tails.map(tail => `${prefix}:${tail}`)]
  const withoutIds = subject?.prefixWithoutIds
  if (withoutIds !== undefined) forms.push(...tails.map(tail => `${withoutIds}:${tail}`))
  return [...new Set(forms)].filter(form => form !== claims.sub).slice(0, maxForms)
}

const encoded = (name: string) => name.replaceAll(':', '%3A')

function tailsOf({ environment, event_name: event, ref, base_ref: base }: AssertionClaims): string[] {
  const branch = event?.startsWith('pull_request') ? base && `refs/heads/${base}` : ref
  return [
    ...(environment ? [`environment:${encoded(environment)}`] : []),
    ...(branch ? [`ref:${encoded(branch)}`] : []),
    'pull_request',
    ...(environment ? [] : ['environment:<NAME>']),
  ]
}
