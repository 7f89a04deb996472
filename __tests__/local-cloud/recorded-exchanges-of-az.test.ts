import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { defaultWorld } from '../../local-cloud/default-world.ts'
import { createLocalCloud } from '../../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { shapeOf } from './body-shape.ts'
import { accessToken, createClient, type Send } from './cloud-fixture.ts'
import { missingMembers } from './missing-members.ts'
import { recordedFacts } from './recorded-facts.ts'

/**
 * One of every kind of exchange (method, operation, status) in the recordings of az's own tests for Cognitive Services, identities and
 * roles. It is asked again in its sequence, or refused by name, or about another service: nothing else is possible.
 */

const METHOD = v.picklist(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
const exchange = {
  /** Of the interaction in its recording. */
  number: v.number(),
  method: METHOD,
  path: v.string(),
  body: v.optional(v.unknown()),
  status: v.number(),
}
const stepSchema = v.strictObject({
  ...exchange,
  /** In path and body `{1:value.0.id}` is a member of what was answered to step 1, or one of its headers. */
  headers: v.optional(v.array(v.string()), []),
  shape: v.optional(v.unknown()),
  /** Recorded members that are not here, as paths, and why. */
  without: v.optional(v.array(v.string()), []),
  why: v.optional(v.string()),
  /** What is refused by name in the middle of a sequence. */
  refused: v.optional(v.string()),
})
const elsewhere = { recording: v.string(), ...exchange }
const dataSchema = v.strictObject({
  source: v.string(),
  asked: v.array(v.strictObject({ recording: v.string(), steps: v.array(stepSchema) })),
  refused: v.array(v.strictObject({ ...elsewhere, names: v.string() })),
  /** The same exchange is among the recorded facts, in an api-version that is served here. */
  heldElsewhere: v.array(v.strictObject({ ...elsewhere, as: v.string() })),
  ofOtherServices: v.array(v.strictObject({ ...elsewhere, service: v.string() })),
})
type Step = v.InferOutput<typeof stepSchema>

const file = join(repositoryRoot, '__tests__/local-cloud/recorded-exchanges-of-az.json')
const { asked, refused, heldElsewhere, ofOtherServices } = v.parse(
  dataSchema,
  JSON.parse(readFileSync(file, 'utf8')),
)

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000'
const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'

/** The world in which az's tests were recorded: their groups and users, and an administrator who asks. */
function recordedWorld() {
  const world = structuredClone(defaultWorld)
  const [application] = world.applications
  const [tenant] = world.tenants
  if (!application?.servicePrincipal || !tenant) throw new Error('The world has no application')
  application.servicePrincipal.graphPermissions = ['Directory.ReadWrite.All']
  world.subscriptions.push({ id: SUBSCRIPTION, tenantId: tenant.id, displayName: 'Recorded' })
  const paths = [...asked.flatMap(({ steps }) => steps), ...refused].map(({ path }) => path).join('\n')
  const names = new Set([...paths.matchAll(/resourceGroups\/([^/?\n]+)/gi)].map(([, name = '']) => name))
  const tags = { product: 'azurecli', cause: 'automation', date: '2022-10-26T03:14:45Z' }
  for (const name of names)
    world.resourceGroups.push({ subscriptionId: SUBSCRIPTION, name, location: 'southcentralus', tags })
  for (const userPrincipalName of ['example@example.com', 'testuser000002@azuresdkteam.onmicrosoft.com'])
    world.users?.push({ objectId: crypto.randomUUID(), tenantId: tenant.id, userPrincipalName })
  world.roleAssignments?.push({
    name: crypto.randomUUID(),
    scope: `/subscriptions/${SUBSCRIPTION}`,
    roleDefinitionId: OWNER,
    principalId: application.servicePrincipal.objectId,
    principalType: 'ServicePrincipal',
  })
  return world
}

const cloud = await createLocalCloud({ seed: recordedWorld() })
const client = createClient(cloud.caPem)
afterAll(async () => {
  await client.close()
  await cloud.close()
})
beforeEach(() => cloud.reset())

const { resourceManager, graph } = cloud.endpoints
const answered = v.object({
  status: v.number(),
  headers: v.record(v.string(), v.string()),
  json: v.unknown(),
})

async function ask({ method, path, body }: Pick<Step, 'method' | 'path' | 'body'>) {
  const host = path.startsWith('/v1.0/') ? graph : resourceManager
  const token = await accessToken(cloud, client.send, host)
  const options: Parameters<Send>[1] = {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }
  return v.parse(answered, await client.send(path.startsWith('https:') ? path : `${host}${path}`, options))
}

type Answered = v.InferOutput<typeof answered>

/** @throws Error where the step was not answered with such a member */
function memberOf({ json, headers }: Answered, path: string): string {
  let value: unknown = { ...headers, ...Object(json) }
  for (const name of path.split('.')) value = Object(value)[name]
  if (typeof value === 'string') return value
  throw new Error(`There is no ${path} in ${JSON.stringify(json)}`)
}

const refusal = (names: string) => ({
  status: 501,
  json: {
    error: {
      code: 'LocalCloudNotImplemented',
      message: expect.stringContaining(`The local cloud does not have ${names}`),
    },
  },
})

async function expectAnswer(step: Step, answer: Answered): Promise<void> {
  if (step.refused !== undefined) {
    expect(answer).toMatchObject(refusal(step.refused))
    return
  }
  expect({ number: step.number, status: answer.status }).toEqual({ number: step.number, status: step.status })
  expect(missingMembers(step.shape, shapeOf(answer.json))).toStrictEqual(step.without.map(path => `.${path}`))
  expect(Object.keys(answer.headers)).toEqual(expect.arrayContaining(step.headers))
}

test.each(asked)(
  '$recording: every answer has the status, the members and the headers that Azure gave',
  async ({ steps }) => {
    const answers = new Map<string, Answered>()
    const filled = (text: string) =>
      text
        .replaceAll(/\{(\d+):([^}]+)\}/g, (_, number: string, path: string) => {
          const answer = answers.get(number)
          if (answer === undefined) throw new Error(`Step ${number} was not asked`)
          return memberOf(answer, path)
        })
        .replaceAll('https://graph.microsoft.com', graph)
    for (const step of steps) {
      const body = step.body === undefined ? undefined : JSON.parse(filled(JSON.stringify(step.body)))
      const answer = await ask({ method: step.method, path: filled(step.path), body })
      await expectAnswer(step, answer)
      answers.set(String(step.number), answer)
    }
  },
)

test.each(refused)(
  '$recording/$number: $method answers 501 with its name',
  async ({ method, path, names }) => {
    // A write without content is refused for that before it is refused for what it is.
    const body = method === 'GET' || method === 'DELETE' ? undefined : {}
    expect(await ask({ method, path, body })).toMatchObject(refusal(names))
  },
)

test.each(heldElsewhere)(
  '$recording/$number: $method is a recorded fact as well',
  ({ method, status, as }) => {
    expect(recordedFacts).toContainEqual(expect.objectContaining({ id: as, method, status }))
  },
)

test.each(ofOtherServices)('$recording/$number: $method is about $service', ({ path }) => {
  expect(path).toMatch(/^[a-z-]+\.vault\.azure\.net\//)
})

test('every kind of exchange is here: 120 kinds in 889 exchanges', () => {
  const kinds = new Set([...asked.flatMap(({ steps }) => steps)].map(kindOf))
  expect(kinds.size + refused.length + heldElsewhere.length + ofOtherServices.length).toBe(120)
})

const PARENTS =
  /(accounts|deletedAccounts|locations|deployments|federatedIdentityCredentials|userAssignedIdentities|roleAssignments|roleDefinitions|applications|servicePrincipals|groups|members|directoryObjects|users|resourceGroups|subscriptions)\/[^/?]+/gi
function kindOf({ method, path, status }: Step): string {
  const operation = path.replace(/\?.*/, '').replace(/^\{.*/, 'operationResults').replaceAll(PARENTS, '$1/*')
  return `${method} ${operation} ${status}`
}
