import { catalogueOf } from './model-catalogue.ts'
import type { CatalogueModel, Deployment, World } from './world.ts'

/** Models end on the day that a seed gives them, and never without one. */

export const hasEnded = ({ deprecation }: Pick<CatalogueModel, 'deprecation'>, now: number): boolean =>
  deprecation?.inference !== undefined && Date.parse(deprecation.inference) <= now

/**
 * The model that answers behind a deployment. One whose version has ended is moved to the default version, unless its upgrade option forbids
 * that (learn.microsoft.com, model versions). Undefined if none answers any more.
 */
export function modelBehind(
  world: Pick<World, 'models' | 'accounts'>,
  { model, versionUpgradeOption }: Pick<Deployment, 'model' | 'versionUpgradeOption'>,
  now: number,
): Deployment['model'] | undefined {
  const isSameName = ({ format, name }: CatalogueModel) =>
    format === model.format && name.toLowerCase() === model.name.toLowerCase()
  const entry = world.models.find(each => isSameName(each) && each.version === model.version)
  if (entry === undefined || !hasEnded(entry, now)) return model
  if (versionUpgradeOption === 'NoAutoUpgrade') return undefined
  const next = catalogueOf({ models: world.models, accounts: [] }).find(
    other => isSameName(other) && other.isDefaultVersion && other !== entry && !hasEnded(other, now),
  )
  return next && { format: next.format, name: next.name, version: next.version }
}
