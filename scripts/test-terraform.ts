import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { defaultWorld } from '../local-cloud/default-world.ts'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { accountId } from '../local-cloud/scopes.ts'
import { ADMIN_CLIENT, seedWithAdministrator } from './administrator.ts'
import { createFence, type Fence } from './az.ts'
import { execute, isOnPath } from './programs.ts'
import { repositoryRoot, temporaryFolder } from './tools.ts'

/**
 * Checks that Terraform with the azapi provider, both as published, applies examples/setup/main.tf to the local cloud, then plans
 * no change, and destroys everything. Needs terraform on the PATH, and the provider: from its registry, or from a
 * mirror that TF_CLI_CONFIG_FILE names.
 */

interface Check {
  title: string
  variables: Readonly<Record<string, unknown>>
}

const model = { deployment: 'chat', format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' }
const claude = { deployment: 'claude', format: 'Anthropic', name: 'claude-haiku-4-5', version: '20251001' }

const apps = defaultWorld.applications.flatMap(({ kind, servicePrincipal }) =>
  kind === 'managedIdentity' && servicePrincipal ? [servicePrincipal.objectId] : [],
)

const checks: readonly Check[] = [
  {
    title: 'an existing resource, and an app',
    variables: { account_name: 'contoso-ai', app_principal_ids: apps },
  },
  {
    title: 'a new resource with models',
    variables: { account_name: 'contoso-new', create_account: true, models: [model, claude] },
  },
  {
    title: 'a new resource whose name is free again right after destroy',
    variables: { account_name: 'contoso-free', create_account: true, purge_on_destroy: true },
  },
  {
    title: 'the same name again, with a setup identity that may grant to an app',
    variables: {
      account_name: 'contoso-free',
      create_account: true,
      purge_on_destroy: true,
      setup_identity_name: 'contoso-setup',
      app_principal_ids: apps,
    },
  },
]

type Terraform = (...args: readonly string[]) => Promise<{ status: number; output: string }>

/** @param proxy gets the requests to other machines, once the provider is installed */
function terraformIn(folder: string, cloud: LocalCloud, proxy?: string): Terraform {
  const { PATH, TF_CLI_CONFIG_FILE } = process.env
  const env = {
    ...{ PATH, HOME: folder, CHECKPOINT_DISABLE: '1' },
    ...(TF_CLI_CONFIG_FILE !== undefined && { TF_CLI_CONFIG_FILE }),
    ...(proxy === undefined ? {} : { ...cloud.jobEnvironment(), HTTPS_PROXY: proxy, NO_PROXY: '127.0.0.1' }),
    ARM_CLIENT_ID: ADMIN_CLIENT,
  }
  return async (...args) => {
    const { status, stdout, stderr } = await execute(
      'terraform',
      [...args, '-no-color', '-input=false'],
      env,
      folder,
    )
    return { status, output: `${stdout}${stderr}` }
  }
}

/** @throws Error with Terraform's message, if a step does not end as expected */
async function runCheck(terraform: Terraform, cloud: LocalCloud, { title, variables }: Check): Promise<void> {
  const [account] = cloud.world.accounts
  if (account === undefined) throw new Error('The world has no account')
  const all = {
    resource_group_id: accountId(account).replace(/\/providers\/.*/, ''),
    location: account.location,
    subjects: ['repo:contoso/shop:ref:refs/heads/main', 'repo:contoso/shop:environment:production'],
    ...variables,
  }
  const given = Object.entries(all).flatMap(([name, value]) => [
    '-var',
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ])
  const state = `-state=${title.replaceAll(' ', '-')}.tfstate`
  const steps: ReadonlyArray<readonly string[]> = [
    ['apply', '-auto-approve', state, ...given],
    // Exit code 2: something would change.
    ['plan', '-detailed-exitcode', state, ...given],
    ['destroy', '-auto-approve', state, ...given],
  ]
  const before = cloud.world.applications.length
  for (const step of steps) {
    const { status, output } = await terraform(...step)
    if (status !== 0) throw new Error(`terraform ${step[0]} ended with ${status}\n${output}`)
  }
  if (cloud.world.applications.length !== before) throw new Error('Destroy left identities behind')
}

const say = (line: string) => process.stdout.write(`${line}\n`)

async function holds(
  check: Check,
  { terraform, cloud, fence }: { terraform: Terraform; cloud: LocalCloud; fence: Fence },
): Promise<boolean> {
  try {
    await runCheck(terraform, cloud, check)
    const unimplemented = cloud.journal.entries.flatMap(entry => entry.unimplemented ?? [])
    if (unimplemented.length > 0)
      throw new Error(`The local cloud does not implement ${unimplemented.join(', ')}`)
    if (fence.caught.length > 0) throw new Error(`Requests to other machines: ${fence.caught.splice(0)}`)
    say(`ok      ${check.title}`)
    return true
  } catch (error) {
    say(`not ok  ${check.title}\n        ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

async function main(): Promise<void> {
  if (!isOnPath('terraform')) {
    say('terraform is not on the PATH (https://developer.hashicorp.com/terraform/install).')
    process.exitCode = 1
    return
  }
  const folder = join(temporaryFolder(), 'terraform')
  mkdirSync(folder)
  copyFileSync(join(repositoryRoot, 'examples/setup/main.tf'), join(folder, 'main.tf'))
  const cloud = await createLocalCloud({ seed: seedWithAdministrator(), provisioningMs: 2000 })
  const fence = await createFence()
  try {
    const { status, output } = await terraformIn(folder, cloud)('init')
    if (status !== 0) throw new Error(`terraform init ended with ${status}\n${output}`)
    const terraform = terraformIn(folder, cloud, fence.url)
    let failed = 0
    for (const check of checks) {
      if (!(await holds(check, { terraform, cloud, fence }))) failed += 1
    }
    say(`${checks.length - failed} passed, ${failed} failed`)
    if (failed > 0) process.exitCode = 1
  } finally {
    fence.close()
    await cloud.close()
  }
}

await main()
