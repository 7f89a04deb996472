import { localFailure, StepError } from '../core/failures/failure.ts'
import { plain } from '../core/text/untrusted.ts'
import { type Account, isOwnEndpoint } from '../services/resource-manager/account.ts'
import type { Settings } from './settings.ts'

/** An `endpoint` given together with a resource may belong to another resource, or to a gateway. */

interface Told {
  settings?: Pick<Settings, 'target'> | undefined
  account?: Account | undefined
}

/**
 * Whether the calls go to the resource's own endpoint; undefined if the account was not read. Without the input `endpoint` they
 * go where Resource Manager says.
 */
export function endpointIsOwn({ settings, account }: Told): boolean | undefined {
  if (settings === undefined || account === undefined) return undefined
  const { endpoint } = settings.target
  return endpoint === undefined || isOwnEndpoint(account, endpoint)
}

/** Why the keys of the account say nothing about the called host; undefined if they do, or if that is not known. */
export function foreignEndpointFailure(told: Told): StepError | undefined {
  if (endpointIsOwn(told) !== false) return undefined
  const { endpoint = '' } = told.settings?.target ?? {}
  const message = `The input \`endpoint\` is ${plain(endpoint)}; hosts of the account are ${hostList(told.account)}.`
  return new StepError(
    'comparing the endpoint with the account',
    localFailure('endpoint-of-another-resource', message),
  )
}

/** In words. */
export const hostList = (account: Account | undefined): string =>
  account?.hosts.map(host => plain(host)).join(', ') || '(none)'
