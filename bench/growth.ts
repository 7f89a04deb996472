import { randomUUID } from 'node:crypto'
import { defaultWorld } from '../local-cloud/default-world.ts'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { PUBLISHED_THROTTLING } from '../local-cloud/throttling.ts'
import { run, warmInputs } from './runs.ts'

/** What a run costs where there is more of everything. */

interface Grown {
  what: string
  tookMs: number
  requests: number
  memoryMb: number
}

const userRole = 'a97b65f3-24c7-4388-baec-2e87135dc908'

async function withDeployments(count: number): Promise<Grown> {
  const [account] = defaultWorld.accounts
  const [chat] = account?.deployments ?? []
  if (account === undefined || chat === undefined) throw new Error('The default world has a deployment')
  const deployments = Array.from({ length: count }, (_, index) => ({ ...chat, name: `chat-${index}` }))
  const cloud = await createLocalCloud({
    seed: { ...defaultWorld, accounts: [{ ...account, deployments }] },
    granted: true,
  })
  const names = deployments.map(({ name }) => `${name}=chat-completions`).join('\n')
  return measured(`${count} deployments`, cloud, { deployments: names })
}

async function withAssignments(count: number): Promise<Grown> {
  const cloud = await createLocalCloud({ granted: true })
  const [known] = cloud.world.roleAssignments
  if (known === undefined) throw new Error('The default world has a role assignment')
  for (let index = 0; index < count; index += 1)
    cloud.world.roleAssignments.push({
      ...known,
      name: randomUUID(),
      roleDefinitionId: userRole,
      principalId: randomUUID(),
    })
  return measured(`${count} role assignments of others`, cloud, {})
}

async function atOnce(count: number): Promise<Grown> {
  const cloud = await createLocalCloud({ granted: true, throttling: PUBLISHED_THROTTLING })
  try {
    const startedAt = performance.now()
    const waiting = Array.from({ length: count }, (_, index) => index)
    let memoryMb = 0
    // As many processes as the machine bears; the service counts requests, and does not care whose they are.
    await Promise.all(
      Array.from({ length: Math.min(count, 8) }, async () => {
        while (waiting.pop() !== undefined)
          memoryMb = Math.max(memoryMb, (await run(cloud, warmInputs(cloud))).memoryMb)
      }),
    )
    return {
      what: `${count} gates, eight at a time, under Azure's throttling`,
      tookMs: performance.now() - startedAt,
      requests: cloud.journal.entries.length,
      memoryMb,
    }
  } finally {
    await cloud.close()
  }
}

async function measured(
  what: string,
  cloud: LocalCloud,
  inputs: Readonly<Record<string, string>>,
): Promise<Grown> {
  try {
    cloud.journal.clear()
    const { tookMs, memoryMb } = await run(cloud, { ...warmInputs(cloud), ...inputs })
    return { what, tookMs, requests: cloud.journal.entries.length, memoryMb }
  } finally {
    await cloud.close()
  }
}

export async function growthTable(): Promise<string> {
  const rows: Grown[] = []
  for (const count of [1, 10, 30]) rows.push(await withDeployments(count))
  for (const count of [1, 100, 4000]) rows.push(await withAssignments(count))
  for (const count of [1, 50, 256]) rows.push(await atOnce(count))
  const lines = rows.map(
    ({ what, tookMs, requests, memoryMb }) =>
      `| ${what} | ${(tookMs / 1000).toFixed(1)} s | ${requests} | ${memoryMb} MB |`,
  )
  return `## Growth

One run each, so times are rough; requests are exact. Memory is the highest of one process.

| With | Time | Requests | Peak memory |
| --- | --- | --- | --- |
${lines.join('\n')}
`
}
