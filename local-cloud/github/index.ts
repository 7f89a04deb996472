import { timingSafeEqual } from 'node:crypto'
import type { Context } from '../context.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'
import type { Workflow } from '../world.ts'
import { RUN_CLAIMS, refTypeOf, repoSegment, repositoryOf, workflowRefOf } from './claims.ts'
import { ID_TOKEN_LIFETIME, idTokenSigner } from './id-token.ts'

/** The two tokens that a job holds: one asks for OIDC tokens, the other (GITHUB_TOKEN) is for the REST API. */
export interface JobTokens {
  requestToken: string
  apiToken: string
}

/** Path of the REST API on the same host, as on GitHub Enterprise Server. */
export const API_PATH = '/api/v3'

/** GitHub as a job sees it: the OIDC issuer, its token endpoint, and the one REST operation about subjects. */
export function createGitHub(context: Context, tokens: JobTokens): Service {
  const issuer = () => context.endpoints.github

  async function issueIdToken(request: ServiceRequest): Promise<ServiceReply> {
    const refusal = refuseToken(request, tokens.requestToken)
    if (refusal) return refusal
    const { workflow } = context.world
    const audience = request.url.searchParams.get('audience') || `https://github.com/${workflow.owner}`
    const value = (await idTokenSigner()).sign(workflow, {
      issuer: issuer(),
      audience,
      now: context.clock.now(),
      lifetimeSeconds: ID_TOKEN_LIFETIME,
    })
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
        handle: async () => ({ status: 200, body: { keys: [(await idTokenSigner()).jwk] } }),
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
