import { readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { createClock } from '../local-cloud/clock.ts'
import type { Context } from '../local-cloud/context.ts'
import { defaultWorld } from '../local-cloud/default-world.ts'
import { createGraph } from '../local-cloud/graph/index.ts'
import { createDataPlane } from '../local-cloud/inference/index.ts'
import { limits } from '../local-cloud/limits.ts'
import { createResourceManager } from '../local-cloud/resource-manager/index.ts'
import { parseSeed } from '../local-cloud/seed.ts'
import type { Route } from '../local-cloud/service.ts'
import { repositoryRoot } from './tools.ts'

/** Pages about the local cloud, generated from its own tables. */

const titles: Readonly<Record<string, string>> = {
  github: 'GitHub',
  entra: 'Entra ID',
  'managed-identity': 'Managed identity endpoint',
  'resource-manager': 'Resource Manager',
  graph: 'Microsoft Graph',
  inference: 'Inference',
  app: 'Apps',
  gateway: 'Gateways',
}

const titleOf = (service: string) => titles[service] ?? service

/** What the local cloud does not do, for its README. */
export const limitsSection = (): string =>
  Object.entries(limits)
    .map(([service, items]) => [`### ${titleOf(service)}`, '', ...items.map(item => `- ${item}`)].join('\n'))
    .join('\n\n')

/** Paths of the examples that a page shows. The path is also the marker in the page. */
export const examplesIn = (page: string): string[] =>
  [...page.matchAll(/^<!-- (local-cloud\/examples\/\S+) -->$/gm)].map(([, path = '']) => path)

/** The language of a code block, by the ending of the file. */
const languages: Readonly<Record<string, string>> = {
  '.mjs': 'javascript',
  '.py': 'python',
  '.go': 'go',
  '.java': 'java',
  '.cs': 'csharp',
  '.sh': 'sh',
}

/** The page shows the example file unchanged. */
export function exampleBlock(path: string): string {
  const language = languages[extname(path)]
  if (language === undefined) throw new Error(`${path}: no code block has a language for this ending.`)
  return `\`\`\`${language}\n${readFileSync(join(repositoryRoot, path), 'utf8').trimEnd()}\n\`\`\``
}

/** Operations of the services with official descriptions. A route for resources of any type is not an operation. */
export function describedRoutes(): Route[] {
  const context = silentContext()
  return [
    ...createResourceManager(context).routes.filter(({ operation }) => !operation.startsWith('resources.')),
    ...createDataPlane(context)({ kind: 'regional' }).routes,
  ]
}

/** docs/local-cloud-operations.md: the operations of the local cloud, and the source that shows how Azure answers. */
export function operationsPage(): string {
  const context = silentContext()
  return [
    '# What the local cloud serves',
    'These are the operations of Resource Manager, Microsoft Graph and the models. The names are those of the journal and of faults. The source shows how Azure answers: official descriptions, documentation, source code of SDKs, or recordings. The local cloud answers everything else with 501 `LocalCloudNotImplemented`.',
    `## ${titleOf('resource-manager')}`,
    routesTable(createResourceManager(context).routes),
    `## ${titleOf('graph')}`,
    routesTable(createGraph(context).routes),
    `## ${titleOf('inference')}`,
    routesTable(createDataPlane(context)({ kind: 'regional' }).routes),
    '',
  ].join('\n\n')
}

function routesTable(routes: readonly Route[]): string {
  const rows = routes.map(
    ({ operation, method, source = '' }) => `| \`${operation}\` | ${method} | ${source} |`,
  )
  return ['| Operation | Method | Source |', '| --- | --- | --- |', ...rows].join('\n')
}

/** Just enough of a cloud to list the routes of its services. */
function silentContext(): Context {
  const nowhere = 'https://127.0.0.1'
  return {
    world: parseSeed(defaultWorld),
    clock: createClock(),
    endpoints: {
      github: nowhere,
      githubApi: nowhere,
      authorityHost: nowhere,
      resourceManager: nowhere,
      graph: nowhere,
      accounts: new Map(),
      hosts: new Map(),
      gateways: new Map(),
      regional: nowhere,
      control: nowhere,
      apps: new Map(),
    },
    lag: { roleAssignments: [0], federatedCredentials: [0], deployments: [0], keyAccess: [0] },
    replicasBy: 'request',
    openHosts: async () => undefined,
    tokens: {
      issue: () => '',
      verify: async () => ({ ok: false, reason: 'malformed' }),
      jwks: () => ({ keys: [] }),
    },
  }
}
