import { nameOfChoice } from '../../azure/rbac/built-in-roles.ts'
import type { RunRecord } from '../../gate/record.ts'
import type { Settings } from '../../gate/settings.ts'
import type { Fix } from './explanation.ts'

/** Drops fixes that set an input to the value of this run, because that value just failed. */

export const repeatsTheRun = ({ sets = {} }: Fix, record: RunRecord): boolean => {
  const given = Object.entries(sets)
  return given.length > 0 && given.every(([name, value]) => hadValue(name, value, record))
}

type Had = (value: string, settings: Settings, record: RunRecord) => boolean

/** Inputs that fixes set, with the run's values. An input that is missing here never counts as tried. */
const had: Readonly<Record<string, Had>> = {
  audience: (value, { identity }) => value === identity.assertionAudience,
  cloud: (value, { cloud }) => value === cloud.name,
  deployments: wereCalled,
  endpoint: (value, { target }, { endpoint }) => value === target.endpoint || value === endpoint,
  expect: (value, { smoke }) => value === smoke.expect?.source,
  'fail-on': (value, { failOn }) => value === failOn,
  grant: (value, { access }) => value === access.grant,
  'key-access': (value, { keys }) => value === keys.access,
  // The run itself also raises a budget that a model spends on reasoning.
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

/** The same deployments, each with the API that it was called with, no matter which input named it. */
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
