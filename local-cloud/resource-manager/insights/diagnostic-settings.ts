import * as v from 'valibot'
import type { Route, ServiceReply } from '../../service.ts'
import { diagnosticSetting } from '../../world/account.ts'
import type { Account, DiagnosticSetting } from '../../world.ts'
import { ACCOUNT_PATH, accountScope, authorizedAccount } from '../cognitive-services/account-access.ts'
import { sameName } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'
import { readBody, readOnly, resourceEnvelope } from '../request-body.ts'
import { InsightsError } from './errors.ts'

const TYPE = 'Microsoft.Insights/diagnosticSettings'
const COLLECTION = `${ACCOUNT_PATH}/providers/${TYPE}`
const SINGLE = `${COLLECTION}/{setting}`

const { name: _name, ...written } = diagnosticSetting.entries
const WRITE = v.strictObject({
  ...resourceEnvelope,
  location: readOnly,
  kind: readOnly,
  tags: readOnly,
  identity: readOnly,
  properties: v.strictObject(written),
})

type Properties = v.InferOutput<typeof WRITE>['properties']

/** The logs of an account (learn.microsoft.com, "Supported logs for Microsoft.CognitiveServices/accounts"). */
const LOG_CATEGORIES = ['Audit', 'AzureOpenAIRequestUsage', 'RequestResponse', 'Trace']
const LOG_GROUPS = ['allLogs', 'audit']
const METRIC_CATEGORIES = ['AllMetrics']

/** Where the logs of an account go. The local cloud stores the setting, and sends no logs. */
export function diagnosticSettingRoutes(gateway: Gateway): Route[] {
  const authorized = (call: Call, verb: 'read' | 'write' | 'delete') =>
    authorizedAccount(gateway, call, `${TYPE}/${verb}`, `/providers/${settingPath(call)}`)

  function list(call: Call): ServiceReply {
    const { diagnosticSettings = [] } = authorized(call, 'read')
    return { status: 200, body: { value: diagnosticSettings.map(setting => bodyOf(call, setting)) } }
  }

  function get(call: Call): ServiceReply {
    const setting = find(authorized(call, 'read'), call)
    if (setting) return { status: 200, body: bodyOf(call, setting) }
    // Azure/azure-powershell#7082.
    const message = `The diagnostic setting '${call.params.setting}' doesn't exist.`
    throw new InsightsError('ResourceNotFound', message, 404)
  }

  function create(call: Call): ServiceReply {
    const account = authorized(call, 'write')
    const { properties } = readBody(call, WRITE)
    requireDestination(properties)
    requireCategories(properties)
    const present = find(account, call)
    const setting = { name: present?.name ?? call.params.setting ?? '', ...properties }
    account.diagnosticSettings = [...others(account, present), setting]
    return { status: 200, body: bodyOf(call, setting) }
  }

  function remove(call: Call): ServiceReply {
    const account = authorized(call, 'delete')
    const present = find(account, call)
    if (present === undefined) return { status: 204 }
    account.diagnosticSettings = others(account, present)
    return { status: 200 }
  }

  return gateway.routes([
    ['diagnosticSettings.list', 'GET', COLLECTION, 'DiagnosticSettings_List', list],
    ['diagnosticSettings.get', 'GET', SINGLE, 'DiagnosticSettings_Get', get],
    ['diagnosticSettings.create', 'PUT', SINGLE, 'DiagnosticSettings_CreateOrUpdate', create],
    ['diagnosticSettings.delete', 'DELETE', SINGLE, 'DiagnosticSettings_Delete', remove],
  ])
}

const settingPath = ({ params: { setting } }: Call) => (setting === undefined ? TYPE : `${TYPE}/${setting}`)

const find = ({ diagnosticSettings = [] }: Account, { params: { setting = '' } }: Call) =>
  diagnosticSettings.find(({ name }) => sameName(name, setting))

const others = ({ diagnosticSettings = [] }: Account, setting: DiagnosticSetting | undefined) =>
  diagnosticSettings.filter(other => other !== setting)

/**
 * The wording is from users' quotations.
 * @throws InsightsError
 */
function requireDestination(properties: Properties): void {
  const {
    workspaceId,
    storageAccountId,
    serviceBusRuleId,
    eventHubAuthorizationRuleId,
    marketplacePartnerId,
  } = properties
  const destinations = [
    workspaceId,
    storageAccountId,
    serviceBusRuleId,
    eventHubAuthorizationRuleId,
    marketplacePartnerId,
  ]
  if (destinations.some(Boolean)) return
  throw new InsightsError('BadRequest', 'At least one data sink needs to be specified.')
}

/**
 * The wording is that of hashicorp/terraform#20534 and Azure/Azure-Landing-Zones#2053.
 * @throws InsightsError
 */
function requireCategories({ logs, metrics }: Properties): void {
  const isOf = (known: readonly string[], name: string | null) =>
    name === null || known.some(one => sameName(one, name))
  const log = logs.find(
    ({ category, categoryGroup }) => !isOf(LOG_CATEGORIES, category) || !isOf(LOG_GROUPS, categoryGroup),
  )
  if (log) {
    const name = log.categoryGroup ?? log.category
    throw new InsightsError('BadRequest', `Category '${name}' is not supported.`)
  }
  const metric = metrics.find(({ category }) => !isOf(METRIC_CATEGORIES, category))
  if (metric === undefined) return
  throw new InsightsError(
    'BadRequest',
    `Metric category '${metric.category}' is not supported, supported categories are: '${METRIC_CATEGORIES.join("', '")}'.`,
  )
}

/** The id comes back in lower case, up to the type of the setting (a recording of az: diagnostic-settings create). */
function bodyOf(call: Call, { name, ...properties }: DiagnosticSetting) {
  return {
    id: `${accountScope(call).toLowerCase()}/providers/microsoft.insights/diagnosticSettings/${name}`,
    type: TYPE,
    name,
    location: null,
    kind: null,
    tags: null,
    properties,
    identity: null,
  }
}
