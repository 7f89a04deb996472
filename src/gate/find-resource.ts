import { endpointsAt } from '../azure/endpoint.ts'
import { accountIdOf, type ResourceId } from '../azure/resource-id.ts'
import { type Failure, localFailure, StepError } from '../core/failures/failure.ts'
import { plain } from '../core/text/untrusted.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import { type AccountsAtHost, findAccounts } from '../services/resource-manager/find-account.ts'
import { undefinedIfForbidden } from '../services/resource-manager/forbidden.ts'
import type { Note } from './record.ts'
import type { Reporter } from './reporter.ts'
import type { FoundTarget, Target } from './settings.ts'
import type { SignedIn } from './values.ts'

/** Finds the resource of the run, if the inputs name only an endpoint and a subscription. */

interface Found {
  target: FoundTarget
  /** Undefined if there is only an endpoint: Resource Manager is not asked any more. */
  context: ResourceContext | undefined
}

type Asking = SignedIn['asking']
type Search = Extract<Target, { kind: 'search' }>

/**
 * Finds the account by its hosts. If it finds none or several, or cannot read them, the gate only makes the smoke call, unless
 * an input needs the resource.
 * @throws StepError `resource-not-found` or `resource-manager-forbidden`, if an input does.
 */
export async function findResource(
  search: Search,
  asking: Asking,
  reporter: Reporter,
  note: Note<'search'>,
): Promise<Found> {
  if (asking === undefined) throw new Error('Anyone who searches signs in to Resource Manager')
  const { endpoint, subscriptionId, neededBy } = search
  let forbidden: Failure | undefined
  const seen = await undefinedIfForbidden(findAccounts(asking.manager, subscriptionId, endpoint), failure => {
    forbidden = failure
  })
  const [account, ...others] = seen?.accounts ?? []
  if (account !== undefined && others.length === 0) {
    const resource = withProject(account, endpoint)
    const target: FoundTarget = { kind: 'resource', resource, endpoint, isFound: true }
    note({ target })
    reporter.resourceFound(resource)
    return { target, context: { ...asking, resource } }
  }
  const unfound = { reason: reasonOf(seen), message: whyUnfound(search, seen) }
  if (neededBy.length > 0) throw refusal(unfound.message, neededBy, forbidden)
  const target: FoundTarget = { kind: 'endpoint', endpoint, unfound: { ...unfound, subscriptionId } }
  note({ target })
  reporter.resourceUnfound(unfound.message)
  return { target, context: undefined }
}

/** A resource that the inputs name needs no search. */
export const knownResource = (target: FoundTarget, asking: Asking): Found => ({
  target,
  context: asking && target.kind === 'resource' ? { ...asking, resource: target.resource } : undefined,
})

/** An endpoint of a project is one of its account's hosts. */
function withProject(account: ResourceId, endpoint: string): ResourceId {
  const { project } = endpointsAt(endpoint)
  return { ...account, project: project?.split('/').at(-1) }
}

function reasonOf(seen: AccountsAtHost | undefined): 'none' | 'several' | 'forbidden' {
  if (seen === undefined) return 'forbidden'
  return seen.accounts.length === 0 ? 'none' : 'several'
}

function whyUnfound({ endpoint, subscriptionId }: Search, seen: AccountsAtHost | undefined): string {
  const host = plain(new URL(endpoint).host)
  const where = `the subscription ${subscriptionId}`
  if (seen === undefined)
    return `This identity can read no account of ${where}, so it is not known whose host ${host} is.`
  const { accounts, of } = seen
  if (accounts.length === 0) {
    return `None of the ${of} accounts that this identity can read in ${where} has the host ${host}: it belongs to a gateway, to an account elsewhere, or to one that this identity cannot read.`
  }
  const ids = accounts.slice(0, maxIds).map(account => plain(accountIdOf(account)))
  return `${accounts.length} accounts of ${where} have the host ${host}: ${ids.join(', ')}${accounts.length > maxIds ? ', …' : ''}.`
}

const maxIds = 5

function refusal(message: string, neededBy: readonly string[], forbidden: Failure | undefined): StepError {
  const names = neededBy.map(name => `\`${name}\``).join(', ')
  const operation = `finding the resource by its host, which ${names} need${neededBy.length === 1 ? 's' : ''}`
  return new StepError(operation, forbidden ?? localFailure('resource-not-found', message))
}
