import { existsSync, readFileSync } from 'node:fs'
import * as v from 'valibot'
import type { Refusal } from '../../src/core/failures/failure.ts'
import { refusalOfNetwork } from '../../src/core/failures/network.ts'
import { NetworkFailure } from '../../src/core/http/client.ts'
import { refusalOfEntra } from '../../src/services/entra/errors.ts'
import { oidcUnavailable, refusalOfOidc } from '../../src/services/github/errors.ts'
import { readWorkflowRun } from '../../src/services/github/workflow-run.ts'
import { refusalOfInference } from '../../src/services/inference/errors.ts'
import { refusalOfResourceManager } from '../../src/services/resource-manager/errors.ts'
import { replyOf } from '../support/replies.ts'

/** Replies that people met and wrote down, one a line, with the code that each deserves. */
const collection = new URL('../../../shared/failures/failures.jsonl', import.meta.url)

const failureCase = v.object({
  id: v.string(),
  code: v.string(),
  stage: v.picklist(['github-oidc', 'entra', 'arm', 'inference', 'network']),
  status: v.nullable(v.number()),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  body: v.string(),
  body_kind: v.picklist(['error-text', 'json', 'prose', 'doc-table-row']),
})
type FailureCase = v.InferOutput<typeof failureCase>

/** Statuses with which a service sends such replies; for cases whose source does not tell. */
const plausible = {
  entra: [400, 401],
  arm: [400, 403, 404, 409],
  inference: [400, 401, 403, 404],
}

/** Pages that describe an error tell its words, not its JSON: the words are put where the service puts them. */
const asEntraSends = ({ body, body_kind }: FailureCase) =>
  body_kind === 'prose' || body_kind === 'doc-table-row' ? { error_description: body } : body

function repliesTo(failure: FailureCase, stage: keyof typeof plausible) {
  const headers = Object.fromEntries(
    Object.entries(failure.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const statuses = failure.status === null ? plausible[stage] : [failure.status]
  const body = stage === 'entra' ? asEntraSends(failure) : failure.body
  return statuses.map(status => replyOf(status, body, headers))
}

/** A missing variable is no reply: it is read off the run, and so is where the run comes from. */
function refusalsOfGitHub({ id, body, status }: FailureCase): Refusal[] {
  if (/unable to get|was unset/i.test(body))
    return [oidcUnavailable({ ...readWorkflowRun({}), fromFork: id.includes('fork') })]
  // The texts are those of clients, to which the endpoint said nothing that they understood.
  const statuses = status === null ? [200, 500, 503] : [status]
  return statuses.map(each => refusalOfOidc(replyOf(each, {}), 0))
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

function refusalsOf(failure: FailureCase): Refusal[] {
  switch (failure.stage) {
    case 'github-oidc':
      return refusalsOfGitHub(failure)
    case 'network':
      return [refusalOfNetwork(networkFailureOf(failure))]
    case 'entra':
      return repliesTo(failure, 'entra').map(reply => refusalOfEntra(reply, 0))
    case 'arm':
      return repliesTo(failure, 'arm').map(reply => refusalOfResourceManager(reply, 0))
    case 'inference':
      return repliesTo(failure, 'inference').map(reply => refusalOfInference(reply, 0))
  }
}

if (existsSync(collection)) {
  const lines = readFileSync(collection, 'utf8')
    .split('\n')
    .filter(line => line !== '')
  const cases = lines.map(line => v.parse(failureCase, JSON.parse(line)))

  test.each(cases.map(failure => [failure.id, failure.code, failure] as const))(
    '%s is %s',
    (_, code, failure) => {
      const codes = refusalsOf(failure).map(refusal => refusal.code)

      expect(codes.length).toBeGreaterThan(0)
      expect(new Set(codes)).toEqual(new Set([code]))
    },
  )
} else {
  test('collected failures not present: nothing compared', () => {
    expect(existsSync(collection)).toBe(false)
  })
}
