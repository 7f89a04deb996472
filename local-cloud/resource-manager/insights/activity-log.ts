import { splitAtAnd, unescaped } from '../../odata.ts'
import { SUBSCRIPTION_PATH } from '../../paths.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { NotImplemented } from '../errors.ts'
import { sameName } from '../existence.ts'
import { type Call, type Gateway, queryParameter } from '../gateway.ts'
import { page } from '../paging.ts'
import { InsightsError } from './errors.ts'
import type { ActivityEvent } from './events.ts'

const EVENTS_PATH = `${SUBSCRIPTION_PATH}/providers/Microsoft.Insights/eventtypes/management/values`
const PAGE_SIZE = 200
const NINETY_DAYS = 90 * 86_400_000

/**
 * Who wrote, deleted or listed keys: what `az monitor activity-log list` shows. Azure shows an event some minutes later, and has
 * events that no request caused.
 */
export function activityLogRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function list(call: Call): ServiceReply {
    const terms = termsOf(queryParameter(call.request.url, '$filter') ?? '')
    const scope = scopeOf(call, terms)
    gateway.authorize(call, { action: 'Microsoft.Insights/eventtypes/values/read', scope })
    const earliest = context.clock.now() - NINETY_DAYS
    if (terms.some(({ member, value }) => member === 'eventtimestamp' && instantOf(value) < earliest))
      throw new InsightsError('BadRequest', 'The start time cannot be more than 90 days in the past.')
    const { subscription = '' } = call.params
    const events = gateway.activityEvents
      .filter(event => sameName(event.subscriptionId, subscription))
      .filter(({ eventTimestamp }) => Date.parse(eventTimestamp) >= earliest)
      .filter(event => terms.every(term => meets(event, term)))
      .toReversed()
      .map(event => selected(event, queryParameter(call.request.url, '$select')))
    return page(call, events, { origin: context.endpoints.resourceManager, size: PAGE_SIZE })
  }

  return gateway.routes([['activityLog.list', 'GET', EVENTS_PATH, 'ActivityLogs_List', list]])
}

interface Term {
  /** In lower case. */
  member: string
  operator: string
  value: string
}

const TERM = /^(?<member>\w+) (?<operator>eq|ge|le) (?:'(?<quoted>(?:[^']|'')*)'|(?<bare>[^'\s]+))$/i

/**
 * The forms in the official description. az sends times without quotation marks.
 * @throws NotImplemented for any other
 */
function termsOf(filter: string): Term[] {
  if (filter === '') return []
  return splitAtAnd(filter).map(term => {
    const { member, operator = '', quoted, bare = '' } = TERM.exec(term)?.groups ?? {}
    const isTime = member?.toLowerCase() === 'eventtimestamp'
    if (member === undefined || isTime === (operator.toLowerCase() === 'eq') || !isKnown(member))
      throw new NotImplemented(`the filter "${term}" of activityLog.list`)
    const value = quoted === undefined ? bare : unescaped(quoted)
    return { member: member.toLowerCase(), operator: operator.toLowerCase(), value }
  })
}

/** The part of an event that a filter compares, by the filter's member. */
const COMPARED: Readonly<Record<string, (event: ActivityEvent) => string>> = {
  eventtimestamp: event => event.eventTimestamp,
  resourcegroupname: event => event.resourceGroupName,
  resourceid: event => event.resourceId,
  resourceuri: event => event.resourceId,
  resourceprovider: event => event.resourceProviderName.value,
  correlationid: event => event.correlationId,
  caller: event => event.caller,
  status: event => event.status.value,
}

const isKnown = (member: string) => Object.hasOwn(COMPARED, member.toLowerCase())

function meets(event: ActivityEvent, { member, operator, value }: Term): boolean {
  const present = COMPARED[member]?.(event) ?? ''
  if (operator === 'eq') return sameName(present, value)
  const [at, limit] = [Date.parse(present), instantOf(value)]
  return operator === 'ge' ? at >= limit : at <= limit
}

/**
 * A time without a zone is UTC: az leaves the zone out.
 * @throws InsightsError 400
 */
function instantOf(text: string): number {
  const at = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text}Z`)
  if (!Number.isNaN(at)) return at
  throw new InsightsError('BadRequest', `The time '${text}' of the filter is invalid.`)
}

/** The narrowest scope that the filter names. The caller must be a reader there. */
function scopeOf({ params }: Call, terms: readonly Term[]): string {
  const named = (...names: string[]) => terms.find(({ member }) => names.includes(member))?.value
  const group = named('resourcegroupname')
  const subscription = `/subscriptions/${params.subscription}`
  return (
    named('resourceid', 'resourceuri') ?? (group ? `${subscription}/resourceGroups/${group}` : subscription)
  )
}

function selected(event: ActivityEvent, select: string | undefined): Partial<ActivityEvent> {
  if (select === undefined) return event
  const names = select.split(',').map(name => name.trim().toLowerCase())
  return Object.fromEntries(Object.entries(event).filter(([name]) => names.includes(name.toLowerCase())))
}
