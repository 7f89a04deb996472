import { timingSafeEqual } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { Context } from '../context.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'
import type { Workflow } from '../world.ts'

/** The two tokens that a job holds: one asks for OIDC tokens, the other (GITHUB_TOKEN) is for the REST API. */
export interface JobTokens {
  requestToken: string
  apiToken: string
}

/** Life of an OIDC token, and how far it is valid back, in seconds (docs.github.com, OIDC reference). */
const LIFETIME = 300
const BACKDATED = 600

/** Path of the REST API on the same host, as on GitHub Enterprise Server. */
export const API_PATH = '/api/v3'

const KEY_ID = 'github-1'

/** A key pair costs some 100 ms: one for all local clouds of a process. */
const signingKeys = createSigningKeys()

async function createSigningKeys() {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: KEY_ID, use: 'sig', alg: 'RS256' }
  return { privateKey, jwk }
}

/** GitHub as a job sees it: the OIDC issuer with its token endpoint, and the one REST operation about subjects. */
export function createGitHub(context: Context, tokens: JobTokens): Service {
  const issuer = () => context.endpoints.github

  async function issueIdToken(request: ServiceRequest): Promise<ServiceReply> {
    const refusal = refuseToken(request, tokens.requestToken)
    if (refusal) return refusal
    const { workflow } = context.world
    const audience = request.url.searchParams.get('audience') || `https://github.com/${workflow.owner}`
    const now = Math.floor(context.clock.now() / 1000)
    const value = await new SignJWT({
      ...runClaims(workflow),
      iss: issuer(),
      aud: audience,
      sub: subjectOf(workflow),
      jti: crypto.randomUUID(),
      iat: now,
      nbf: now - BACKDATED,
      exp: now + LIFETIME,
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })
      .sign((await signingKeys).privateKey)
    return { status: 200, body: { count: value.length, value } }
  }

  function readSubjectCustomization(
    request: ServiceRequest,
    params: Readonly<Record<string, string>>,
  ): ServiceReply {
    const refusal = refuseToken(request, tokens.apiToken)
    if (refusal) return refusal
    const { workflow } = context.world
    const asked = `${params.owner}/${params.repository}`.toLowerCase()
    if (asked !== `${workflow.owner}/${workflow.repository}`.toLowerCase()) return notFound()
    return { status: 200, body: subjectCustomization(workflow) }
  }

  return {
    name: 'github',
    routes: [
      { operation: 'oidc.token', method: 'GET', path: /^\/oidc\/token$/, handle: issueIdToken },
      {
        operation: 'oidc.configuration',
        method: 'GET',
        path: /^\/\.well-known\/openid-configuration$/,
        handle: () => ({ status: 200, body: openidConfiguration(issuer()) }),
      },
      {
        operation: 'oidc.keys',
        method: 'GET',
        path: /^\/\.well-known\/jwks$/,
        handle: async () => ({ status: 200, body: { keys: [(await signingKeys).jwk] } }),
      },
      {
        operation: 'oidc.subjectCustomization',
        method: 'GET',
        path: /^\/api\/v3\/repos\/(?<owner>[^/]+)\/(?<repository>[^/]+)\/actions\/oidc\/customization\/sub$/,
        handle: readSubjectCustomization,
      },
    ],
    notFound,
    commonHeaders: () => ({
      'x-github-request-id': crypto.randomUUID(),
      'x-content-type-options': 'nosniff',
    }),
  }
}

/** Address that a job asks for OIDC tokens. It holds a `?` already: callers append `&audience=`. */
export const idTokenRequestUrl = (github: string) => `${github}/oidc/token?api-version=2.0`

function notFound(): ServiceReply {
  const documentation = 'https://docs.github.com/rest'
  return { status: 404, body: { message: 'Not Found', documentation_url: documentation, status: '404' } }
}

function refuseToken(request: ServiceRequest, expected: string): ServiceReply | undefined {
  const given = /^(?:bearer|token) (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (given !== undefined && sameText(given, expected)) return undefined
  const message = given === undefined ? 'Requires authentication' : 'Bad credentials'
  return { status: 401, body: { message, documentation_url: 'https://docs.github.com/rest', status: '401' } }
}

/** Compares secrets in constant time. */
export function sameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function openidConfiguration(issuer: string) {
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks`,
    subject_types_supported: ['public', 'pairwise'],
    response_types_supported: ['id_token'],
    claims_supported: ['sub', 'aud', 'exp', 'iat', 'iss', 'jti', 'nbf', ...RUN_CLAIMS],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid'],
  }
}

/** Claims that describe the run, in the names of GitHub's reference. */
const RUN_CLAIMS = [
  'actor',
  'actor_id',
  'base_ref',
  'check_run_id',
  'enterprise',
  'environment',
  'event_name',
  'head_ref',
  'job_workflow_ref',
  'job_workflow_sha',
  'ref',
  'ref_protected',
  'ref_type',
  'repository',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'repository_visibility',
  'run_attempt',
  'run_id',
  'run_number',
  'runner_environment',
  'workflow',
  'workflow_ref',
  'workflow_sha',
] as const

type RunClaims = Partial<Record<(typeof RUN_CLAIMS)[number], string>>

const repositoryOf = (workflow: Workflow) => `${workflow.owner}/${workflow.repository}`

const refTypeOf = ({ ref }: Workflow) => (ref.startsWith('refs/tags/') ? 'tag' : 'branch')

/** `owner/repo/.github/workflows/x.yml@ref`: the workflow that the run started from. */
const workflowRefOf = (workflow: Workflow) =>
  `${repositoryOf(workflow)}/${workflow.workflowPath}@${workflow.ref}`

function runClaims(workflow: Workflow): RunClaims {
  const claims: RunClaims = {
    ref: workflow.ref,
    ref_protected: 'true',
    ref_type: refTypeOf(workflow),
    base_ref: workflow.baseRef ?? '',
    head_ref: workflow.headRef ?? '',
    repository: repositoryOf(workflow),
    repository_id: workflow.repositoryId,
    repository_owner: workflow.owner,
    repository_owner_id: workflow.ownerId,
    repository_visibility: 'private',
    run_id: workflow.runId,
    run_number: workflow.runNumber,
    run_attempt: workflow.runAttempt,
    check_run_id: workflow.checkRunId,
    runner_environment: 'github-hosted',
    actor: workflow.actor,
    actor_id: workflow.actorId,
    event_name: workflow.eventName,
    workflow: workflow.workflow,
    workflow_ref: workflowRefOf(workflow),
    workflow_sha: workflow.sha,
    job_workflow_ref: workflow.jobWorkflowRef ?? workflowRefOf(workflow),
    job_workflow_sha: workflow.sha,
  }
  if (workflow.environment !== undefined) claims.environment = workflow.environment
  if (workflow.enterprise !== undefined) claims.enterprise = workflow.enterprise
  return claims
}

/** A colon separates the parts of a subject: inside a value it is escaped. */
const escaped = (value: string) => value.replaceAll(':', '%3A')

/** `repo:o/r`, or `repo:o@1/r@2` where the repository's subjects are immutable; also GitHub's `sub_claim_prefix`. */
function repoSegment({ owner, ownerId, repository, repositoryId, immutableSubject }: Workflow): string {
  return immutableSubject
    ? `repo:${owner}@${ownerId}/${repository}@${repositoryId}`
    : `repo:${owner}/${repository}`
}

/** What the job is about, by GitHub's precedence: environment, then pull request, then ref. */
function contextSegment({ environment, eventName, ref }: Workflow): string {
  if (environment !== undefined) return `environment:${escaped(environment)}`
  return eventName === 'pull_request' ? 'pull_request' : `ref:${escaped(ref)}`
}

/** The `sub` claim (docs.github.com, "OpenID Connect reference"), by default or by the repository's template. */
export function subjectOf(workflow: Workflow): string {
  const claims = new Map<string, string>(Object.entries(runClaims(workflow)))
  const segment = (key: string) => {
    if (key === 'repo') return repoSegment(workflow)
    if (key === 'context') return contextSegment(workflow)
    return `${key}:${escaped(claims.get(key) ?? '')}`
  }
  return (workflow.includeClaimKeys ?? ['repo', 'context']).map(segment).join(':')
}

function subjectCustomization(workflow: Workflow) {
  return {
    use_default: workflow.includeClaimKeys === undefined,
    ...(workflow.includeClaimKeys === undefined ? {} : { include_claim_keys: workflow.includeClaimKeys }),
    use_immutable_subject: workflow.immutableSubject,
    sub_claim_prefix: repoSegment(workflow),
  }
}

/** The variables that describe the run, as the runner sets them (docs.github.com, "Variables reference"). */
export function workflowEnvironment(workflow: Workflow): Record<string, string> {
  return {
    GITHUB_REPOSITORY: repositoryOf(workflow),
    GITHUB_REPOSITORY_ID: workflow.repositoryId,
    GITHUB_REPOSITORY_OWNER: workflow.owner,
    GITHUB_REPOSITORY_OWNER_ID: workflow.ownerId,
    GITHUB_REF: workflow.ref,
    GITHUB_REF_NAME: workflow.ref.replace(/^refs\/(?:heads|tags|pull)\//, ''),
    GITHUB_REF_TYPE: refTypeOf(workflow),
    GITHUB_BASE_REF: workflow.baseRef ?? '',
    GITHUB_HEAD_REF: workflow.headRef ?? '',
    GITHUB_SHA: workflow.sha,
    GITHUB_RUN_ID: workflow.runId,
    GITHUB_RUN_ATTEMPT: workflow.runAttempt,
    GITHUB_RUN_NUMBER: workflow.runNumber,
    GITHUB_WORKFLOW: workflow.workflow,
    GITHUB_WORKFLOW_REF: workflowRefOf(workflow),
    GITHUB_WORKFLOW_SHA: workflow.sha,
    GITHUB_JOB: 'deploy',
    GITHUB_ACTOR: workflow.actor,
    GITHUB_ACTOR_ID: workflow.actorId,
    GITHUB_EVENT_NAME: workflow.eventName,
  }
}
