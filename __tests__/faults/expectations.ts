import type { FaultEffect } from '../../local-cloud/faults.ts'
import type { DiagnosisCode } from '../../src/core/failures/codes.ts'
import { type Api, apis } from '../../src/services/inference/apis/choices.ts'
import { apiOf } from '../../src/services/inference/apis/index.ts'
import { inferenceExamples } from '../support/inference-examples.ts'

/**
 * What one fault on the way does to a run: the table that the tests of this folder go through, and docs/faults.md prints.
 * The role is missing, is granted, and is live at once; where the inference APIs themselves fail, it is held from the start.
 */

/** Where a fault strikes. Hops of one class deal with it alike. */
export const hops = {
  oidc: { title: 'GitHub OIDC token', class: 'oidc', operation: 'oidc.token' },
  discovery: { title: 'Entra, discovery', class: 'discovery', operation: 'openid.configuration' },
  inferenceToken: {
    title: 'Entra, token for inference',
    class: 'token',
    operation: 'token',
    containing: encodeURIComponent('https://cognitiveservices.azure.com'),
  },
  managementToken: {
    title: 'Entra, token for Resource Manager',
    class: 'token',
    operation: 'token',
    containing: encodeURIComponent('https://management.azure.com'),
  },
  account: { title: 'account', class: 'account', operation: 'accounts.get' },
  deployments: { title: 'deployments', class: 'optional', operation: 'deployments.list' },
  modelList: { title: 'models', class: 'beside', operation: 'models.listOfAccount' },
  assignments: { title: 'role assignments', class: 'optional', operation: 'roleAssignments.list' },
  permissions: { title: 'permissions', class: 'optional', operation: 'permissions.list' },
  grant: { title: 'grant', class: 'grant', operation: 'roleAssignments.create' },
  grantDone: {
    title: 'grant that succeeds, but its reply is lost',
    class: 'grantDone',
    operation: 'roleAssignments.create',
  },
  ...inferenceHops(),
  retiredKey: {
    title: 'chat completions with the retired key',
    class: 'retiredKey',
    operation: 'chatCompletions.create',
    skip: 1,
    inputs: { 'retired-key': 'e3b0c44298fc1c149afbf4c8996fb924' },
    held: true,
  },
  denied: {
    title: 'chat completions before the grant',
    class: 'denied',
    operation: 'chatCompletions.create',
  },
  waiting: {
    title: 'chat completions after the grant',
    class: 'waiting',
    operation: 'chatCompletions.create',
    skip: 1,
  },
} as const satisfies Record<string, Hop>

/** Every API that a deployment can be proven by. */
function inferenceHops(): Record<
  Api,
  Hop & { class: 'inference' | 'twoRoutes' | 'transcription' | 'handshake' }
> {
  const endpoints = { openAI: 'https://a', modelInference: 'https://b', project: undefined }
  const hopOf = (api: Api) => {
    const { title, operation, inputs } = inferenceExamples[api]
    const places = apiOf(api).placesOf({ deployment: 'name', model: 'name' }, endpoints)
    // What is particular to them is particular to the local cloud too: its other route for transcripts serves nothing.
    const own = api === 'realtime' ? 'handshake' : api === 'transcriptions' ? 'transcription' : undefined
    const hopClass = own ?? (places.length > 1 ? 'twoRoutes' : 'inference')
    return { title, class: hopClass, operation, held: true, ...(inputs && { inputs }) } as const
  }
  return Object.fromEntries(apis.map(api => [api, hopOf(api)])) as Record<Api, ReturnType<typeof hopOf>>
}

export interface Hop {
  title: string
  class: HopClass
  /** Of the local cloud. */
  operation: string
  containing?: string
  /** Requests that pass untouched first. */
  skip?: number
  inputs?: Readonly<Record<string, string>>
  /** The role is held from the start: nothing is denied, nothing granted. */
  held?: boolean
}

export type HopName = keyof typeof hops
export type HopClass = keyof typeof codes

/** Families of codes, which each class of hops has codes of its own for. */
type Family = 'unavailable' | 'throttled' | 'rejected' | 'unauthorized' | 'forbidden' | 'absent'

const resourceManager = {
  unavailable: 'resource-manager-unavailable',
  throttled: 'resource-manager-throttled',
  rejected: 'resource-manager-rejected',
  unauthorized: 'resource-manager-token-rejected',
  forbidden: 'resource-manager-forbidden',
  absent: 'resource-manager-rejected',
} as const
const entra = {
  unavailable: 'entra-unavailable',
  throttled: 'entra-throttled',
  rejected: 'entra-rejected',
  unauthorized: 'entra-rejected',
  forbidden: 'entra-rejected',
  absent: 'entra-rejected',
} as const
const inference = {
  unavailable: 'inference-unavailable',
  throttled: 'inference-throttled',
  rejected: 'inference-rejected',
  unauthorized: 'token-not-accepted',
  forbidden: 'inference-rejected',
  absent: 'endpoint-not-found',
} as const

export const codes = {
  oidc: {
    unavailable: 'oidc-endpoint-unavailable',
    throttled: 'oidc-endpoint-unavailable',
    rejected: 'oidc-request-refused',
    unauthorized: 'oidc-request-refused',
    forbidden: 'oidc-request-refused',
    absent: 'oidc-request-refused',
  },
  discovery: entra,
  token: entra,
  account: resourceManager,
  optional: resourceManager,
  beside: resourceManager,
  // Who is refused there may not assign, whatever the words.
  grant: { ...resourceManager, forbidden: 'cannot-assign-role' },
  grantDone: { ...resourceManager, forbidden: 'cannot-assign-role' },
  inference,
  twoRoutes: inference,
  transcription: inference,
  handshake: inference,
  retiredKey: inference,
  denied: inference,
  waiting: inference,
} as const satisfies Record<string, Record<Family, DiagnosisCode>>

export const counts = { once: 1, thrice: 3, forever: Number.POSITIVE_INFINITY } as const
type Count = keyof typeof counts

type Expected = 'passes' | Family | DiagnosisCode
/** How the run ends where the fault strikes once, three times, at every try. */
export type Row = readonly [once: Expected, thrice: Expected, forever: Expected]

const harmless: Row = ['passes', 'passes', 'passes']
/** Four tries in all. */
const passing = (code: Expected): Row => ['passes', 'passes', code]
/** Two tries: each costs a whole `request-timeout`. */
const hanging: Row = ['passes', 'request-timeout', 'request-timeout']
/** No retry could help. */
const final = (code: Expected): Row => [code, code, code]

export interface Expectation {
  /** The fault, in words. */
  title: string
  /** @param elsewhere Origin of a host that is none of the cloud's. @param now Milliseconds since the epoch. */
  effect: (elsewhere: string, now: number) => FaultEffect
  /** What the diagnosis quotes where the run fails: status, code and message in one line. */
  says: RegExp
  otherwise: Row
  /** Classes of hops that deal with it in another way; undefined where the fault makes no sense there. */
  except?: Readonly<Partial<Record<HopClass, Row | undefined>>>
}

const json = (status: number, body: object, headers: Record<string, string> = {}): FaultEffect => ({
  kind: 'reply',
  status,
  headers,
  body,
})
const refusal = (status: number, headers: Record<string, string> = {}): FaultEffect =>
  json(status, { error: { code: 'Injected', message: 'Injected by a test.' } }, headers)
const page =
  '<!doctype html><html><head><title>Please sign in</title></head><body>Contoso proxy</body></html>'
const minute = 60_000

/** The grant may have been made although nobody heard of it: the gate looks, and goes on. */
const foundOut = { grantDone: harmless }
/** A success that is no answer of the API has a code of its own. */
const nonsense = {
  inference: passing('answer-invalid'),
  twoRoutes: passing('answer-invalid'),
  transcription: passing('answer-invalid'),
  handshake: passing('answer-invalid'),
  retiredKey: passing('answer-invalid'),
  denied: passing('answer-invalid'),
  waiting: passing('answer-invalid'),
}
/** It never fails. */
const nothing = /^$/
/** What there is to say of a success that is none, and of a refusal that is cut short. */
const unreadable = /reply (was not understood|is no answer|holds no token)|^40[13] /
/** Of a handshake nothing is read but its head. */
const headIsAll = { handshake: harmless }
/** A refusal is no reply of a request that took effect. */
const notDone = { grantDone: undefined }

export const expectations = {
  400: {
    title: '400',
    effect: () => refusal(400),
    says: /^400 .*Injected by a test/,
    otherwise: final('rejected'),
    except: notDone,
  },
  401: {
    title: '401',
    effect: () => refusal(401),
    // The latter where the other route took the token, and does not serve the deployment.
    says: /^401 .*Injected by a test|^404 DeploymentNotFound /,
    otherwise: final('unauthorized'),
    // A key that is refused is what the call is for; and the other route may take the token.
    except: {
      ...notDone,
      retiredKey: harmless,
      twoRoutes: harmless,
      transcription: final('deployment-not-ready'),
    },
  },
  403: {
    title: '403',
    effect: () => refusal(403),
    says: /^403 .*Injected by a test/,
    otherwise: final('forbidden'),
    // Not to be allowed to look is no obstacle.
    except: { ...notDone, optional: harmless },
  },
  404: {
    title: '404',
    effect: () => refusal(404),
    says: /^404 .*Injected by a test/,
    otherwise: final('absent'),
    except: { ...notDone, twoRoutes: harmless },
  },
  409: {
    title: '409',
    effect: () => refusal(409),
    says: /^409 .*Injected by a test/,
    otherwise: final('rejected'),
    except: notDone,
  },
  408: {
    title: '408',
    effect: () => refusal(408),
    says: /^408 .*Injected by a test/,
    otherwise: passing('unavailable'),
    except: foundOut,
  },
  throttledShort: {
    title: '429, Retry-After of 2 s',
    effect: () => refusal(429, { 'retry-after': '2' }),
    says: /^429 .*Injected by a test/,
    otherwise: passing('throttled'),
    except: notDone,
  },
  throttledZero: {
    title: '429, Retry-After of 0 s',
    effect: () => refusal(429, { 'retry-after': '0' }),
    says: /^429 .*Injected by a test/,
    otherwise: passing('throttled'),
    except: notDone,
  },
  throttledLong: {
    title: '429, Retry-After of a day',
    effect: () => refusal(429, { 'retry-after': '86400' }),
    says: /^429 .*Injected by a test/,
    otherwise: final('throttled'),
    except: notDone,
  },
  throttledDated: {
    title: '429, Retry-After with a date 5 s ahead',
    effect: (_, now) => refusal(429, { 'retry-after': new Date(now + 5000).toUTCString() }),
    says: /^429 .*Injected by a test/,
    otherwise: passing('throttled'),
    except: notDone,
  },
  throttledMalformed: {
    title: '429, malformed Retry-After',
    effect: () => refusal(429, { 'retry-after': 'soon, -1' }),
    says: /^429 .*Injected by a test/,
    otherwise: passing('throttled'),
    except: notDone,
  },
  throttledSilent: {
    title: '429, no Retry-After',
    effect: () => refusal(429),
    says: /^429 .*Injected by a test/,
    otherwise: passing('throttled'),
    except: notDone,
  },
  500: {
    title: '500',
    effect: () => refusal(500),
    says: /^500 .*Injected by a test/,
    otherwise: passing('unavailable'),
    except: foundOut,
  },
  502: {
    title: '502',
    effect: () => refusal(502),
    says: /^502 .*Injected by a test/,
    otherwise: passing('unavailable'),
    except: foundOut,
  },
  503: {
    title: '503',
    effect: () => refusal(503),
    says: /^503 .*Injected by a test/,
    otherwise: passing('unavailable'),
    except: foundOut,
  },
  504: {
    title: '504',
    effect: () => refusal(504),
    says: /^504 .*Injected by a test/,
    otherwise: passing('unavailable'),
    except: foundOut,
  },
  resetBefore: {
    title: 'connection reset before the reply',
    effect: () => ({ kind: 'reset', when: 'before' }),
    says: /^ECONNRESET /,
    otherwise: passing('connection-failed'),
    except: foundOut,
  },
  resetInHeaders: {
    title: 'connection reset after the headers',
    effect: () => ({ kind: 'reset', when: 'headers' }),
    says: /^ECONNRESET /,
    otherwise: passing('connection-failed'),
    except: { grant: harmless, ...notDone, ...headIsAll },
  },
  resetInBody: {
    title: 'connection reset in the middle of the body',
    effect: () => ({ kind: 'reset', when: 'body' }),
    says: /^ECONNRESET /,
    otherwise: passing('connection-failed'),
    except: { grant: harmless, ...notDone, ...headIsAll },
  },
  hang: {
    title: 'no reply',
    effect: () => ({ kind: 'hang' }),
    says: /^REQUEST_TIMEOUT .* did not answer in time/,
    otherwise: hanging,
    except: foundOut,
  },
  drip: {
    title: 'a byte of the reply each second',
    effect: () => ({ kind: 'drip', ms: 1000 }),
    says: /^REQUEST_TIMEOUT .* did not answer in time/,
    otherwise: hanging,
    except: { grant: harmless, ...notDone, ...headIsAll },
  },
  truncated: {
    title: 'truncated JSON',
    effect: () => ({ kind: 'truncate', bytes: 20 }),
    says: unreadable,
    otherwise: passing('unavailable'),
    // What is cut off there is the denial, or the refusal of the key.
    except: {
      grant: harmless,
      ...nonsense,
      retiredKey: passing('unavailable'),
      denied: passing('unavailable'),
      ...notDone,
      ...headIsAll,
    },
  },
  html: {
    title: "200, a proxy's HTML page",
    effect: () => ({ kind: 'reply', status: 200, headers: { 'content-type': 'text/html' }, body: page }),
    says: unreadable,
    otherwise: passing('unavailable'),
    except: { ...nonsense, ...foundOut },
  },
  empty: {
    title: 'empty body',
    effect: () => ({ kind: 'truncate', bytes: 0 }),
    says: unreadable,
    otherwise: passing('unavailable'),
    // A denial always says so, and so does the refusal of a key; a 401 or a 403 that says nothing is neither.
    except: {
      grant: harmless,
      ...nonsense,
      retiredKey: final('rejected'),
      denied: final('unauthorized'),
      ...notDone,
      ...headIsAll,
    },
  },
  wrongType: {
    title: 'right body, Content-Type text/plain',
    effect: () => ({ kind: 'headers', headers: { 'content-type': 'text/plain' } }),
    says: nothing,
    otherwise: harmless,
    except: notDone,
  },
  errorInside: {
    title: '200, an error inside',
    effect: () => json(200, { error: { code: 'InternalServerError', message: 'Injected by a test.' } }),
    says: unreadable,
    otherwise: passing('unavailable'),
    except: { ...nonsense, ...foundOut },
  },
  redirect: {
    title: '307 to another host',
    effect: elsewhere => refusal(307, { location: `${elsewhere}/` }),
    says: /^307 .*redirects to .*Injected/,
    otherwise: final('blocked-on-the-way'),
    except: notDone,
  },
  gigantic: {
    title: '200, a body of 9 MiB',
    effect: () => ({ kind: 'reply', status: 200, body: `{"value":"${'x'.repeat(9 * 1024 * 1024)}"}` }),
    says: /^RESPONSE_TOO_LARGE /,
    otherwise: final('connection-failed'),
    except: foundOut,
  },
  clockAhead: {
    title: 'clock two minutes ahead',
    effect: () => ({ kind: 'skew', ms: 2 * minute }),
    says: nothing,
    otherwise: harmless,
    except: notDone,
  },
  clockBehind: {
    title: 'clock two minutes behind',
    effect: () => ({ kind: 'skew', ms: -2 * minute }),
    says: nothing,
    otherwise: harmless,
    except: notDone,
  },
} as const satisfies Record<string, Expectation>

type FaultName = keyof typeof expectations

export interface Scenario {
  hop: HopName
  fault: FaultName
  count: Count
  expected: 'passes' | DiagnosisCode
}

const keysOf = <T extends object>(record: T): Array<keyof T> => Object.keys(record) as Array<keyof T>
const countNames = keysOf(counts)

/** Every scenario at the hops, in the order of the table. What is final at once is so however often it would come again. */
export function scenariosAt(...names: readonly HopName[]): Scenario[] {
  return names.flatMap(hop =>
    keysOf(expectations).flatMap(fault => {
      const row = rowOf(expectations[fault], hops[hop].class)
      if (row === undefined) return []
      const ends = row.map(expected => codeOf(expected, hop))
      const isFinal = ends[0] !== 'passes'
      return (isFinal ? countNames.slice(0, 1) : countNames).map((count, index) => ({
        hop,
        fault,
        count,
        expected: ends[index] ?? 'passes',
      }))
    }),
  )
}

export function rowOf({ otherwise, except = {} }: Expectation, hopClass: HopClass): Row | undefined {
  // Nothing waits for it.
  if (hopClass === 'beside') return harmless
  return hopClass in except ? except[hopClass] : otherwise
}

function codeOf(expected: Expected, hop: HopName): 'passes' | DiagnosisCode {
  const ofClass: Readonly<Record<Family, DiagnosisCode>> = codes[hops[hop].class]
  return isFamily(expected) ? ofClass[expected] : expected
}

const isFamily = (expected: Expected): expected is Family => expected in codes.oidc
