import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Failure } from '../../src/core/failures/failure.ts'
import { failureOfNetwork } from '../../src/core/failures/network.ts'
import { NetworkFailure } from '../../src/core/http/network-failure.ts'
import { failureOfEntra } from '../../src/services/entra/errors.ts'
import { failureOfOidc, oidcUnavailable } from '../../src/services/github/errors.ts'
import { readWorkflowRun } from '../../src/services/github/workflow-run.ts'
import { failureOfInference } from '../../src/services/inference/errors.ts'
import { failureOfResourceManager } from '../../src/services/resource-manager/errors.ts'
import { replyOf } from '../support/replies.ts'

/** Replies that people met and wrote down, one a line, with the code that each deserves, and where it was seen. */
const collection = join(import.meta.dirname, 'recorded-replies.jsonl')

const failureCase = v.object({
  id: v.string(),
  code: v.string(),
  /** Others that are right as well: some replies have several causes, of which only the run can tell. */
  accept: v.optional(v.array(v.string()), []),
  hop: v.picklist(['github', 'entra', 'resource-manager', 'inference', 'network']),
  status: v.nullable(v.number()),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  body: v.string(),
  /** Pages that describe an error tell its words, not its JSON. */
  kind: v.picklist(['error-text', 'json', 'xml', 'html', 'text', 'prose', 'doc-table-row']),
  /** What the reply names, where it is about a parameter. */
  parameter: v.optional(v.string()),
})
type FailureCase = v.InferOutput<typeof failureCase>

/** Statuses with which a service sends such replies; for cases whose source does not tell. */
const plausible = {
  entra: [400, 401],
  'resource-manager': [400, 403, 404, 409],
  inference: [400, 401, 403, 404],
}

/** Words that a page tells are put where the service puts them. */
const asEntraSends = ({ body, kind }: FailureCase) =>
  kind === 'prose' || kind === 'doc-table-row' ? { error_description: body } : body

function repliesTo(failure: FailureCase, hop: keyof typeof plausible) {
  const statuses = failure.status === null ? plausible[hop] : [failure.status]
  const body = hop === 'entra' ? asEntraSends(failure) : failure.body
  return statuses.map(status => replyOf(status, body, failure.headers))
}

/** A missing variable is no reply: it is read off the run, and so is where the run comes from. */
function refusalsOfGitHub({ id, body, kind, status }: FailureCase): Failure[] {
  if (/unable to get|was unset/i.test(body))
    return [oidcUnavailable({ ...readWorkflowRun({}), fromFork: id.includes('fork') })]
  // The other texts are those of clients, to which the endpoint said nothing that they understood.
  const statuses = status === null ? [200, 500, 503] : [status]
  return statuses.map(each => failureOfOidc(replyOf(each, kind === 'json' ? body : {}), 0))
}

/** What `http.ts` makes of such an error: the code of the network stack, or the status of the proxy. */
function networkFailureOf({ body }: FailureCase): NetworkFailure {
  const proxyStatus = /statusCode=(\d{3})/.exec(body)?.[1]
  const code = /\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|[A-Z_]*CERT[A-Z_]*)\b/.exec(body)?.[1]
  return new NetworkFailure(
    proxyStatus === undefined ? (code ?? '') : `PROXY_${proxyStatus}`,
    'contoso.example',
    body,
  )
}

function refusalsOf(failure: FailureCase): Failure[] {
  switch (failure.hop) {
    case 'github':
      return refusalsOfGitHub(failure)
    case 'network':
      return [failureOfNetwork(networkFailureOf(failure))]
    case 'entra':
      return repliesTo(failure, 'entra').map(reply => failureOfEntra(reply, 0))
    case 'resource-manager':
      return repliesTo(failure, 'resource-manager').map(reply => failureOfResourceManager(reply, 0))
    case 'inference':
      return repliesTo(failure, 'inference').map(reply => failureOfInference(reply, 0))
  }
}

const lines = readFileSync(collection, 'utf8')
  .split('\n')
  .filter(line => line !== '')
const cases = lines.map(line => v.parse(failureCase, JSON.parse(line)))

test.each(cases.map(failure => [failure.id, failure.code, failure] as const))(
  '%s is %s',
  (_, code, failure) => {
    const codes = refusalsOf(failure).map(failure => failure.code)

    expect(codes.length).toBeGreaterThan(0)
    expect([code, ...failure.accept]).toEqual(expect.arrayContaining(codes))
  },
)

test.each(
  cases.flatMap(failure => (failure.parameter === undefined ? [] : [[failure.id, failure] as const])),
)('%s names the parameter', (_, failure) => {
  for (const { details } of refusalsOf(failure)) expect(details?.parameter).toBe(failure.parameter)
})
