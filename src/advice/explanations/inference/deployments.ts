import { editDistance } from '../../../core/text/distance.ts'
import { endInWords, retirementsOf } from '../../../gate/retirement.ts'
import { type Deployment, deploymentNamed } from '../../../services/resource-manager/deployments.ts'
import type { KnownRetirement } from '../../../services/resource-manager/models.ts'
import { accountOptions, az, bash, show } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from '../explanation.ts'
import { listModels, moveDeployment } from '../models.ts'
import { deploymentOf, valuesOf } from '../values.ts'
import { inDeployments, modelOf } from './other-apis.ts'
import { accessIsFine, calledAt, severalRoutes } from './refused-call.ts'

/** Deployments that do not exist, are not ready, or have a retired model. */

export const deploymentExplanations = {
  'deployment-not-found': {
    title: 'The resource has no such deployment',
    about:
      'Give the name of the deployment, not that of the model. A deployment that was created in the last five minutes may not be known everywhere yet.',
    why: told => paragraph(whyNotFound(told), severalRoutes(told)),
    unlike:
      'A host that does not know the path is `endpoint-not-found`; a deployment that is listed but does not answer, `deployment-not-ready`.',
    fixes: fixesOfNotFound,
  },
  'deployment-not-ready': {
    title: 'The deployment is there but does not answer (yet, or any more)',
    about:
      'Resource Manager lists the deployment, but the data plane does not know it, or says itself that it is not ready: it is still being created, it failed, it was switched off, or the endpoint does not lead to it.',
    why: told => paragraph(stateOfDeployment(told), calledAt(told)),
    unlike:
      'A name that is not listed is `deployment-not-found`. The run waits for a deployment that is only minutes old.',
    fixes: fixesOfNotReady,
  },
  'model-retired': {
    title: 'The model of the deployment is retired',
    about:
      'Azure took the model, or this version of it, out of service. The deployment is still listed, but nothing answers. Either the service says so; or the call fails like calls of retired models (404, or an operation that the model does not support), and the day that Resource Manager lists for the model has passed. After such a failure the run waits for that list, for at most one `request-timeout`.',
    why: told => {
      const model = modelOf(told)
      const retirement = retirementIn(told)
      return paragraph(
        'Azure took the model, or this version of it, out of service.',
        model && `${valuesOf(told).deployment} is a deployment of ${model.name}.`,
        retirement && endInWords(retirement),
        accessIsFine,
      )
    },
    unlike: 'A model that serves another API is `operation-unsupported`.',
    fixes: told => [...fixesOfRetired(told), listDeployments(told)],
  },
} satisfies Partial<Explanations<'inference'>>

export const listDeployments = (told: ExplainContext) =>
  show('List the deployments of the resource', 'cognitiveservices account deployment list', {
    ...accountOptions(valuesOf(told)),
    query:
      '[].{name:name, model:properties.model.name, format:properties.model.format, state:properties.provisioningState}',
  })

const deploymentOptions = (told: ExplainContext, name = valuesOf(told).deployment) => ({
  ...accountOptions(valuesOf(told)),
  'deployment-name': name,
})

function createDeployment(title: string, told: ExplainContext): Fix {
  return bash(
    title,
    az(
      'cognitiveservices account deployment create',
      deploymentOptions(told),
      {
        'model-format': modelOf(told)?.format ?? '<FORMAT>',
        'model-name': '<MODEL>',
        'model-version': '<VERSION>',
      },
      { 'sku-name': '<SKU>', 'sku-capacity': '<CAPACITY>' },
    ),
  )
}

/** Kinds of Cognitive Services resources with models, and names for the other kinds. */
const withModels: ReadonlySet<string> = new Set(['AIServices', 'OpenAI'])
const kindsInWords: ReadonlyMap<string, string> = new Map([
  ['SpeechServices', 'a Speech resource'],
  ['TextAnalytics', 'a Language resource'],
  ['TextTranslation', 'a Translator resource'],
  ['FormRecognizer', 'a Document Intelligence resource'],
  ['ComputerVision', 'a Vision resource'],
  ['ContentSafety', 'a Content Safety resource'],
  ['CognitiveServices', 'a multi-service resource'],
])

/** The name of a kind without models; undefined for a kind with models, or if the kind is not known. */
export function otherKindOfResource(told: ExplainContext): string | undefined {
  const kind = told.record.account?.kind
  if (kind === undefined || withModels.has(kind)) return undefined
  return `${valuesOf(told).account} is ${kindsInWords.get(kind) ?? 'an Azure AI resource'} (kind ${kind}), and has no models to deploy: those are in resources of kind AIServices (Foundry) or OpenAI.`
}

export const listModelResources = (told: ExplainContext) =>
  show('List the resources that have models', 'cognitiveservices account list', {
    subscription: valuesOf(told).subscriptionId,
    query: "[?kind=='AIServices' || kind=='OpenAI'].{resource:id, kind:kind}",
  })

function whyNotFound(told: ExplainContext): string {
  const name = deploymentOf(told)
  const { deployments } = told.record
  return paragraph(
    otherKindOfResource(told),
    deployments?.length === 0 ? 'The resource has no deployment at all.' : undefined,
    name && byModelName(name, deployments)
      ? `${name} is the name of a model; the name of its deployment counts.`
      : 'Give the name of the deployment, not that of the model.',
    name && `The run looked for ${name}.`,
    deployments === undefined
      ? 'A deployment that was created in the last five minutes may not be known everywhere yet.'
      : undefined,
  )
}

function fixesOfNotFound(told: ExplainContext): Fix[] {
  if (otherKindOfResource(told) !== undefined) return [listModelResources(told)]
  const { deployments } = told.record
  if (deployments?.length === 0)
    return [listModels(told.record), createDeployment('Create a deployment', told)]
  const nearest = nearestTo(deploymentOf(told) ?? '', deployments ?? [])
  return [
    ...(nearest === undefined
      ? []
      : [inDeployments('Use the name of an existing deployment', told, nearest.name)]),
    listDeployments(told),
  ]
}

const byModelName = (name: string, deployments: readonly Deployment[] | undefined) =>
  deployments?.find(({ modelName }) => modelName?.toLowerCase() === name.toLowerCase())

/** Above this number, more than any resource has, names are not compared letter by letter. */
const mostCompared = 200

/** A deployment of the named model, or one whose name begins the same, or the one with the most similar name; never the called one. */
function nearestTo(name: string, deployments: readonly Deployment[]): Deployment | undefined {
  const wanted = name.toLowerCase()
  const others = deployments.filter(other => other.name.toLowerCase() !== wanted)
  const distances = others
    .slice(0, mostCompared)
    .map(other => ({ other, distance: editDistance(other.name.toLowerCase(), wanted) }))
  const [nearest] = distances.toSorted((one, another) => one.distance - another.distance)
  const longer = wanted === '' ? undefined : others.find(other => other.name.toLowerCase().startsWith(wanted))
  return byModelName(name, others) ?? longer ?? nearest?.other
}

function stateOfDeployment(told: ExplainContext): string {
  const name = deploymentOf(told) ?? ''
  const state = deploymentNamed(name, told.record.deployments)?.state
  switch (state) {
    case undefined:
      return 'The endpoint says so; no list that the run could read names the deployment.'
    case 'Succeeded':
      return `Resource Manager says that ${name} is ready (Succeeded), but the endpoint does not serve it. If it was created or changed within the last minutes, run the job again. Otherwise it is broken: delete it and create it again, or ask support.`
    case 'Failed':
      return `The deployment ${name} failed: delete it and create it again.`
    case 'Disabled':
      return `The deployment ${name} is switched off.`
    default:
      return `The deployment ${name} is not ready: its state is ${state}.`
  }
}

function fixesOfNotReady(told: ExplainContext): Fix[] {
  const other = (told.record.deployments ?? []).find(
    ({ name, state }) => state === 'Succeeded' && name !== deploymentOf(told),
  )
  return [
    show('See its state', 'cognitiveservices account deployment show', {
      ...deploymentOptions(told),
      query:
        '{state:properties.provisioningState, model:properties.model.name, changed:systemData.lastModifiedAt}',
    }),
    ...(other === undefined ? [] : [inDeployments('Or call another deployment', told, other.name)]),
    advice(
      'Run the job again when its state is Succeeded. If the state does not change, delete the deployment and create it again, with the same name.',
    ),
  ]
}

/** The same name for another model. */
const fixesOfRetired = (told: ExplainContext): Fix[] => [
  listModels(told.record),
  moveDeployment(told.record, valuesOf(told).deployment, retirementIn(told)?.successor),
]

/** The refused deployment's model, if its retirement day is known. */
function retirementIn(told: ExplainContext): KnownRetirement | undefined {
  const name = deploymentOf(told)
  const known = retirementsOf(told.record).filter(retirement => retirement.kind === 'known')
  return known.find(({ deployment, retiresAt }) => deployment === name && retiresAt !== undefined)
}
