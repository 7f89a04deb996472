import type { Api } from '../../../services/inference/apis/choices.ts'
import { registry } from '../../../services/inference/apis/index.ts'
import { automaticApi, isAnthropic, type ModelFacts } from '../../../services/inference/model-kind.ts'
import { deploymentNamed } from '../../../services/resource-manager/deployments.ts'
import { inputs } from '../commands.ts'
import { advice, type ExplainContext, type Fix } from '../explanation.ts'
import { deploymentOf, valuesOf } from '../values.ts'
import { refusedRoute } from './refused-call.ts'

/** Other APIs for a deployment that one API refused. */

/** `name=api` for the refused deployment. */
const byApi = (title: string, told: ExplainContext, api: string): Fix =>
  inDeployments(title, told, `${valuesOf(told).deployment}=${api}`)

/** Replaces the refused entry, and keeps the other deployments. */
export function inDeployments(title: string, told: ExplainContext, entry: string): Fix {
  const refused = deploymentOf(told)
  const asked = told.record.settings?.deployments ?? []
  const kept = asked.map(({ name, api }) => {
    if (name === refused) return entry
    return api === undefined ? name : `${name}=${api}`
  })
  const entries = kept.includes(entry) ? kept : [entry]
  return inputs(title, { deployments: [...new Set(entries)].join('\n') })
}

/** Claude has only one API, and no other model has it. If the model is not known, every API is offered. */
export function otherApis(told: ExplainContext): Fix[] {
  const refused = refusedRoute(told)
  if (isClaude(told)) return [byApi('Claude models speak the Messages API only', told, 'messages')]
  if (refused?.api === 'messages')
    return [byApi('Only Claude models speak the Messages API: take the one of the model', told, 'auto')]
  const model = modelOf(told)
  const { api, kind } = automaticApi(model?.name ?? '', model, { project: undefined })
  if (model !== undefined && api !== undefined && api !== refused?.api)
    return [byApi(`Its model is one for ${kind}: call it as such`, told, api)]
  const others = registry
    .filter(({ name }) => name !== refused?.api)
    .map(({ name, calls }) => `\`${name}\` (${calls})`)
  return [
    advice(
      `In \`deployments\`, as \`${valuesOf(told).deployment}=API\`. There are ${others.join(', ')}.`,
      'Name the API of its model',
    ),
  ]
}

/** The first of these APIs that this run did not try; none for a model with only one API. */
export function anotherApi(title: string, told: ExplainContext, ...candidates: readonly Api[]): Fix[] {
  const tried = refusedRoute(told)?.api
  const other = candidates.find(candidate => candidate !== tried)
  return isClaude(told) || tried === 'messages' || other === undefined ? [] : [byApi(title, told, other)]
}

/** The model of the refused deployment, if the list shows it. */
export function modelOf(told: ExplainContext): ModelFacts | undefined {
  const deployment = deploymentNamed(deploymentOf(told) ?? '', told.record.deployments)
  if (deployment === undefined) return undefined
  return { name: deployment.modelName, format: deployment.modelFormat, capabilities: deployment.capabilities }
}

const isClaude = (told: ExplainContext): boolean => isAnthropic(modelOf(told)?.format)
