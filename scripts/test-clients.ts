import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createLocalCloud } from '../local-cloud/local-cloud.ts'
import { repositoryRoot } from './tools.ts'

/**
 * Runs programs that use the libraries of others, unmodified, against the local cloud, and writes into its README which of them
 * did what they do in Azure. What is not installed is said to be so: CLIENTS_PYTHON names a Python with the libraries,
 * CLIENTS_GO a folder with the built example; the JavaScript libraries are those of the repository.
 */

const run = promisify(execFile)
const examples = join(repositoryRoot, 'local-cloud/examples')
const { CLIENTS_PYTHON: python = 'python3', CLIENTS_GO: go } = process.env

interface Client {
  name: string
  /** Prints the version; fails where the client is not installed. */
  version: readonly [string, ...string[]]
  /** What was run, in words. */
  what: string
  command: readonly [string, ...string[]]
}

const chat = 'DefaultAzureCredential by the token file, one chat completion'

const node = (library: string): Client => ({
  name: `JavaScript: ${library}, @azure/identity`,
  version: [
    process.execPath,
    '-p',
    `['${library}','@azure/identity'].map(n => require('${repositoryRoot}/node_modules/' + n + '/package.json').version).join(', ')`,
  ],
  what: chat,
  command: [process.execPath, join(examples, 'javascript.mjs')],
})

const pythonClient = (name: string, library: string, what = chat): Client => ({
  name: `Python: ${library}, azure-identity`,
  version: [
    python,
    '-c',
    `from importlib.metadata import version as v; print(v('${library}'), v('azure-identity'), sep=', ')`,
  ],
  what,
  command: [python, join(examples, 'python.py'), name],
})

const clients: readonly Client[] = [
  node('openai'),
  pythonClient('openai', 'openai'),
  pythonClient('anthropic', 'anthropic', 'the same, by one message of Claude'),
  pythonClient('langchain', 'langchain-openai'),
  pythonClient('litellm', 'litellm'),
  pythonClient('instructor', 'instructor', 'the same, an answer in the form of a class'),
  pythonClient('pydantic-ai', 'pydantic-ai-slim'),
  {
    name: 'Go: openai-go, azidentity',
    version: [
      'sh',
      '-c',
      `cd '${go ?? '/nowhere'}' && test -x app && go list -m -f '{{.Version}}' github.com/openai/openai-go/v3 github.com/Azure/azure-sdk-for-go/sdk/azidentity | paste -sd, | sed 's/,/, /'`,
    ],
    what: chat,
    command: [join(go ?? '/nowhere', 'app')],
  },
]

async function rowOf(
  { name, version, what, command: [program, ...args] }: Client,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const cells = (installed: string, outcome: string) => `| ${name} | ${installed} | ${what} | ${outcome} |`
  const [probe, ...probeArgs] = version
  const installed = await run(probe, probeArgs).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  )
  if (installed === '') return cells('', 'not installed here')
  const failure = await run(program, args, { env, timeout: 120_000 }).then(
    () => undefined,
    error => String(error),
  )
  if (failure !== undefined) process.stderr.write(`${name}: ${failure}\n`)
  return cells(installed, failure === undefined ? 'green' : '**red**')
}

const cloud = await createLocalCloud({ granted: true })
try {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...cloud.jobEnvironment() }
  const rows: string[] = []
  for (const client of clients) rows.push(await rowOf(client, env))
  const table = ['| Client | Version | What was run | |', '| --- | --- | --- | --- |', ...rows].join('\n')
  const file = join(repositoryRoot, 'local-cloud/README.md')
  const readme = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    readme.replace(/(?<=<!-- clients -->\n\n).*?(?=\n\n<!-- \/clients -->)/s, () => table),
  )
  process.stdout.write(`${table}\n`)
} finally {
  await cloud.close()
}
