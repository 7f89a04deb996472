import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execute, mustRun } from '../scripts/programs.ts'
import { repositoryRoot } from '../scripts/tools.ts'
import { type Stage, secrets, variables } from './stage.ts'
import { ownScripts, reached, type Workflow } from './workflow.ts'

interface ActOptions {
  /** An empty folder, which the caller removes. */
  folder: string
  /** Folders of actions, by the text after `uses:`. */
  actions: ReadonlyMap<string, string>
}

/** Runs an unchanged workflow with act, in a new repository on this machine. Resolves to act's whole output. */
export async function runByAct(
  workflow: Workflow,
  stage: Stage,
  options: ActOptions,
): Promise<{ status: number; log: string }> {
  const { folder, actions } = options
  const repository = join(folder, 'shop')
  await makeRepository(repository, workflow)
  const authorities = join(folder, 'authorities.pem')
  writeFileSync(authorities, stage.names.caPem)
  const event = join(folder, 'event.json')
  writeFileSync(event, JSON.stringify(eventOf(workflow)))
  const pairs = (option: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`])
  const home = join(folder, 'home')
  mkdirSync(home)
  const { status, stdout, stderr } = await execute(
    'act',
    [
      ...[workflow.event, '--workflows', '.github/workflows/workflow.yml', '--eventpath', event],
      ...['--platform', 'ubuntu-latest=-self-hosted', '--no-cache-server'],
      ...['--action-cache-path', join(folder, 'cache')],
      ...[...actions].flatMap(([uses, path]) => ['--local-repository', `${uses}=${path}`]),
      ...pairs('--env', environmentOf(workflow, stage, authorities)),
      ...pairs('--var', variables),
      ...pairs('--secret', secrets),
    ],
    { ...process.env, HOME: home, XDG_CONFIG_HOME: home },
    repository,
  )
  return { status, log: `${stdout}${stderr}` }
}

async function makeRepository(folder: string, workflow: Workflow): Promise<void> {
  mkdirSync(join(folder, '.github/workflows'), { recursive: true })
  writeFileSync(join(folder, '.github/workflows/workflow.yml'), workflow.text)
  for (const name of ownScripts(workflow))
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${reached(name)}'\n`, { mode: 0o755 })
  cpSync(join(repositoryRoot, 'examples/plain-shell.sh'), join(folder, 'plain-shell.sh'))
  const git = (...args: readonly string[]) => mustRun('git', args, process.env, folder)
  await git('init', '--quiet', '--initial-branch', 'main')
  await git('remote', 'add', 'origin', 'https://github.com/contoso/shop.git')
  await git('add', '--all')
  const developer = ['-c', 'user.name=A developer', '-c', 'user.email=developer@contoso.example']
  await git(...developer, 'commit', '--quiet', '--no-gpg-sign', '--message', 'Deploy behind a gate')
}

const eventOf = ({ event }: Workflow) =>
  event === 'pull_request'
    ? {
        pull_request: {
          number: 7,
          head: { ref: 'discount', repo: { full_name: 'contoso/shop' } },
          base: { ref: 'main' },
        },
      }
    : { repository: { full_name: 'contoso/shop', default_branch: 'main' } }

/** Variables that GitHub's runner and a company network would set. */
function environmentOf(
  { signsIn }: Workflow,
  { cloud, names }: Stage,
  authorities: string,
): Record<string, string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN = '' } = cloud.runnerEnvironment()
  const proxies = {
    HTTPS_PROXY: names.proxy,
    https_proxy: names.proxy,
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  }
  return {
    ...proxies,
    NODE_EXTRA_CA_CERTS: authorities,
    CURL_CA_BUNDLE: authorities,
    REQUESTS_CA_BUNDLE: authorities,
    // GitHub sets these only for a job with `id-token: write`.
    ...(signsIn ? { ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN } : {}),
  }
}
