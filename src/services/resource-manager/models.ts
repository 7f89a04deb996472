import * as v from 'valibot'
import { accountsApiVersion } from '../../azure/api-versions.ts'
import { accountIdOf, type ResourceId } from '../../azure/resource-id.ts'
import { instantOf } from '../../core/text/instant.ts'
import type { ResourceManager } from './client.ts'
import { type Deployment, deploymentNamed } from './deployments.ts'

/**
 * How long models are served: Accounts_ListModels. A date is for the model, or for one SKU of it: gpt-4o-mini left Standard
 * half a year before the others (Azure/azure-dev#7534).
 */

const text = v.nullish(v.string())
const modelEntry = v.object({
  format: text,
  name: text,
  version: text,
  isDefaultVersion: v.nullish(v.boolean()),
  lifecycleStatus: text,
  deprecation: v.nullish(v.object({ inference: text })),
  skus: v.nullish(v.array(v.object({ name: text, deprecationDate: text }))),
  baseModel: v.nullish(v.object({ format: text, name: text, version: text })),
})
type ModelEntry = v.InferOutput<typeof modelEntry>
type ModelName = Pick<ModelEntry, 'format' | 'name' | 'version'>

export interface ModelList {
  /** As they were sent. An entry is checked when it is looked at: a list has some hundreds, and a run calls few of them. */
  models: readonly unknown[]
  /** Time of the answer, by Resource Manager's clock; milliseconds since the epoch. */
  asOf: number
}

/** A resource lists some hundreds. Anything after these is ignored. */
const maxModels = 4000

/**
 * @param patience `one-try`: for runs that can do without it, page by page up to a limit; `retries`: for runs that wait for it.
 * @throws what the request throws
 */
export async function readModels(
  manager: ResourceManager,
  resource: ResourceId,
  patience: 'one-try' | 'retries',
  now: () => number,
): Promise<ModelList> {
  const operation = 'listing the models'
  const path = `${accountIdOf(resource)}/models`
  const query = { apiVersion: accountsApiVersion }
  if (patience === 'retries') {
    const { entries, asOf = now() } = await manager.readAll(operation, path, query, v.unknown())
    return { models: entries, asOf }
  }
  const list: ModelList = { models: [], asOf: now() }
  for await (const { entries, asOf = now() } of manager.pages(operation, path, query, v.unknown())) {
    list.models = list.models.concat(entries)
    list.asOf = asOf
    if (list.models.length >= maxModels) break
  }
  return list
}

/** When the model of a deployment retires, or why that is not known. */
export type Retirement =
  | { kind: 'unknown'; deployment: string; because: string }
  | {
      kind: 'known'
      deployment: string
      model: { format: string; name: string; version: string }
      sku: string | undefined
      /** Azure's name for its lifecycle stage, such as GenerallyAvailable or Deprecated. */
      lifecycle: string | undefined
      /** Milliseconds since the epoch; undefined: no date is set. */
      retiresAt: number | undefined
      /** Whole days from the reading of the list until then; negative if it has passed. */
      daysLeft: number | undefined
      /** What Azure does with the deployment then: its `versionUpgradeOption`. */
      upgrade: string | undefined
      /** The default version of the same model, if it retires later than this one. */
      successor: string | undefined
    }

export type KnownRetirement = Extract<Retirement, { kind: 'known' }>

const dayMs = 86_400_000

/**
 * @param name Of a deployment.
 * @param deployments Undefined if they cannot be listed.
 */
export function retirementOf(
  name: string,
  deployments: readonly Deployment[] | undefined,
  list: ModelList,
): Retirement {
  const unknown = (because: string): Retirement => ({ kind: 'unknown', deployment: name, because })
  if (deployments === undefined) return unknown('the deployments cannot be listed')
  const deployment = deploymentNamed(name, deployments)
  if (deployment === undefined) return unknown('it is none of the deployments that are listed')
  const { modelFormat: format = '', modelName = '', modelVersion: version = '', sku } = deployment
  const model = { format, name: modelName, version }
  if (!isReadable(model, list))
    return unknown(`an entry of ${modelName} in the list of models cannot be read`)
  const entry = entryOf(model, list)
  if (entry === undefined) return unknown(`${modelName} ${version} is not in the list of models`)
  const retiresAt = endOf(entry, sku, list)
  if (Number.isNaN(retiresAt)) return unknown(`the date of ${modelName} ${version} cannot be read`)
  return {
    kind: 'known',
    deployment: name,
    model,
    sku,
    lifecycle: entry.lifecycleStatus ?? undefined,
    retiresAt,
    daysLeft: retiresAt === undefined ? undefined : Math.floor((retiresAt - list.asOf) / dayMs),
    upgrade: deployment.upgradeOption,
    successor: successorOf(model, { retiresAt, sku, list }),
  }
}

/** Whether it retires within so many days after the list was read; a day that has passed always counts. */
export const endsWithin = (
  { retiresAt }: KnownRetirement,
  days: number,
  { asOf }: Pick<ModelList, 'asOf'>,
): boolean => retiresAt !== undefined && retiresAt <= asOf + days * dayMs

const isSame = (one: string | null | undefined, other: string | null | undefined) =>
  (one ?? '').toLowerCase() === (other ?? '').toLowerCase()

const nameOf = (entry: unknown) =>
  typeof entry === 'object' && entry !== null && 'name' in entry && typeof entry.name === 'string'
    ? entry.name
    : undefined

const entriesNamed = (name: string | null | undefined, { models }: ModelList) =>
  models.filter(entry => isSame(nameOf(entry), name)).map(entry => v.safeParse(modelEntry, entry))

/** What cannot be read may have the day that counts. */
const isReadable = ({ name }: Pick<ModelName, 'name'>, list: ModelList) =>
  entriesNamed(name, list).every(({ success }) => success)

const versionsOf = ({ format, name }: Pick<ModelName, 'format' | 'name'>, list: ModelList) =>
  entriesNamed(name, list).flatMap(({ success, output }) =>
    success && isSame(output.format, format) ? [output] : [],
  )

const entryOf = (model: ModelName, list: ModelList) =>
  versionsOf(model, list).find(({ version }) => (version ?? '') === model.version)

/** For a fine-tuned model without its own date, the date of its base model. NaN: there is a date that cannot be read. */
function endOf(entry: ModelEntry, sku: string | undefined, list: ModelList): number | undefined {
  const ofSku = entry.skus?.find(({ name }) => sku !== undefined && isSame(name, sku))?.deprecationDate
  const date = ofSku || entry.deprecation?.inference
  if (date) return instantOf(date) ?? Number.NaN
  if (!entry.baseModel) return undefined
  if (!isReadable(entry.baseModel, list)) return Number.NaN
  const base = entryOf(entry.baseModel, list)
  return base && !base.baseModel ? endOf(base, sku, list) : undefined
}

function successorOf(
  { format, name, version }: ModelName,
  {
    retiresAt = Number.POSITIVE_INFINITY,
    sku,
    list,
  }: { retiresAt: number | undefined; sku: string | undefined; list: ModelList },
): string | undefined {
  const others = versionsOf({ format, name }, list).filter(
    model =>
      model.version !== version &&
      model.isDefaultVersion === true &&
      (endOf(model, sku, list) ?? Number.POSITIVE_INFINITY) > retiresAt,
  )
  return others[0]?.version ?? undefined
}
