import { type EndpointParts, endpointsAt } from '../azure/endpoint.ts'
import { deploymentPattern } from '../azure/resource-id.ts'
import type { Target } from '../gate/settings.ts'
import { type Api, apis, choiceOf, classicApi } from '../services/inference/apis/choices.ts'
import type { DeploymentRequest } from '../services/inference/select-deployments.ts'
import { entriesOf, gapIn } from './formats.ts'
import { type Problem, quoted, type Reader } from './reader.ts'

export const apiChoices = ['auto', ...apis] as const

/** The deployments of the input, or the one in the path of `endpoint`. */
export function readDeployments(
  reader: Reader,
  called: { api: Api | 'auto'; parts: EndpointParts | undefined },
): DeploymentRequest[] {
  return withDeploymentOfPath(reader, reader.lines('deployments', parseDeployments), called)
}

/**
 * Accepts Windows line ends, blanks around a name, commas between lines and the line end of a YAML block. A line without a name
 * is refused: it comes from a variable that is not set, so a deployment would go unproven.
 */
function parseDeployments(untrimmed: readonly string[]): DeploymentRequest[] | Problem {
  const requests: DeploymentRequest[] = []
  for (const line of entriesOf(untrimmed)) {
    const gap = gapIn(line)
    if (gap !== undefined) return { problem: gap }
    const [name = '', api, ...rest] = line.split('=').map(part => part.trim())
    if (name === '') return { problem: withoutName(line) }
    if (rest.length > 0 || !deploymentPattern.test(name))
      return { problem: `holds the line ${quoted(line)}; a line reads \`name\` or \`name=api\`` }
    const known = apiChoices.find(candidate => candidate === api?.toLowerCase())
    if (api !== undefined && known === undefined) {
      return {
        problem: `asks for the API ${quoted(api)}; known are ${apiChoices.map(candidate => `\`${candidate}\``).join(', ')}`,
      }
    }
    const request = { name, api: known }
    if (!requests.some(other => other.name === request.name && other.api === request.api))
      requests.push(request)
  }
  return requests
}

const withoutName = (line: string) =>
  `holds the line ${quoted(line)}, which names no deployment. An absent variable arrives as an empty string`

/** Adds the deployment that the path of `endpoint` names, and its API. */
function withDeploymentOfPath(
  reader: Reader,
  named: DeploymentRequest[],
  { api, parts }: { api: Api | 'auto'; parts: EndpointParts | undefined },
): DeploymentRequest[] {
  const { deployment: name, operation } = parts ?? {}
  if (name === undefined || named.some(other => other.name === name)) return named
  if (named.length === 0) return [{ name, api: api === 'auto' ? classicApi(operation) : undefined }]
  reader.refuse(
    'deployments',
    `do not name ${quoted(name)}, which the path of \`endpoint\` names; remove one of the two`,
  )
  return named
}

interface Asked {
  target: Target
  deployments: readonly DeploymentRequest[]
  api: Api | 'auto'
  apiVersion: string | undefined
}

/** Refuses an API that is billed per item if no deployment is named, an agent without a project, and a version for other routes. */
export function requireCallable(reader: Reader, { target, deployments, api, apiVersion }: Asked): void {
  if (deployments.length === 0 && api !== 'auto' && choiceOf(api).cost !== 'tokens') {
    reader.refuse(
      'deployments',
      `must name what to call by \`${api}\`: without a name the gate chooses a chat deployment`,
    )
  }
  const asked = deployments.length === 0 ? [api] : deployments.map(({ api: own = api }) => own)
  const named = asked.filter(each => each !== 'auto')
  const ofProject = named.find(each => choiceOf(each).ofProject)
  if (ofProject !== undefined && projectOf(target) === undefined) {
    reader.refuse(
      'deployments',
      `are called by \`${ofProject}\`, which needs a project, but neither \`resource-id\` nor \`endpoint\` names one`,
    )
  }
  if (apiVersion !== undefined && !named.some(each => choiceOf(each).takesVersion)) {
    const versioned = apis.filter(each => choiceOf(each).takesVersion).map(each => `\`${each}\``)
    reader.refuse(
      'api-version',
      `has no effect: no deployment is called by an API that takes one (${versioned.join(', ')}), named in \`api\` or as \`name=api\``,
    )
  }
}

function projectOf(target: Target): string | undefined {
  if (target.endpoint !== undefined && target.endpoint !== '') return endpointsAt(target.endpoint).project
  return target.kind === 'resource' ? target.resource.project : undefined
}
