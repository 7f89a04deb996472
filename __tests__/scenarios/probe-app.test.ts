import * as v from 'valibot'
import type { FaultEffect } from '../../local-cloud/faults.ts'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { freePorts } from '../local-cloud/cloud-fixture.ts'
import {
  app,
  appHolds,
  appKey,
  bothHold,
  createCloudWithApp,
  probeUrl,
  worldWithApp,
} from '../support/app-world.ts'
import { accountEndpoint, holds, refuse, roles } from '../support/arrange.ts'
import { type CodeCases, everyService, testCodes } from '../support/code-cases.ts'
import type { GateRun } from '../support/gate-run.ts'
import { startProxy } from '../support/proxy.ts'
import { logOf, runGate } from '../support/scenario.ts'

/** A route of the app that makes a model call as the app's own identity: it is asked after the proof, until it answers. */

const seconds = 1000
const minutes = 60 * seconds

let cloud: LocalCloud
beforeAll(async () => {
  // A change reaches its replicas one after the other.
  cloud = await createCloudWithApp({}, { lag: { roleAssignments: [0, 40 * seconds, 90 * seconds] } })
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const probing = (inputs: Readonly<Record<string, string>> = {}, at = cloud, query?: string) => ({
  inputs: { 'probe-url': probeUrl(at, query), ...inputs },
})

const asked = ({ requests }: GateRun) => requests.filter(({ service }) => service === 'app')
const statuses = (run: GateRun) => asked(run).map(({ status }) => status)
const probedReport = v.object({ app: v.object({ probes: v.array(v.object({ outcome: v.string() })) }) })
const fails = (effect: FaultEffect, times?: number) =>
  cloud.faults.add({ name: 'app', operation: 'app.probe', effect, ...(times === undefined ? {} : { times }) })

describe('an app with an old role', () => {
  test('is asked three times after the proof, without a wait', async () => {
    bothHold(cloud)
    const run = await runGate(cloud, probing())

    expect(run.outputs.result).toBe('passed')
    expect(run.requests.slice(-3).map(({ service }) => service)).toEqual(['app', 'app', 'app'])
    expect(run.report).toMatchObject({
      app: { url: probeUrl(cloud), answered: true, waitedSeconds: 0, probes: [{ outcome: 'ok' }, {}, {}] },
    })
    expect(logOf(run)).toContain(
      'The app answered 3 times in a row, each time on a new connection (HTTP 200).',
    )
    expect(run.summary).toContain('### The app')
  })

  test('gets neither a token nor a body, and no cache may answer for it', async () => {
    bothHold(cloud)
    const run = await runGate(cloud, probing())

    expect(asked(run)).toHaveLength(3)
    for (const { method, headers, body } of asked(run)) {
      expect({ method, body }).toEqual({ method: 'GET', body: '' })
      expect(Object.keys(headers)).not.toContain('authorization')
      expect(headers['cache-control']).toBe('no-cache')
    }
  })

  test('is asked on a new connection each time', async () => {
    bothHold(cloud)
    const proxy = await startProxy()
    const host = new URL(probeUrl(cloud)).host
    const run = await runGate(cloud, {
      ...probing({ 'consecutive-successes': '5' }),
      env: { HTTPS_PROXY: proxy.url },
    })
    await proxy.close()

    expect(run.outputs.result).toBe('passed')
    expect(proxy.targets.filter(target => target === host)).toHaveLength(5)
  })

  test('is asked once if consecutive-successes is 1', async () => {
    bothHold(cloud)
    const run = await runGate(cloud, probing({ 'consecutive-successes': '1' }))
    expect(run.outputs.result).toBe('passed')
    expect(statuses(run)).toEqual([200])
  })

  test('is proven after a deploy by the same step with grant: never, and with an endpoint alone', async () => {
    bothHold(cloud)
    for (const inputs of [
      { grant: 'never' },
      { 'resource-id': '', endpoint: accountEndpoint(cloud) },
    ] satisfies Record<string, string>[]) {
      const run = await runGate(cloud, probing(inputs))
      expect(run.outputs.result).toBe('passed')
      expect(statuses(run)).toEqual([200, 200, 200])
    }
  })

  test('is not asked in a plan, which says that a run would ask it', async () => {
    bothHold(cloud)
    const run = await runGate(cloud, probing({ grant: 'plan' }, cloud, `?code=${appKey}`))
    expect(run.outputs.result).toBe('planned')
    expect(asked(run)).toEqual([])
    expect(logOf(run)).toContain(`the gate would call the app at ${probeUrl(cloud)}?***`)
    expect(run.report).toMatchObject({ app: null })
  })

  test("is not asked if the pipeline's own proof failed", async () => {
    appHolds(cloud)
    const run = await runGate(cloud, probing({ grant: 'never' }))
    expect(run.outputs.diagnosis).toBe('access-denied')
    expect(asked(run)).toEqual([])
  })
})

describe('an app with a young role', () => {
  test('is waited for until the replicas of the data plane agree, at the pace of the wait', async () => {
    const lagging = await createCloudWithApp({}, { lag: { roleAssignments: [240 * seconds, 60 * seconds] } })
    try {
      bothHold(lagging, new Date(lagging.clock.now()))
      const run = await runGate(lagging, probing({}, lagging))

      expect(run.outputs).toMatchObject({ result: 'passed', 'propagation-seconds': '0.0' })
      const answers = statuses(run)
      expect(answers).toContain(401)
      expect(answers.slice(-3)).toEqual([200, 200, 200])
      // Access is noticed within a tenth of the wait and a second; a broken row asks for up to twelve.
      expect(answers.length).toBeLessThan(120)
      const span = (asked(run).at(-1)?.at ?? 0) - (asked(run)[0]?.at ?? 0)
      expect(span).toBeGreaterThanOrEqual(239 * seconds)
      expect(span).toBeLessThan(270 * seconds)
      expect(logOf(run)).toMatch(/probe \d+: HTTP 401 · next in/)
      expect(logOf(run)).toMatch(/The app's own access is proven too: \S+ answered, live after \d/)
      expect(run.summary).toContain('section HTTP 401')
      expect(run.summary).toMatch(/All \d+ probes of the app/)
      expect(run.report).toMatchObject({ app: { answered: true, probes: expect.arrayContaining([]) } })
    } finally {
      await lagging.close()
    }
  })

  test("has a separate propagation-timeout, after the pipeline's", async () => {
    const slow = await createCloudWithApp({}, { lag: { roleAssignments: [8 * minutes] } })
    try {
      holds(slow, { role: roles.rbacAdministrator }, { role: roles.reader })
      appHolds(slow, new Date(slow.clock.now() + 7 * minutes))
      const run = await runGate(slow, probing({ 'propagation-timeout': '10m' }, slow))

      expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
      const [first] = asked(run)
      const waited = (asked(run).at(-1)?.at ?? 0) - (first?.at ?? 0)
      expect(waited).toBeGreaterThan(5 * minutes)
    } finally {
      await slow.close()
    }
  })
})

const page = '<!doctype html><title>App</title><p>Something went wrong.'
const html = { 'content-type': 'text/html' }

describe('errors of an app that is still starting are waited out', () => {
  const reply = (status: number): [FaultEffect, string] => [
    { kind: 'reply', status, body: 'Not yet' },
    `HTTP ${status}`,
  ]
  const sayings: [FaultEffect, string][] = [
    [{ kind: 'reset', when: 'before' }, 'connection-failed'],
    [{ kind: 'reset', when: 'body' }, 'connection-failed'],
    [{ kind: 'hang' }, 'request-timeout'],
    ...[404, 408, 503, 502, 504, 500, 429, 403, 401].map(reply),
    [{ kind: 'reply', status: 200, headers: html, body: page }, 'unexpected'],
    [{ kind: 'reply', status: 200, body: { error: 'denied' } }, 'unexpected'],
    [{ kind: 'headers', headers: { age: '120' } }, 'unexpected'],
  ]

  test('of any kind, in any order', async () => {
    bothHold(cloud)
    for (const [effect] of sayings) fails(effect, 1)
    const run = await runGate(cloud, probing({ 'consecutive-successes': '2' }))

    expect(run.outputs.result).toBe('passed')
    const said = sayings.map(([, outcome]) => outcome)
    const outcomes = [...said, ...Array.from({ length: 4 }, () => 'ok')]
    expect(run.report).toMatchObject({
      app: { answered: true, probes: outcomes.map(outcome => expect.objectContaining({ outcome })) },
    })
    for (const [at, outcome] of said.entries()) expect(logOf(run)).toContain(`probe ${at + 1}: ${outcome}`)
  })

  test('503 until it has started', async () => {
    const later = new Date(cloud.clock.now() + 90 * seconds).toISOString()
    cloud.reset(worldWithApp({ startsOn: later }))
    bothHold(cloud)
    const run = await runGate(cloud, probing())
    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({
      app: { probes: expect.arrayContaining([expect.objectContaining({ outcome: 'HTTP 503' })]) },
    })
  })

  test('its closed port, 503, 401 while its role is young, and then it is there', async () => {
    // Nobody else takes the port while it is closed.
    const basePort = await freePorts(20)
    const starting = await createCloudWithApp(
      {},
      { basePort, lag: { roleAssignments: [150 * seconds, 100 * seconds] } },
    )
    try {
      const inSeconds = (count: number) => new Date(starting.clock.now() + count * seconds).toISOString()
      starting.reset(worldWithApp({ listensOn: inSeconds(30), startsOn: inSeconds(80) }))
      bothHold(starting, new Date(starting.clock.now()))
      const run = await runGate(starting, probing({}, starting))

      expect(run.outputs.result).toBe('passed')
      const report = v.parse(probedReport, run.report)
      const outcomes = report.app.probes.map(({ outcome }) => outcome)
      const inOrder = outcomes.filter((outcome, at) => !outcomes.slice(0, at).includes(outcome))
      expect(inOrder).toEqual(['connection-failed', 'HTTP 503', 'HTTP 401', 'ok'])
      expect(outcomes.slice(-3)).toEqual(['ok', 'ok', 'ok'])
      expect(logOf(run)).toMatch(/probe 1: connection-failed \(ECONNREFUSED\) · next in/)
    } finally {
      await starting.close()
    }
  })

  test('429: it is asked again after the time that it gives', async () => {
    bothHold(cloud)
    refuse(cloud, 'app.probe', 429, 'Slow down', { 'retry-after': '77' }, 1)
    const run = await runGate(cloud, probing())
    expect(run.outputs.result).toBe('passed')
    const [first, second] = asked(run)
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(77 * seconds)
  })

  test('answers of any kind that do not match probe-expect; a match is enough, even in a page', async () => {
    bothHold(cloud)
    fails({ kind: 'reply', status: 200, body: 'starting' }, 2)
    fails({ kind: 'reply', status: 200, headers: html, body: '<html>ready' })
    const run = await runGate(cloud, probing({ 'probe-expect': 'ready$' }))
    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({
      settings: { probeExpect: 'ready$' },
      app: {
        probes: [{ outcome: 'unexpected' }, { outcome: 'unexpected' }, ...Array(6).fill({ outcome: 'ok' })],
      },
    })
  })

  test('a refusal starts the row over, and the next one has to be longer', async () => {
    bothHold(cloud)
    cloud.faults.add({
      name: 'one instance',
      operation: 'app.probe',
      effect: { kind: 'reply', status: 503 },
      skip: 2,
      times: 1,
    })
    const run = await runGate(cloud, probing())
    expect(run.outputs.result).toBe('passed')
    expect(statuses(run).filter(status => status === 200)).toHaveLength(2 + 12)
  })
})

const mendedByApp = { advice: /./, by: () => cloud.faults.clear() }
/** The app is not there at all. */
let closedPort = 0
beforeAll(async () => {
  closedPort = await freePorts(1)
})

const cases: Pick<CodeCases<'production'>, 'probe-failed'> = {
  'probe-failed': [
    {
      when: 'the identity of the app holds no role: denied to the end',
      arrange: () => holds(cloud, { role: roles.foundryUser }),
      run: () => probing(),
      within: 15 * minutes + 5 * seconds,
      outputs: { 'role-state': 'covered', 'principal-id': expect.any(String) },
      says: /401: .*lacks the required data action.*AZURE_CLIENT_ID/s,
      mend: { advice: /AZURE_CLIENT_ID/, by: () => appHolds(cloud) },
    },
    {
      when: 'a redirect to a log-in page, at once',
      arrange: () => {
        cloud.reset(worldWithApp({ requiresLogin: true }))
        bothHold(cloud)
      },
      run: () => probing(),
      says: /302: It redirects to https:\/\/127\.0\.0\.1:\d+\/\S+\/authorize\?\*\*\*; redirects are not followed/,
      mend: {
        advice: /excludedPaths/,
        by: () => {
          for (const { app: route } of cloud.world.resources) if (route) route.requiresLogin = false
        },
      },
    },
    {
      when: 'an error page with 200, to the end',
      arrange: () => {
        cloud.reset(worldWithApp({ hidesFailures: true }))
        holds(cloud, { role: roles.foundryUser })
      },
      run: () => probing({ 'propagation-timeout': '2m' }),
      within: 2 * minutes + 5 * seconds,
      says: /200: It is a page, and may be that of an error.*Something went wrong/s,
      mend: { advice: /another status than 2xx/, by: () => appHolds(cloud) },
    },
    ...[400, 307].map(status => ({
      when: `${status}, at once`,
      arrange: () => {
        bothHold(cloud)
        fails({ kind: 'reply', status, headers: { location: '/elsewhere' }, body: 'No' })
      },
      run: () => probing(),
      says: new RegExp(`${status}: .*No`),
      mend: mendedByApp,
    })),
    {
      when: 'throttled for longer than there is time, at once',
      arrange: () => {
        bothHold(cloud)
        refuse(cloud, 'app.probe', 429, 'Tomorrow', { 'retry-after': '86400' })
      },
      run: () => probing(),
      says: /gets too many requests/,
      mend: mendedByApp,
    },
    {
      when: 'nothing listens there, to the end',
      arrange: () => bothHold(cloud),
      run: () =>
        probing({ 'probe-url': `https://127.0.0.1:${closedPort}/probe`, 'propagation-timeout': '1m' }),
      within: 1 * minutes + 5 * seconds,
      says: /ECONNREFUSED/,
      mend: { advice: /from the network of the runner/, run: () => probing() },
    },
    {
      when: 'no such name, to the end',
      arrange: () => bothHold(cloud),
      run: () => probing({ 'probe-url': 'https://shop.contoso.invalid/probe', 'propagation-timeout': '1m' }),
      within: 1 * minutes + 5 * seconds,
      says: /shop\.contoso\.invalid/,
      mend: { advice: /from the network of the runner/, run: () => probing() },
    },
    {
      when: 'a pattern that backtracks for ever',
      arrange: () => {
        bothHold(cloud)
        fails({ kind: 'reply', status: 200, body: `${'a'.repeat(40)}!` })
      },
      run: () => probing({ 'probe-expect': '^(a+)+$', 'propagation-timeout': '3s' }),
      within: 10 * seconds,
      says: /took too long to find out/,
      mend: { ...mendedByApp, run: () => probing({ 'probe-expect': '' }) },
    },
  ],
}

testCodes(() => cloud, cases, [...everyService, 'app'])

test('a failed probe says which access is proven and which is not', async () => {
  holds(cloud, { role: roles.foundryUser })
  const run = await runGate(cloud, probing({ 'propagation-timeout': '1m' }))
  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'probe-failed' })
  expect(logOf(run)).toContain('its access is proven, that of the app is not')
  expect(run.summary).toContain(' is proven for the pipeline, but not for the app')
  expect(run.summary).toContain('did not answer as expected')
  expect(run.report).toMatchObject({ app: { answered: false, waitedSeconds: 0 } })
})

test('a young role of the app gets a warning, which says what the probe is for, if there is one', async () => {
  bothHold(cloud, new Date(cloud.clock.now()))
  const principals = { 'runtime-principals': app.principalId }
  const warnings = ({ annotations }: GateRun) =>
    annotations.filter(({ level }) => level === 'warning').map(({ message }) => message)
  const probed = await runGate(cloud, probing(principals))
  const unprobed = await runGate(cloud, { inputs: principals })

  expect(probed.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
  expect(warnings(probed)).toEqual([
    expect.stringMatching(/does not wait for it; the probe of the app shows/),
  ])
  expect(probed.summary).toContain('The probe proves the access of the app that it calls, and of no other')
  expect(warnings(unprobed)).toEqual([
    expect.stringMatching(/does not wait for it; `probe-url` proves the access of an app itself/),
  ])
})

test.each<[string, Record<string, string>, string]>([
  ['named', { 'runtime-principals': app.principalId }, 'allowed, not yet known to be live'],
  ['not named', {}, "Nothing is known about the app's identity"],
])('a failed probe says what is known about the identity of the app: %s', async (_, inputs, known) => {
  const slow = await createCloudWithApp({}, { lag: { roleAssignments: [30 * minutes] } })
  try {
    bothHold(slow, new Date(slow.clock.now()))
    const run = await runGate(slow, probing({ 'propagation-timeout': '30s', ...inputs }, slow))
    expect(run.outputs.diagnosis).toBe('probe-failed')
    expect(run.report).toMatchObject({ diagnosis: { why: expect.stringContaining(known) } })
  } finally {
    await slow.close()
  }
})

describe('the query of the address', () => {
  const told = ({ unmasked, annotations, outputs, summary, report }: GateRun) =>
    JSON.stringify({ unmasked, annotations, outputs, summary, report })

  test.each<[string, () => void]>([
    ['the app answers', () => undefined],
    [
      'a log-in page gets it handed on',
      () => cloud.reset(worldWithApp({ key: appKey, requiresLogin: true })),
    ],
    [
      'an error quotes it',
      () =>
        fails({
          kind: 'reply',
          status: 400,
          body: `Cannot GET /probe?code=${appKey} (code=${encodeURIComponent(appKey)}, ${appKey.slice(0, 20)}…)`,
        }),
    ],
    [
      'an error in JSON quotes it',
      () => fails({ kind: 'reply', status: 400, body: { error: { message: `no ${appKey}`, code: appKey } } }),
    ],
    ['an answer quotes it', () => fails({ kind: 'reply', status: 200, body: { answer: appKey } })],
  ])('is masked and printed nowhere: %s', async (_, arrange) => {
    cloud.reset(worldWithApp({ key: appKey }))
    arrange()
    bothHold(cloud)
    const run = await runGate(
      cloud,
      probing({}, cloud, `?code=${encodeURIComponent(appKey)}&mode=quick-probe`),
    )

    expect(asked(run)[0]?.target).toContain('code=')
    expect(run.masks).toEqual(expect.arrayContaining([appKey, encodeURIComponent(appKey), 'quick-probe']))
    for (const secret of [appKey, appKey.slice(0, 12), encodeURIComponent(appKey), 'quick-probe', 'mode='])
      expect(told(run)).not.toContain(secret)
    expect(run.report).toMatchObject({
      app: { url: `${probeUrl(cloud)}?***` },
      settings: { probeUrl: `${probeUrl(cloud)}?***` },
    })
  })

  test.each([
    ['no https', `http://shop.contoso.example/probe?code=${appKey}`],
    ['no address', `shop.contoso.example/probe?code=${appKey}`],
    ['a password', `https://user:pass@shop.contoso.example/probe?code=${appKey}`],
  ])('not even if the input is bad: %s', async (_, url) => {
    const run = await runGate(cloud, { inputs: { 'probe-url': url } })
    expect(run.outputs.diagnosis).toBe('input-invalid')
    expect(logOf(run)).toContain('`probe-url` is "')
    expect(told(run)).not.toContain(appKey.slice(0, 12))
  })
})

test("the app's answer cannot command the runner", async () => {
  bothHold(cloud)
  fails({
    kind: 'reply',
    status: 400,
    body: '::error::owned\n##[error]owned\n::set-output name=result::passed\n<img src=x onerror=alert(1)>',
  })
  const run = await runGate(cloud, probing())
  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'probe-failed' })
  expect(run.annotations.filter(({ message }) => message === 'owned')).toEqual([])
  expect(run.summary).not.toContain('<img')
})

test('only the identity that the probe names counts', async () => {
  cloud.reset(worldWithApp({ clientId: crypto.randomUUID() }))
  bothHold(cloud)
  const run = await runGate(cloud, probing({ 'propagation-timeout': '10s' }))
  expect(run.outputs.diagnosis).toBe('probe-failed')
  expect(logOf(run)).toMatch(/500: .*Identity not found/)
  expect(cloud.journal.entries.filter(({ caller }) => caller === app.principalId)).toEqual([])
})
