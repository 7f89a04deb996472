import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { isOnPath } from './programs.ts'
import { repositoryRoot } from './tools.ts'

/** Programs that use other people's libraries, as users write them, and how to install each one in a separate folder. */

const execute = promisify(execFile)
const examples = join(repositoryRoot, 'local-cloud/examples')

/** Long, because az and Terraform each make dozens of calls. */
const LONGEST_MS = 30 * 60 * 1000

type Command = readonly [string, ...string[]]

interface Client {
  /** The language and the packages. */
  name: string
  /** What the program does, in words. */
  what: string
  /** Programs that must be on the PATH. */
  programs: readonly string[]
  /**
   * @param folder empty, or left by an earlier run
   * @throws Error with the package manager's message, if it cannot install
   */
  install(folder: string): Promise<Installed>
}

interface Installed {
  /** In the order in which the client's name lists its packages. */
  versions: readonly string[]
  /** Run one after the other, in `folder`. */
  commands: readonly Command[]
  folder: string
  /** Whether the commands start their own cloud. */
  alone?: true
  /** A folder of programs that come first in the PATH. */
  path?: string
}

/** Runs a program in the user's environment. */
async function runIn(folder: string, [program, ...args]: Command): Promise<string> {
  const { stdout } = await execute(program, args, { cwd: folder, maxBuffer: 100_000_000 })
  return stdout
}

const lines = (text: string) =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')

const chat = 'DefaultAzureCredential with the token file, one answer'
const chatAsItIs = `${chat}; the same with \`--instance-discovery\` and no option of the credential`

/** In a cloud that answers for login.microsoftonline.com. Without that variable, the examples leave instance discovery on, as in Azure. */
const asItIs = (program: string): Command => [
  process.execPath,
  join(repositoryRoot, 'local-cloud/cli.ts'),
  ...['--granted', '--instance-discovery', '--', 'env', '-u', 'LOCAL_CLOUD_ISSUER', program],
]

async function npmInstall(folder: string, packages: readonly string[]): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  await runIn(folder, ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages])
}

const npmVersions = (folder: string, packages: readonly string[]): string[] =>
  packages.map(name => {
    const manifest = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')
    return v.parse(v.object({ version: v.string() }), JSON.parse(manifest)).version
  })

const javascript = (file: string, packages: readonly string[], others: readonly string[] = []): Client => ({
  name: `JavaScript: ${packages.join(', ')}`,
  what: chat,
  programs: ['npm'],
  async install(folder) {
    await npmInstall(folder, [...packages, ...others])
    cpSync(join(examples, 'javascript', file), join(folder, file))
    return { versions: npmVersions(folder, packages), commands: [[process.execPath, file]], folder }
  },
})

/** Installs the packed npm package, and the packages that the tests need. */
async function installTests(folder: string, packages: readonly string[]): Promise<void> {
  const packed = await runIn(repositoryRoot, [
    'npm',
    'pack',
    '--json',
    '--workspace',
    'local-cloud',
    '--foreground-scripts=false',
    ...['--pack-destination', folder],
  ])
  const [{ filename }] = v.parse(v.tuple([v.object({ filename: v.string() })]), JSON.parse(packed))
  await npmInstall(folder, [`./${filename}`, ...packages])
  cpSync(join(examples, 'tests'), folder, { recursive: true })
}

const vitest: Client = {
  name: 'JavaScript: vitest',
  what: 'the test example, with `createLocalCloud()`',
  programs: ['npm'],
  async install(folder) {
    await installTests(folder, ['vitest', 'openai', '@azure/identity'])
    const command: Command = [
      process.execPath,
      'node_modules/vitest/vitest.mjs',
      'run',
      '--dir',
      '.',
      'ask.vitest',
    ]
    return { versions: npmVersions(folder, ['vitest']), commands: [command], folder, alone: true }
  },
}

/** A separate virtual environment, because the libraries need versions of the same packages that conflict. */
async function virtualEnvironment(folder: string, packages: readonly string[]): Promise<string> {
  await runIn(folder, ['python3', '-m', 'venv', 'venv'])
  const python = join(folder, 'venv/bin/python')
  await runIn(folder, [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages])
  return python
}

async function pythonVersions(python: string, packages: readonly string[]): Promise<string[]> {
  const names = packages.map(name => name.replace(/\[.*/, ''))
  const program = `from importlib.metadata import version
for name in ${JSON.stringify(names)}: print(version(name))`
  return lines(await runIn('.', [python, '-c', program]))
}

const python = (file: string, packages: readonly string[], what = chat): Client => ({
  name: `Python: ${packages.map(name => name.replace(/\[.*/, '')).join(', ')}`,
  what,
  programs: ['python3'],
  async install(folder) {
    const interpreter = await virtualEnvironment(folder, packages)
    const versions = await pythonVersions(interpreter, packages)
    return { versions, commands: [[interpreter, join(examples, 'python', file)]], folder }
  },
})

const pytest: Client = {
  name: 'Python: pytest',
  what: 'the test example, whose fixture starts npx',
  programs: ['python3', 'npm'],
  async install(folder) {
    await installTests(folder, [])
    const interpreter = await virtualEnvironment(folder, ['pytest', 'openai', 'azure-identity'])
    const versions = await pythonVersions(interpreter, ['pytest'])
    return { versions, commands: [[interpreter, '-m', 'pytest', '-q', 'test_ask.py']], folder, alone: true }
  },
}

const goModules = (folder: string, names: readonly string[]): string[] => {
  const required = readFileSync(join(folder, 'go.mod'), 'utf8')
  return names.map(name => new RegExp(`/${name}(?:/v\\d+)? (v\\S+)`).exec(required)?.[1] ?? '')
}

const go = (program: string, names: readonly string[], what: string): Client => ({
  name: `Go: ${names.join(', ')}`,
  what,
  programs: ['go'],
  async install(folder) {
    cpSync(join(examples, 'go'), folder, { recursive: true })
    await runIn(folder, ['go', 'mod', 'tidy'])
    await runIn(folder, ['go', 'build', '-p', '1', '-o', 'app', `./${program}`])
    const commands: Command[] = what === chatAsItIs ? [['./app'], asItIs('./app')] : [['./app']]
    return { versions: goModules(folder, names), commands, folder }
  },
})

const java: Client = {
  name: 'Java: azure-identity, openai-java',
  what: chatAsItIs,
  programs: ['mvn', 'java', 'keytool'],
  async install(folder) {
    cpSync(join(examples, 'java'), folder, { recursive: true })
    await runIn(folder, ['mvn', '-q', '-B', 'package', 'dependency:copy-dependencies'])
    const pom = readFileSync(join(folder, 'pom.xml'), 'utf8')
    const versions = ['azure-identity', 'openai-java'].map(
      name => new RegExp(`<artifactId>${name}</artifactId>\\s*<version>(.*?)<`).exec(pom)?.[1] ?? '',
    )
    return { versions, commands: [['./run.sh'], asItIs('./run.sh')], folder }
  },
}

const az: Client = {
  name: 'az: azure-cli',
  what: '`__tests__/compatibility/az.test.ts`: the commands in documents and fixes, both forms of setup.sh, the resources of main.bicep',
  programs: ['python3'],
  async install(folder) {
    const interpreter = await virtualEnvironment(folder, ['azure-cli'])
    const versions = await pythonVersions(interpreter, ['azure-cli'])
    const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '__tests__/compatibility/az']
    // The first command fails if az is not found. Otherwise the tests would be skipped, and look green.
    const commands: Command[] = [
      ['az', '--version'],
      [process.execPath, ...jest, '--testTimeout', String(LONGEST_MS)],
    ]
    return { versions, commands, folder: repositoryRoot, alone: true, path: join(folder, 'venv/bin') }
  },
}

const terraformVersions = v.object({
  terraform_version: v.string(),
  provider_selections: v.record(v.string(), v.string()),
})

const terraform: Client = {
  name: 'Terraform: terraform, azapi',
  what: '`npm run test:terraform`: main.tf applied, planned again (empty) and destroyed',
  programs: ['terraform'],
  async install(folder) {
    cpSync(join(repositoryRoot, 'examples/setup/main.tf'), join(folder, 'main.tf'))
    await runIn(folder, ['terraform', 'init', '-no-color', '-input=false'])
    const found = v.parse(
      terraformVersions,
      JSON.parse(await runIn(folder, ['terraform', 'version', '-json'])),
    )
    const versions = [found.terraform_version, ...Object.values(found.provider_selections)]
    return {
      versions,
      commands: [[process.execPath, join(repositoryRoot, 'scripts/test-terraform.ts')]],
      folder,
      alone: true,
    }
  },
}

export const clients: readonly Client[] = [
  javascript('openai.mjs', ['openai', '@azure/identity']),
  javascript('ai-sdk.mjs', ['@ai-sdk/azure', '@azure/identity'], ['ai']),
  javascript('langchain.mjs', ['@langchain/openai', '@azure/identity']),
  vitest,
  python('openai_chat.py', ['openai', 'azure-identity']),
  python('anthropic_message.py', ['anthropic', 'azure-identity']),
  python('langchain_chat.py', ['langchain-openai', 'azure-identity']),
  python('litellm_chat.py', ['litellm', 'azure-identity']),
  python(
    'instructor_class.py',
    ['instructor', 'azure-identity'],
    'the same, with an answer parsed into a class',
  ),
  python('pydantic_ai_agent.py', ['pydantic-ai-slim[openai]', 'azure-identity']),
  python(
    'ai_projects.py',
    ['azure-ai-projects', 'azure-identity'],
    'the deployments of a project, and one answer from it',
  ),
  pytest,
  go('chat', ['openai-go', 'azidentity'], chatAsItIs),
  go(
    'resources',
    ['armcognitiveservices', 'armauthorization', 'armmsi'],
    'reads a resource, its deployments and role assignments, and identities',
  ),
  java,
  az,
  terraform,
]

type Outcome = 'green' | '**red**' | 'not installed here' | 'could not be installed here'

/** The outcome for a client, and the versions that ran. */
export interface Row {
  client: Client
  versions: readonly string[]
  outcome: Outcome
}

/**
 * @param folder where to install it
 * @param cloudEnvironment variables of a running local cloud
 * @param tell gets the program's own message about what went wrong
 */
export async function tryClient(
  client: Client,
  folder: string,
  cloudEnvironment: NodeJS.ProcessEnv,
  tell: (text: string) => void,
): Promise<Row> {
  const row = (outcome: Outcome, versions: readonly string[] = []): Row => ({ client, versions, outcome })
  const missing = client.programs.filter(program => !isOnPath(program))
  if (missing.length > 0) return row('not installed here')
  mkdirSync(folder, { recursive: true })
  let installed: Installed
  try {
    installed = await client.install(folder)
  } catch (error) {
    tell(`${client.name}: ${wordsOf(error)}`)
    return row('could not be installed here')
  }
  try {
    await runAll(installed, cloudEnvironment)
    return row('green', installed.versions)
  } catch (error) {
    tell(`${client.name}: ${wordsOf(error)}`)
    return row('**red**', installed.versions)
  }
}

/** @throws Error with the output of a command that fails */
async function runAll(installed: Installed, cloudEnvironment: NodeJS.ProcessEnv): Promise<void> {
  const { commands, folder, alone, path } = installed
  const { PATH = '', HOME, TF_CLI_CONFIG_FILE } = process.env
  const env = {
    PATH: [path, PATH].flatMap(part => part ?? []).join(delimiter),
    HOME,
    ...(alone ? TF_CLI_CONFIG_FILE !== undefined && { TF_CLI_CONFIG_FILE } : cloudEnvironment),
  }
  for (const [program, ...args] of commands)
    await execute(program, args, { cwd: folder, env, timeout: LONGEST_MS, maxBuffer: 100_000_000 })
}

/** Both outputs of a failed command, because some explain the problem on stdout. */
function wordsOf(error: unknown): string {
  const outputs = v.safeParse(v.object({ stdout: v.string(), stderr: v.string() }), error)
  return [String(error), ...(outputs.success ? [outputs.output.stdout, outputs.output.stderr] : [])].join(
    '\n',
  )
}
