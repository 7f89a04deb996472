import type { Endpoints } from '../context.ts'
import type { World } from '../world.ts'

const GUIDE = 'https://github.com/OWNER/key-less-gate/tree/v1/local-cloud#readme'

/** What is known about the pipeline's right to call models; `by-seed`: nothing. */
export type PipelineAccess = 'granted' | 'missing' | 'by-seed'

interface Started {
  world: World
  endpoints: Endpoints
  environment: Readonly<Record<string, string>>
  access: PipelineAccess
}

/** What a person reads who started the cloud: one screen. */
export function welcome({ world, endpoints, environment, access }: Started): string {
  const [application] = world.applications
  const rows: [string, string | undefined][] = [
    ['GitHub OIDC issuer', endpoints.github],
    ['Entra ID', endpoints.authorityHost],
    ['Resource Manager', endpoints.resourceManager],
    ['Foundry resource', environment.LOCAL_CLOUD_ENDPOINT],
    ['Managed identity', environment.IDENTITY_ENDPOINT],
    ['Control endpoint', endpoints.control],
  ]
  return [
    'The local cloud is up. Stop it with Ctrl-C.',
    ...rows.flatMap(([name, address]) => (address === undefined ? [] : [`  ${name.padEnd(20)}${address}`])),
    '',
    ...deploymentLines(world),
    ...(application === undefined ? [] : accessLines(application.displayName, access)),
    '',
    'The variables on stdout are all that programs need. For those of a shell:',
    '',
    '  npx key-less-cloud > cloud.env &',
    '  npx key-less-cloud wait cloud.env && . ./cloud.env',
    '',
    'For one program, which signs in by DefaultAzureCredential, and the cloud ends with it:',
    '',
    '  npx key-less-cloud --granted -- node app.mjs',
    '',
    'For a world of your own: npx key-less-cloud init, then --seed local-cloud.yaml. --help tells all options.',
    GUIDE,
    '',
  ].join('\n')
}

/** How many deployments are named. */
const MOST_NAMES = 4

function deploymentLines({ accounts: [account] }: World): string[] {
  if (account === undefined) return []
  const names = account.deployments.map(({ name }) => name)
  const [shown, others] = [names.slice(0, MOST_NAMES), names.length - MOST_NAMES]
  const list = shown.length === 0 ? 'no deployments' : shown.join(', ')
  return [`${account.name} has ${list}${others > 0 ? ` and ${others} more` : ''}.`]
}

function accessLines(pipeline: string, access: PipelineAccess): string[] {
  if (access === 'by-seed') return []
  if (access === 'granted') return [`${pipeline} can call them.`]
  return [
    `${pipeline} can sign in, but cannot call them yet: denied, as on the first day in Azure.`,
    'Start with --granted, or grant it the role "Cognitive Services User" as you would there.',
  ]
}
