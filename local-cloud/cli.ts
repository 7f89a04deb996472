#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createLocalCloud, type LocalCloudOptions } from './local-cloud.ts'
import { type ReplicasBy, replicaChoices } from './replicas.ts'
import { PUBLISHED_THROTTLING } from './throttling.ts'

const USAGE = `Usage: node local-cloud/cli.ts [options]

Starts GitHub's OIDC issuer, Entra ID, Azure Resource Manager and the Foundry data plane on 127.0.0.1,
prints what a workflow needs in order to use them, and runs until it is interrupted.

  --port N                    first of a run of consecutive ports (default: whatever is free)
  --seed FILE                 JSON of the world to start with (default: local-cloud/default-world.ts)
  --propagation S[,S...]      seconds until a role assignment is seen, one number a replica (default: 0)
  --key-access-lag S[,S...]   seconds until a change of disableLocalAuth reaches the data plane, likewise (default: 0)
  --replicas-by connection|request
                              what a replica is chosen for, where there are several: every request, or every new
                              connection, whose requests then all go to it, as behind a load balancer (default: request)
  --throttling                limit requests to Resource Manager as Azure does (default: no limit)
  --format shell|github|json  export lines, lines for $GITHUB_ENV, or one JSON object (default: shell)
  --help                      this text

The variables go to stdout, in one piece, once everything listens; what is for people goes to stderr:

  node local-cloud/cli.ts > cloud.env & until [ -s cloud.env ]; do sleep 0.2; done; . ./cloud.env

NODE_EXTRA_CA_CERTS is the certificate authority's file; curl takes it by --cacert, Python by REQUESTS_CA_BUNDLE.
AZURE_CLIENT_ID is the first application of the seed, LOCAL_CLOUD_RESOURCE_ID its first account; LOCAL_CLOUD_ENDPOINT is the
host that serves all of its APIs (services.ai.azure.com in Azure), AZURE_OPENAI_ENDPOINT that of openai.azure.com.

A seed has these fields (local-cloud/world.ts describes what is in each):

  tenants, subscriptions, resourceGroups     where everything is
  applications, users, groups                who there is: credentials, members; groups may be in groups
  accounts, deletedAccounts                  key access, network, deployments, projects; what can be restored
  resources, models                          apps with identities, and whatever else roles are assigned at; models with dates
  roleAssignments, roleDefinitions           who may do what: conditions, custom roles
  denyAssignments, locks, policyAssignments  what is in the way of those who may
  workflow                                   the run whose tokens GitHub's issuer signs

Clients of Resource Manager change accounts and their keys, deployments, projects, managed identities, role assignments,
custom roles and locks at run time, as in Azure. The control endpoint moves the clock, plays faults, tells what happened,
and takes another seed with the same accounts. docs/local-cloud.md shows all of it.
`

const FORMATS = ['shell', 'github', 'json'] as const
type Format = (typeof FORMATS)[number]

/** What is wrong with the command line; ends the program with status 2 and the usage. */
class UsageError extends Error {}

interface CommandLine {
  help: boolean
  port?: number
  seedFile?: string
  /** Milliseconds. */
  propagation?: number[]
  /** Milliseconds. */
  keyAccessLag?: number[]
  replicasBy?: ReplicasBy
  throttling: boolean
  format: Format
}

/** @throws UsageError */
function readCommandLine(args: string[]): CommandLine {
  const { values } = parse(args)
  const line: CommandLine = {
    help: values.help === true,
    throttling: values.throttling === true,
    format: oneOf('--format', values.format ?? 'shell', FORMATS),
  }
  if (values.port !== undefined) line.port = numberOf('--port', values.port, 1, 65_535)
  if (values.seed !== undefined) line.seedFile = values.seed
  if (values.propagation !== undefined) line.propagation = lagsOf('--propagation', values.propagation)
  if (values['key-access-lag'] !== undefined)
    line.keyAccessLag = lagsOf('--key-access-lag', values['key-access-lag'])
  if (values['replicas-by'] !== undefined)
    line.replicasBy = oneOf('--replicas-by', values['replicas-by'], replicaChoices)
  return line
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h' },
        port: { type: 'string' },
        seed: { type: 'string' },
        propagation: { type: 'string' },
        'key-access-lag': { type: 'string' },
        'replicas-by': { type: 'string' },
        throttling: { type: 'boolean' },
        format: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
}

function oneOf<Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find(known => known === text)
  if (choice !== undefined) return choice
  throw new UsageError(`${option} is '${text}': it can be ${choices.join(', ')}.`)
}

function numberOf(option: string, text: string, lowest: number, highest: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= lowest && value <= highest) return value
  throw new UsageError(`${option} is '${text}': it takes whole numbers from ${lowest} to ${highest}.`)
}

/** One number of seconds a replica, in milliseconds. */
const lagsOf = (option: string, text: string) =>
  text.split(',').map(seconds => numberOf(option, seconds, 0, 86_400) * 1000)

async function cloudOptions({
  port,
  seedFile,
  propagation,
  keyAccessLag,
  replicasBy,
  throttling,
}: CommandLine): Promise<LocalCloudOptions> {
  const options: LocalCloudOptions = {}
  if (throttling) options.throttling = PUBLISHED_THROTTLING
  if (port !== undefined) options.basePort = port
  if (replicasBy !== undefined) options.replicasBy = replicasBy
  options.lag = {
    ...(propagation === undefined ? {} : { roleAssignments: propagation }),
    ...(keyAccessLag === undefined ? {} : { keyAccess: keyAccessLag }),
  }
  // Not checked here: starting the cloud does, and lists everything that is wrong.
  if (seedFile !== undefined) options.seed = await readJson(seedFile)
  return options
}

async function readJson(file: string) {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Error(`The seed ${file} cannot be read: ${messageOf(error)}`)
  }
}

function render(values: Record<string, string>, format: Format): string {
  const entries = Object.entries(values)
  const lines = {
    shell: () => entries.map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`),
    // The runner sets its own variables again for every step: what it owns would be lost.
    github: () =>
      entries.filter(([name]) => !name.startsWith('GITHUB_')).map(([name, value]) => `${name}=${value}`),
    json: () => [JSON.stringify(values, null, 2)],
  }
  return `${lines[format]().join('\n')}\n`
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process in the ordinary way. */
function interrupted(): Promise<void> {
  return new Promise(resolve => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

async function main(): Promise<void> {
  const line = readCommandLine(process.argv.slice(2))
  if (line.help) {
    process.stderr.write(USAGE)
    return
  }
  const stop = interrupted()
  const cloud = await createLocalCloud(await cloudOptions(line))
  process.stdout.write(render(cloud.jobEnvironment(), line.format))
  process.stderr.write(
    `The local cloud is up: ${Object.values(cloud.endpoints).filter(isText).join(' ')}\nStop it with Ctrl-C.\n`,
  )
  await stop
  await cloud.close()
}

const isText = (value: unknown) => typeof value === 'string'

try {
  await main()
} catch (error) {
  const isUsage = error instanceof UsageError
  process.stderr.write(`${messageOf(error)}\n${isUsage ? `\n${USAGE}` : ''}`)
  process.exitCode = isUsage ? 2 : 1
}
