import { randomUUID } from 'node:crypto'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { roles } from '../__tests__/support/arrange.ts'
import { createDrivenTime } from '../__tests__/support/driven-time.ts'
import { runFleet } from '../__tests__/support/fleet.ts'
import { usualInputs } from '../__tests__/support/scenario.ts'
import { defaultWorld } from '../local-cloud/default-world.ts'
import { createLocalCloud, type LocalCloud, type LocalCloudOptions } from '../local-cloud/local-cloud.ts'
import { PUBLISHED_THROTTLING } from '../local-cloud/throttling.ts'
import { type Part, table } from './part.ts'
import { requestsTo, runWithMemory, warmInputs } from './runs.ts'

/** The cost of a run when there is more of everything. */

interface Grown {
  tookMs: number
  requests: number
  /** For one process; undefined if gates share a process. */
  memoryMb: number | undefined
}

async function withCloud(
  options: LocalCloudOptions,
  use: (cloud: LocalCloud) => Promise<Grown>,
): Promise<Grown> {
  const cloud = await createLocalCloud({ granted: true, ...options })
  try {
    return await use(cloud)
  } finally {
    await cloud.close()
  }
}

async function once(cloud: LocalCloud, inputs: Readonly<Record<string, string>> = {}): Promise<Grown> {
  cloud.journal.clear()
  const { tookMs, memoryMb } = await runWithMemory(cloud, { ...warmInputs(cloud), ...inputs })
  return { tookMs, requests: requestsTo(cloud).length, memoryMb }
}

function withDeployments(count: number): Promise<Grown> {
  const [account] = defaultWorld.accounts
  const [chat] = account?.deployments ?? []
  if (account === undefined || chat === undefined) throw new Error('The default world must have a deployment')
  const deployments = Array.from({ length: count }, (_, index) => ({ ...chat, name: `chat-${index}` }))
  const names = deployments.map(({ name }) => `${name}=chat-completions`).join('\n')
  return withCloud({ seed: { ...defaultWorld, accounts: [{ ...account, deployments }] } }, cloud =>
    once(cloud, { deployments: names }),
  )
}

const withAssignments = (count: number) =>
  withCloud({}, cloud => {
    const [known] = cloud.world.roleAssignments
    if (known === undefined) throw new Error('The default world must have a role assignment')
    const others = Array.from({ length: count }, () => ({
      ...known,
      name: randomUUID(),
      roleDefinitionId: roles.user,
      principalId: randomUUID(),
    }))
    cloud.world.roleAssignments.push(...others)
    return once(cloud)
  })

/** In this process and on a simulated clock, so that a slow machine does not give the service time to refill its bucket. */
async function atOnce(count: number): Promise<Grown> {
  const time = createDrivenTime()
  const trusted = getCACertificates('default')
  try {
    return await withCloud({ clock: time.clock, throttling: PUBLISHED_THROTTLING }, async cloud => {
      setDefaultCACertificates([...trusted, cloud.caPem])
      const inputs = Array.from({ length: count }, () => usualInputs(cloud))
      const gates = await runFleet(cloud, time, { inputs, inFlight: count })
      const failed = gates.find(({ end }) => end !== 'passed')
      if (failed !== undefined) throw new Error(`A gate ended with ${failed.end}`)
      const times = requestsTo(cloud).map(({ at }) => at)
      return {
        tookMs: Math.max(...times) - Math.min(...times),
        requests: times.length,
        memoryMb: undefined,
      }
    })
  } finally {
    setDefaultCACertificates(trusted)
  }
}

const worlds: ReadonlyArray<
  readonly [what: string, grow: (count: number) => Promise<Grown>, counts: readonly number[]]
> = [
  ['deployments', withDeployments, [1, 10, 30]],
  ['role assignments of others', withAssignments, [1, 100, 4000]],
  ["gates at once, of one pipeline, under Azure's throttling", atOnce, [1, 50, 256]],
]

/** If a world fails, the results name it, and the others still run. */
export async function measureGrowth(): Promise<Part> {
  const rows: string[][] = []
  const failed: string[] = []
  for (const [what, grow, counts] of worlds)
    for (const count of counts) {
      const name = `${what}: ${count}`
      try {
        const { tookMs, requests, memoryMb } = await grow(count)
        const memory = memoryMb === undefined ? '' : `${memoryMb} MB`
        rows.push([name, `${(tookMs / 1000).toFixed(1)} s`, String(requests), memory])
      } catch (error) {
        failed.push(name)
        process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`)
        rows.push([name, '**failed**', '', ''])
      }
    }
  const measured = failed.length === 0 ? 'all' : `not ${failed.join(', ')}`
  return {
    promises: [{ what: 'Runs pass at every size', measured, promised: 'all', isKept: failed.length === 0 }],
    text: `## Growth

One run each, so times are rough. Numbers of requests are exact. The gate calls deployments in parallel, and asks only for the pipeline's own role assignments. Gates at once start within
ten seconds and share a process. Their time is the service's, from the first request to the last. They wait for the bucket of their subscription, which holds 250 reads and gains 25 per second.

${table(['With', 'Time', 'Requests', 'Peak memory'], rows)}
`,
  }
}
