import type { InferenceAudiences } from '../../azure/clouds.ts'
import { endpointsAt } from '../../azure/endpoint.ts'
import { localFailure, StepError } from '../../core/failures/failure.ts'
import { firstOf } from '../../core/text/lists.ts'
import { plain } from '../../core/text/untrusted.ts'
import { type Deployment, deploymentNamed } from '../resource-manager/deployments.ts'
import type { DataPlane } from './apis/api.ts'
import type { Api } from './apis/choices.ts'
import { apiOf } from './apis/index.ts'
import {
  type AutomaticApi,
  automaticApi,
  callableKinds,
  isAnthropic,
  isFor,
  isForText,
  type ModelFacts,
} from './model-kind.ts'
import { type Route, routeOf } from './route.ts'

/** Which deployments are called, and how. */

export interface DeploymentRequest {
  name: string
  /** Absent: the input `api` decides. */
  api: Api | 'auto' | undefined
}

/** The inputs. `deployments` empty: one chat deployment of the resource; `smoke.api`: for deployments that name no API. */
interface DeploymentSettings {
  deployments: readonly DeploymentRequest[]
  smoke: { api: Api | 'auto'; tokenAudience?: string | undefined }
}

/**
 * Audiences that the first calls will probably need, without duplicates, as far as the inputs alone show.
 * @param target The named project, and the endpoint, which has priority.
 */
export function likelyAudiences(
  { deployments, smoke }: DeploymentSettings,
  target: { project: string | undefined; endpoint: string | undefined },
  audiences: InferenceAudiences,
): string[] {
  if (smoke.tokenAudience !== undefined) return [smoke.tokenAudience]
  const at = target.endpoint === undefined ? target : endpointsAt(target.endpoint)
  const named = deployments.length > 0 ? deployments : [{ name: '', api: undefined }]
  const likely = named.flatMap(({ name, api = smoke.api }) => {
    const chosen = api === 'auto' ? automaticApi(name, undefined, at).api : api
    return chosen === undefined ? [] : apiOf(chosen).audiencesOf(audiences, at).slice(0, 1)
  })
  return [...new Set(likely)]
}

/**
 * True if nothing about the resource has to be known first, so the smoke calls may start at once. Deployments that are billed
 * per item, or whose name does not look like text, wait until the list shows what they are.
 */
export function knowsItsRoutes({ deployments, smoke }: DeploymentSettings): boolean {
  return (
    deployments.length > 0 &&
    deployments.every(
      ({ name, api = smoke.api }) => api !== 'auto' && apiOf(api).cost === 'tokens' && isForText(name),
    )
  )
}

/**
 * @param deployments From Resource Manager; undefined if it was not asked, or the list cannot be read.
 * @throws StepError `deployment-not-found` if the list shows that a deployment does not exist; `deployment-not-ready` if it is being
 * deleted; `operation-unsupported` if no API here calls models of its kind.
 */
export function routesFor(
  settings: DeploymentSettings,
  deployments: readonly Deployment[] | undefined,
  dataPlane: DataPlane,
): Route[] {
  const { api: apiOfAll } = settings.smoke
  const requested =
    settings.deployments.length > 0 ? settings.deployments : [usualDeployment(deployments, apiOfAll)]
  return requested.map(({ name, api = apiOfAll }) => {
    if (api !== 'auto' && apiOf(api).ofProject) return routeToProject(name, api, dataPlane)
    const model = modelOf(name, deployments)
    const target = { deployment: name, model: model?.name }
    if (api !== 'auto') return routeOf(target, api, dataPlane)
    const automatic = automaticApi(name, model, dataPlane.endpoints)
    const route = routeOf(target, automatic.api ?? refuseKind(name, automatic), dataPlane)
    return { ...route, because: `${automatic.kind}, by ${automatic.by}` }
  })
}

function routeToProject(name: string, api: Api, dataPlane: DataPlane): Route {
  if (dataPlane.endpoints.project !== undefined) return routeOf({ deployment: name }, api, dataPlane)
  const message = `There is no endpoint of a project, and ${plain(name, 64)} is called by ${api}, in a project.`
  throw new StepError('choosing the deployments', localFailure('endpoint-not-found', message))
}

function refuseKind(name: string, { kind, by }: AutomaticApi): never {
  const callable = callableKinds.map(callableKind => `${callableKind.kind} (${callableKind.api})`).join(', ')
  const message = `${plain(name, 64)} is a model for ${kind}, by ${by}, and there is no call for that kind. There is one for ${callable}. If it is one of those, name it: ${plain(name, 64)}=API.`
  throw new StepError('choosing the deployments', localFailure('operation-unsupported', message))
}

/** Routes whose answers do not depend on the prompt: an expression cannot be checked against them. */
export const withoutText = (routes: readonly Route[]): Route[] =>
  routes.filter(({ api }) => !apiOf(api).answersPrompt)

/** @throws StepError `input-invalid` if an answer should match, but none of them is text. */
export function requireText(routes: readonly Route[], expect: RegExp | undefined): void {
  if (expect === undefined || withoutText(routes).length < routes.length) return
  const called = routes.map(({ deployment, api }) => `${plain(deployment, 64)} by ${api}`).join(', ')
  throw new StepError(
    'choosing the deployments',
    localFailure('input-invalid', `\`expect\` has no effect: no answer to the prompt is text (${called})`),
  )
}

/** @throws StepError if the list shows that a deployment does not exist, or is being deleted. */
export function requireListed(
  routes: readonly Route[],
  deployments: readonly Deployment[] | undefined,
): void {
  for (const { deployment, api } of routes) {
    if (!apiOf(api).ofProject) modelOf(deployment, deployments)
  }
}

function modelOf(name: string, deployments: readonly Deployment[] | undefined): ModelFacts | undefined {
  if (deployments === undefined) return undefined
  const deployment = deploymentNamed(name, deployments)
  if (deployment === undefined) {
    throw noSuchDeployment(
      `The resource has no deployment named "${plain(name)}"; it has ${namesOf(deployments)}.`,
      name,
    )
  }
  if (deployment.state === 'Deleting') {
    const message = `The deployment "${plain(name)}" is being deleted: its provisioningState is Deleting.`
    throw new StepError(
      'choosing the deployments',
      localFailure('deployment-not-ready', message, { deployment: name }),
    )
  }
  return { name: deployment.modelName, format: deployment.modelFormat, capabilities: deployment.capabilities }
}

/** A sentence with more names is unreadable; the printed command lists all of them. */
const maxNames = 30

function namesOf(deployments: readonly Deployment[]): string {
  const names = deployments.map(({ name }) => plain(name, 64))
  return firstOf(names, maxNames) || 'none at all'
}

/**
 * A deployment for chat, or for the API that the user named. A Claude model only if the user named the Messages API, or there
 * is no other.
 */
function usualDeployment(
  deployments: readonly Deployment[] | undefined,
  api: Api | 'auto',
): DeploymentRequest {
  if (deployments === undefined) {
    throw noSuchDeployment(
      'The deployments of the resource cannot be listed, and the input `deployments` names none.',
    )
  }
  const capable = deployments.filter(
    ({ state, modelName, modelFormat, capabilities }) =>
      (state === undefined || state === 'Succeeded') &&
      isFor({ name: modelName, format: modelFormat, capabilities }, api),
  )
  const [first] = capable
  if (first === undefined)
    throw noSuchDeployment(
      `The resource has no deployment ${api === 'auto' ? 'that answers a chat' : `for ${api}`}; name one in \`deployments\`.`,
    )
  const wantsClaude = api === 'messages'
  const fitting = capable.find(({ modelFormat }) => isAnthropic(modelFormat) === wantsClaude)
  return { name: (fitting ?? first).name, api: undefined }
}

function noSuchDeployment(message: string, deployment?: string): StepError {
  const named = deployment === undefined ? undefined : { deployment }
  return new StepError('choosing the deployments', localFailure('deployment-not-found', message, named))
}
