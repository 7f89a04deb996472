import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { execute, mustRun } from '../scripts/programs.ts'
import { repositoryRoot } from '../scripts/tools.ts'
import type { Stage } from './stage.ts'
import { isOwn, ownScripts, reached, type Workflow } from './workflow.ts'

interface ActOptions {
  /** An empty folder, which the caller removes. */
  folder: string
  /** Folders of actions, by the text after `uses:`. */
  actions: ReadonlyMap<string, string>
  variables: Readonly<Record<string, string>>
  secrets: Readonly<Record<string, string>>
  /** Of programs that stand in for those of the machine. */
  programs?: string
}

/** Runs an unchanged workflow with act, in a new repository on this machine. Resolves to act's whole output. */
export async function runByAct(
  workflow: Workflow,
  stage: Stage,
  options: ActOptions,
): Promise<{ status: number; log: string }> {
  const { folder, actions, variables, secrets, programs } = options
  const repository = join(folder, 'shop')
  if (isOwn(workflow)) await copyOfThis(repository)
  else await makeRepository(repository, workflow)
  const authorities = join(folder, 'authorities.pem')
  writeFileSync(authorities, `${stage.names.caPem}${authoritiesOfMachine()}`)
  const event = join(folder, 'event.json')
  writeFileSync(event, JSON.stringify(eventOf(workflow)))
  const pairs = (option: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`])
  const home = join(folder, 'home')
  mkdirSync(home)
  const { status, stdout, stderr } = await execute(
    'act',
    [
      ...[
        workflow.event,
        '--workflows',
        isOwn(workflow) ? workflow.path : shopWorkflow,
        '--eventpath',
        event,
      ],
      ...['--platform', 'ubuntu-latest=-self-hosted', '--no-cache-server'],
      ...['--action-cache-path', join(folder, 'cache')],
      ...[...actions].flatMap(([uses, path]) => ['--local-repository', `${uses}=${path}`]),
      ...['--artifact-server-path', join(folder, 'artifacts'), '--artifact-server-addr', '127.0.0.1'],
      // Its own port is the same in every run, so two rehearsals would meet.
      ...['--artifact-server-port', String(await freePort())],
      ...pairs('--env', { ...environmentOf(workflow, stage, authorities), ...(await npmEnvironment()) }),
      ...pairs('--var', variables),
      ...pairs('--secret', secrets),
    ],
    {
      ...process.env,
      HOME: home,
      XDG_CONFIG_HOME: home,
      ...(programs !== undefined && { PATH: `${programs}${delimiter}${process.env.PATH}` }),
    },
    repository,
  )
  return { status, log: `${stdout}${stderr}` }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('The machine gave no port')
  return address.port
}

const shopWorkflow = '.github/workflows/workflow.yml'

/** A proxy of the machine, or none, may show certificates of its own. */
const authoritiesOfMachine = () =>
  process.env.NODE_EXTRA_CA_CERTS === undefined ? '' : readFileSync(process.env.NODE_EXTRA_CA_CERTS, 'utf8')

/** npm asks the registry of this machine, which the proxy of the rehearsal does not know, and keeps what it brings where it always does. */
async function npmEnvironment(): Promise<Record<string, string>> {
  const setting = async (name: string) =>
    (await mustRun('npm', ['config', 'get', name], process.env, repositoryRoot)).trim()
  const registry = await setting('registry')
  return {
    npm_config_registry: registry,
    npm_config_noproxy: new URL(registry).hostname,
    npm_config_cache: await setting('cache'),
  }
}

/** Every file that git knows, or would take, as it is now. */
async function copyOfThis(folder: string): Promise<void> {
  const files = await mustRun(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    process.env,
    repositoryRoot,
  )
  for (const file of files.split('\0').filter(name => name !== ''))
    if (existsSync(join(repositoryRoot, file))) cpSync(join(repositoryRoot, file), join(folder, file))
  await commitAll(folder)
}

async function makeRepository(folder: string, workflow: Workflow): Promise<void> {
  mkdirSync(join(folder, '.github/workflows'), { recursive: true })
  writeFileSync(join(folder, shopWorkflow), workflow.text)
  for (const name of ownScripts(workflow))
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${reached(name)}'\n`, { mode: 0o755 })
  cpSync(join(repositoryRoot, 'examples/plain-shell.sh'), join(folder, 'plain-shell.sh'))
  await commitAll(folder)
}

async function commitAll(folder: string): Promise<void> {
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
