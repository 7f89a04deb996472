import { accountsApiVersion } from '../../azure/api-versions.ts'
import type { RunRecord } from '../../gate/record.ts'
import { endInWords, retirementsOf } from '../../gate/retirement.ts'
import { endsWithin, type KnownRetirement, type Retirement } from '../../services/resource-manager/models.ts'
import { accountOptions, az, bash, inputs, show } from './commands.ts'
import { type Fix, paragraph } from './explanation.ts'
import { accountId, resourceValues } from './values.ts'

/** Models that retire: what Azure does then, and what to do before. */

export const listModels = (record: RunRecord): Fix =>
  show('See which models the resource can have', 'cognitiveservices account list-models', {
    ...accountOptions(resourceValues(record)),
    query:
      '[].{model:name, version:version, format:format, lifecycle:lifecycleStatus, until:deprecation.inference}',
  })

/** What Azure does on the day (learn.microsoft.com, model versions: the options, and that only Standard types have them). */
function upgradeInWords({ upgrade, sku = '', successor }: KnownRetirement): string {
  const next =
    successor === undefined
      ? 'the list has no other version of it that lasts longer'
      : `the default version is ${successor} today`
  const caveat = /provisioned/i.test(sku)
    ? ' That is documented for Standard types alone: move a provisioned deployment yourself.'
    : ''
  switch (upgrade) {
    case 'NoAutoUpgrade':
      return 'Its upgrade option is NoAutoUpgrade: after that day it does not answer.'
    case 'OnceNewDefaultVersionAvailable':
      return `Its upgrade option is OnceNewDefaultVersionAvailable: Azure moves it to a new default version within two weeks of there being one; ${next}.${caveat}`
    case 'OnceCurrentVersionExpired':
    case undefined:
      return `Its upgrade option is ${upgrade ?? 'not set, which means OnceCurrentVersionExpired'}: on that day Azure moves it to the default version; ${next}.${caveat}`
    default:
      return `Its upgrade option is ${upgrade}.`
  }
}

/** For one deployment: the day, the days left, and what Azure does then. */
export function retirementInWords(retirement: KnownRetirement): string {
  const { deployment, lifecycle } = retirement
  const stage = /deprecat/i.test(lifecycle ?? '') ? `Azure calls the model ${lifecycle}.` : undefined
  return paragraph(`${deployment}:`, endInWords(retirement), stage, upgradeInWords(retirement))
}

/** The called deployments whose models retire within so many days, earliest first. */
export function endingWithin(record: RunRecord, days: number): KnownRetirement[] {
  const { modelList } = record
  if (modelList === undefined) return []
  const isSoon = (one: Retirement): one is KnownRetirement =>
    one.kind === 'known' && endsWithin(one, days, modelList)
  return retirementsOf(record)
    .filter(isSoon)
    .toSorted((one, other) => (one.retiresAt ?? 0) - (other.retiresAt ?? 0))
}

/**
 * Reads the deployment and writes it back. This keeps its size, content filter and upgrade option, which `deployment create` would
 * reset to defaults.
 */
export function moveDeployment(record: RunRecord, deployment: string, successor?: string): Fix {
  const model = successor === undefined ? [{ set: 'properties.model.name=<MODEL>' }] : []
  return bash(
    `Move ${deployment} to another model, with the same name: callers need no change, and its size and content filter stay`,
    az(
      'resource update',
      { ids: `${accountId(record)}/deployments/${deployment}`, 'api-version': accountsApiVersion },
      ...model,
      // Without it az would turn a version such as 1 into a number.
      { set: `properties.model.version=${successor ?? '<VERSION>'}`, 'force-string': true },
    ),
  )
}

/** Nobody moves more than these by hand. */
const maxMoves = 5

export const moveEnding = (record: RunRecord, days: number): Fix[] =>
  endingWithin(record, days)
    .slice(0, maxMoves)
    .map(({ deployment, successor }) => moveDeployment(record, deployment, successor))

/** If there is a number that the models meet. */
export function fewerDays(record: RunRecord): Fix[] {
  const days = record.settings?.models.daysLeft ?? 0
  const [first] = endingWithin(record, days)
  const left = first?.daysLeft ?? 0
  return left < 1 || left >= days
    ? []
    : [inputs('Or accept the days that are left', { 'model-days-left': String(left) })]
}
