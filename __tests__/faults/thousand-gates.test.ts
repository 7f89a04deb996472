import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { defaultWorld } from '../../local-cloud/default-world.ts'
import type { JournalEntry } from '../../local-cloud/journal.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { accountId } from '../../local-cloud/scopes.ts'
import { PUBLISHED_THROTTLING } from '../../local-cloud/throttling.ts'
import type { Seed } from '../../local-cloud/world.ts'
import { pipeline, roles } from '../support/arrange.ts'
import { createDrivenTime } from '../support/driven-time.ts'
import { type GateOfFleet, runFleet } from '../support/fleet.ts'

/** One pipeline opens a thousand gates to twenty resources of a subscription that Azure throttles as it does anybody's. */

const gates = 1000
const resources = 20
/** As many jobs as GitHub makes of one matrix (docs.github.com, Actions limits), and all of them at once. */
const inFlight = 256

const trusted = getCACertificates('default')
let cloud: LocalCloud
let fleet: readonly GateOfFleet[]

beforeAll(async () => {
  const time = createDrivenTime()
  cloud = await createLocalCloud({
    seed: manyResources(),
    // Stands still but for the sleeps of the gates: what the machine takes does not refill a bucket.
    clock: time.clock,
    throttling: PUBLISHED_THROTTLING,
    lag: { roleAssignments: [5000, 12_000] },
  })
  setDefaultCACertificates([...trusted, cloud.caPem])
  const { accounts } = cloud.world
  const inputs = Array.from({ length: gates }, (_, index) => inputsFor(accounts[index % accounts.length]))
  fleet = await runFleet(cloud, time, { inputs, inFlight })
  // Ends what hangs, as everywhere: half a minute of work, which takes three on a machine that eight others use.
}, 600_000)

afterAll(async () => {
  setDefaultCACertificates(trusted)
  await cloud.close()
})

function manyResources(): Seed {
  const [account] = defaultWorld.accounts
  const [group] = defaultWorld.resourceGroups
  if (account === undefined || group === undefined) throw new Error('The default world has an account')
  const groupScope = `/subscriptions/${group.subscriptionId}/resourceGroups/${group.name}`
  return {
    ...defaultWorld,
    accounts: Array.from({ length: resources }, (_, index) => ({
      ...account,
      name: `contoso-ai-${index}`,
      customSubDomainName: `contoso-ai-${index}`,
    })),
    roleAssignments: (defaultWorld.roleAssignments ?? []).map(assignment => ({
      ...assignment,
      scope: groupScope,
    })),
  }
}

function inputsFor(account: LocalCloud['world']['accounts'][number] | undefined): Record<string, string> {
  if (account === undefined) throw new Error('The world has accounts')
  const { application } = pipeline(cloud)
  return {
    'client-id': application.clientId,
    'tenant-id': application.tenantId,
    'resource-id': accountId(account),
    deployments: 'chat',
    cloud: 'custom',
    'authority-host': cloud.endpoints.authorityHost,
    'resource-manager-endpoint': cloud.endpoints.resourceManager,
  }
}

const isThrottled = ({ status }: JournalEntry) => status === 429
const toResourceManager = ({ requests }: GateOfFleet) =>
  requests.filter(({ service }) => service === 'resource-manager')
/** Deny assignments: throttled or not, they are asked for once. */
const isOnTheSide = ({ operation }: JournalEntry) => operation === 'denyAssignments.list'
/** What is not waited for: it may have been refused, or not have arrived by the end. */
const besides = ['models.listOfAccount', 'roleAssignmentScheduleInstances.list']
const isBeside = ({ operation }: JournalEntry) => besides.includes(operation)
/** At its first call: a denial that breaks a row later asks Resource Manager nothing. */
const wasDenied = ({ requests }: GateOfFleet) =>
  requests.find(({ service }) => service === 'inference')?.status === 401
const granted = ({ report }: GateOfFleet) => report.grant !== null

test('all of them pass', () => {
  expect(fleet.map(({ end }) => end)).toEqual(Array(gates).fill('passed'))
})

describe('the requests of a gate to Resource Manager do not depend on the number of gates', () => {
  const warm = ['accounts.get', 'deployments.list', 'roleAssignments.list']
  const afterDenial = [...warm, 'permissions.list', 'roleDefinitions.get']
  const served = (gate: GateOfFleet) =>
    toResourceManager(gate).filter(
      request => !isThrottled(request) && !isOnTheSide(request) && !isBeside(request),
    )
  const operationsOf = (requests: readonly JournalEntry[]) =>
    requests.map(({ operation }) => operation).toSorted()

  /**
   * Permissions that are younger than the list may show a role that the list does not: then it is read again, and only then. A gate
   * that finds what another gate has granted meanwhile grants nothing.
   */
  function createExpectation(): (gate: GateOfFleet, operations: readonly string[]) => readonly string[] {
    const { entries } = cloud.journal
    const places = new Map(entries.map((request, place) => [request, place]))
    const placeOf = (requests: readonly JournalEntry[], is: (request: JournalEntry) => boolean) => {
      const found = requests.find(is)
      return found === undefined ? -1 : (places.get(found) ?? -1)
    }
    const grants = entries.filter(
      ({ operation, status }) => operation === 'roleAssignments.create' && status === 201,
    )
    return (gate, operations) => {
      const own = (wanted: string) => placeOf(served(gate), ({ operation }) => operation === wanted)
      const account = /\/accounts\/[^/?]+/.exec(served(gate)[0]?.target ?? '')?.[0]
      const grantedAt = placeOf(grants, ({ target }) => target.includes(`${account}/`))
      const grantedMeanwhile = own('roleAssignments.list') < grantedAt && grantedAt < own('permissions.list')
      const again = grantedMeanwhile ? ['roleAssignments.list'] : []
      const finds = served(gate).some(
        ({ operation, status }) => operation === 'roleAssignments.get' && status === 200,
      )
      return [...operations.filter(name => !(finds && name === 'roleAssignments.create')), ...again]
    }
  }

  test.each([
    ['three things where access is live', warm, (gate: GateOfFleet) => !wasDenied(gate)],
    ['five where it is not yet', afterDenial, (gate: GateOfFleet) => wasDenied(gate) && !granted(gate)],
    [
      'seven at most where the role is missing',
      [...afterDenial, 'roleAssignments.get', 'roleAssignments.create'],
      granted,
    ],
  ])('%s', (_title, operations, isSuch) => {
    const gatesOfStory = fleet.filter(isSuch)
    const expectedOf = createExpectation()

    expect(gatesOfStory.length).toBeGreaterThan(0)
    expect(gatesOfStory.map(gate => operationsOf(served(gate)))).toEqual(
      gatesOfStory.map(gate => expectedOf(gate, operations).toSorted()),
    )
  })
})

test('each asks once for deny assignments, and accepts a refusal', () => {
  const asked = fleet.map(gate => toResourceManager(gate).filter(isOnTheSide))

  expect(asked.map(requests => requests.length)).toEqual(Array(gates).fill(1))
  expect(asked.flat().some(isThrottled)).toBe(true)
})

test.each(besides)('%s is asked once at most', wanted => {
  const askedFor = fleet.map(
    ({ requests }) => requests.filter(({ operation }) => operation === wanted).length,
  )

  expect(Math.max(...askedFor)).toBe(1)
})

test('each resource gets one assignment', () => {
  const ofRole = cloud.world.roleAssignments.filter(({ roleDefinitionId }) => roleDefinitionId === roles.user)
  const { principal } = pipeline(cloud)

  expect(ofRole.map(({ principalId }) => principalId)).toEqual(Array(resources).fill(principal.objectId))
  expect(new Set(ofRole.map(({ scope }) => scope.toLowerCase())).size).toBe(resources)
  expect(fleet.filter(granted).length).toBeGreaterThanOrEqual(resources)
})

test('Resource Manager throttled, and stayed within its limits', () => {
  const reads = fleet.flatMap(toResourceManager).filter(({ method }) => method === 'GET')
  const served = reads.filter(request => !isThrottled(request))
  const { size, refillPerSecond } = PUBLISHED_THROTTLING.reads
  const seconds = (Math.max(...served.map(({ at }) => at)) - Math.min(...served.map(({ at }) => at))) / 1000

  expect(served.length).toBeLessThan(reads.length)
  expect(served.length).toBeLessThanOrEqual(size + refillPerSecond * seconds)
})
