import * as v from 'valibot'
import { parse } from 'yaml'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { app, appKey, createCloudWithApp, probeUrl, worldWithApp } from '../support/app-world.ts'
import { accountEndpoint, holds, managedIdentity, roles } from '../support/arrange.ts'
import { codeBlocks, readDocument, textOf } from '../support/documents.ts'
import { ownAction, ownRepository } from '../support/own-actions.ts'
import { accountScope, logOf, runGate } from '../support/scenario.ts'

/** The example that gates, deploys and gates again with a probe: its own steps, in their order, on a first day. */

const seconds = 1000

const { steps } = v.parse(
  v.object({
    jobs: v.object({
      deploy: v.object({
        steps: v.array(
          v.object({
            name: v.optional(v.string()),
            uses: v.optional(v.string()),
            run: v.optional(v.string()),
            with: v.optional(v.record(v.string(), v.union([v.string(), v.boolean()])), {}),
          }),
        ),
      }),
    }),
  }),
  parse(textOf('examples/probe-the-app.yml')),
).jobs.deploy
const gates = steps.filter(({ uses }) => uses === ownAction)

const shownJob = v.object({
  environment: v.string(),
  steps: v.array(v.object({ with: v.record(v.string(), v.string()) })),
})

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createCloudWithApp(
    { key: appKey },
    { lag: { roleAssignments: [90 * seconds, 40 * seconds] } },
  )
})
afterAll(() => cloud.close())

/** What a step is given, with the values that the repository's variables and secrets have. */
function inputsOf(step: (typeof gates)[number] | undefined): Record<string, string> {
  const values: Readonly<Record<string, string>> = {
    'secrets.SHOP_PROBE_URL': probeUrl(cloud, `?code=${encodeURIComponent(appKey)}`),
    'vars.SHOP_IDENTITY_ID': app.principalId,
    'vars.SHOP_APP_ID': app.id,
    'vars.FOUNDRY_RESOURCE_ID': accountScope(cloud),
  }
  const given = Object.entries(step?.with ?? {}).flatMap(([name, value]) => {
    const [, expression] = /^\$\{\{ (\S+) \}\}$/.exec(String(value)) ?? []
    if (expression === undefined) return [[name, String(value)]]
    // Those of the usual inputs stand for themselves.
    return values[expression] === undefined ? [] : [[name, values[expression]]]
  })
  return Object.fromEntries(given)
}

test('the deploy is between two gates, and only the second asks the app', () => {
  expect(steps.flatMap(({ run, uses }) => run ?? uses?.replace(/@.*/, '') ?? [])).toEqual([
    'actions/checkout',
    ownRepository,
    'azure/login',
    './deploy.sh',
    ownRepository,
  ])
  expect(gates.map(gate => 'probe-url' in gate.with)).toEqual([false, true])
})

test("on the first day the app's role is granted, the app is deployed, and the gate waits for it", async () => {
  holds(
    cloud,
    { role: roles.rbacAdministrator },
    { role: roles.reader, scope: accountScope(cloud).replace(/\/providers\/.*/, '') },
  )
  const first = await runGate(cloud, { inputs: inputsOf(gates[0]) })
  expect(first.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
  expect(first.requests.filter(({ service }) => service === 'app')).toEqual([])
  expect(logOf(first)).toContain('`probe-url` proves the access of an app itself')

  // It takes a while to start.
  const [resource] =
    worldWithApp({
      key: appKey,
      startsOn: new Date(cloud.clock.now() + 20 * seconds).toISOString(),
    }).resources ?? []
  for (const each of cloud.world.resources) Object.assign(each, { app: { ...each.app, ...resource?.app } })

  const second = await runGate(cloud, { inputs: inputsOf(gates[1]) })
  expect(second.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
  const said = second.requests.filter(({ service }) => service === 'app').map(({ status }) => status)
  expect(said[0]).toBe(503)
  expect(said).toContain(401)
  expect(said.slice(-3)).toEqual([200, 200, 200])
  expect(second.requests.map(({ operation }) => operation)).not.toContain('roleAssignments.create')
  expect(JSON.stringify(second.unmasked)).not.toContain(appKey)
})

test("without a route, a gate that signs in as the app's identity proves it, as the page shows", async () => {
  const page = readDocument('docs/app-probe.md')
  const block = codeBlocks(page).find(({ text }) => text.includes('SHOP_CLIENT_ID'))
  const { jobs } = v.parse(v.object({ jobs: v.record(v.string(), shownJob) }), parse(block?.text ?? ''))
  const [job] = Object.values(jobs)
  const [gate] = job?.steps ?? []
  const { environment = '' } = job ?? {}
  expect(page.text).toContain(`--subject repo:OWNER/REPO:environment:${environment}`)

  const own = await createLocalCloud({ lag: { roleAssignments: [60 * seconds] } })
  try {
    const { identity, principal } = managedIdentity(own)
    own.world.workflow.environment = environment
    identity.federatedCredentials.push({
      name: 'key-less-gate',
      issuer: own.endpoints.github,
      subject: `repo:contoso/shop:environment:${environment}`,
      audiences: ['api://AzureADTokenExchange'],
    })
    holds(own, {
      role: roles.openAIUser,
      principalId: principal.objectId,
      createdOn: new Date(own.clock.now()),
    })
    const run = await runGate(own, {
      inputs: {
        ...gate?.with,
        'client-id': identity.clientId,
        'tenant-id': identity.tenantId,
        endpoint: accountEndpoint(own),
        'resource-id': '',
      },
    })
    expect(run.outputs).toMatchObject({ result: 'passed', 'principal-id': principal.objectId })
    expect(Number(run.outputs['propagation-seconds'])).toBeGreaterThan(50)
  } finally {
    await own.close()
  }
})
