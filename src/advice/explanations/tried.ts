import { nameOfChoice } from '../../azure/rbac/built-in-roles.ts'
import type { RunRecord } from '../../gate/record.ts'
import type { Settings } from '../../gate/settings.ts'
import type { Fix } from './explanation.ts'

/** A fix that gives an input the value that this run had is none: what was just tried failed. */

export const repeatsTheRun = ({ sets = {} }: Fix, record: RunRecord): boolean => {
  const given = Object.entries(sets)
  return given.length > 0 && given.every(([name, value]) => hadValue(name, value, record))
}

type Had = (value: string, settings: Settings, record: RunRecord) => boolean

/** Inputs that fixes set. One that is missing here is never taken for the run's own. */
const had: Readonly<Record<string, Had>> = {
  audience: (value, { identity }) => value === identity.assertionAudience,
  cloud: (value, { cloud }) => value === cloud.name,
  deployments: wereCalled,
  endpoint: (value, { target }, { endpoint }) => value === target.endpoint || value === endpoint,
  expect: (value, { smoke }) => value === smoke.expect?.source,
  'fail-on': (value, { failOn }) => value === failOn,
  grant: (value, { access }) => value === access.grant,
  'key-access': (value, { keys }) => value === keys.access,
  // A budget that a model spends on reasoning is raised within a run as well.
  'max-output-tokens': (value, { smoke }, { smoke: calls }) =>
    Number(value) <= smoke.maxOutputTokens ||
    calls.some(({ adaptations }) => adaptations.some(made => made.startsWith(`${value} tokens`))),
  prompt: (value, { smoke }) => value === smoke.prompt,
  'propagation-timeout': (value, { waiting }) => minutesOf(value) * 60_000 <= waiting.propagationTimeoutMs,
  'resource-manager-endpoint': (value, { cloud }) => value === cloud.resourceManager.endpoint,
  role: (value, { access }, record) => value === (record.role?.name ?? nameOfChoice(access.role)),
}

function hadValue(name: string, value: string, record: RunRecord): boolean {
  const { settings } = record
  return settings !== undefined && (had[name]?.(value, settings, record) ?? false)
}

const minutesOf = (duration: string) => Number.parseInt(duration, 10) * (duration.endsWith('h') ? 60 : 1)

/** The same deployments, each by the API that it was called by, whichever of the two said so. */
function wereCalled(value: string, { deployments, smoke }: Settings, { routes = [] }: RunRecord): boolean {
  const asked = deployments.map(({ name, api = smoke.api }) => ({ name, api }))
  const called = routes.map(({ deployment: name, api }) => ({ name, api }))
  const entries = value.split('\n').map(entryOf)
  const isTried = ({ name, api }: Entry) =>
    [...asked, ...called].some(
      other => sameName(other.name, name) && (api === undefined || api === other.api),
    )
  const isOffered = ({ name }: { name: string }) => entries.some(entry => sameName(entry.name, name))
  return entries.every(isTried) && (asked.length === 0 ? called : asked).every(isOffered)
}

interface Entry {
  name: string
  api: string | undefined
}

function entryOf(line: string): Entry {
  const [name = '', api] = line.split('=')
  return { name, api }
}

const sameName = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()
