import { nextRequestSent } from '../core/http/warm-up.ts'
import { createIdentities } from '../services/entra/run-identities.ts'
import type { SmokeTools } from '../services/inference/smoke-call.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import { findResource, knownResource } from './find-resource.ts'
import { type Listings, openListings } from './listings.ts'
import { type ModelDates, openModelDates } from './retirement.ts'
import { openRoleReader, type RoleReader } from './role-access.ts'
import type { Settings } from './settings.ts'
import { connections, signIn } from './sign-in.ts'
import type { Story, Tools } from './story.ts'
import type { SignedIn } from './values.ts'

/** Signs in, and finds where to look. */

/** What is known and at hand once the run has signed in. */
export interface Opened extends Readers {
  /** As given, but for a resource that was searched for. */
  settings: Settings
  /** Undefined where Resource Manager is not asked. */
  context: ResourceContext | undefined
  job: SignedIn['job']
  callTools: Tools & SmokeTools
}

export async function open(given: Settings, { tools, note, step }: Story): Promise<Opened> {
  const identities = createIdentities(given.identity, given.cloud, tools)
  const { forSigningIn, forLooking, forRow } = connections(given, tools.preconnect)
  // GitHub has been asked already.
  // A request that finds no connection opens one, and reports what is wrong.
  forSigningIn().catch(() => {})
  nextRequestSent()
    .then(forLooking)
    .catch(() => {})
  const { job, asking } = await step('Sign in', () => signIn(given, identities, tools, note('signIn')))
  const { target: wanted } = given
  const { target, context } =
    wanted.kind === 'search'
      ? await step('Find the resource', () => findResource(wanted, asking, tools.reporter, note('search')))
      : knownResource(wanted, asking)
  nextRequestSent()
    .then(forRow)
    .catch(() => {})
  const settings = { ...given, target }
  const callTools = { ...tools, accessToken: identities.pipeline.accessToken }
  return { settings, context, job, callTools, ...openReaders({ settings, context, job }, tools, note) }
}

interface Readers {
  listings: Listings | undefined
  roleReader: RoleReader | undefined
  modelDates: ModelDates | undefined
}

/** None if Resource Manager is not asked. */
function openReaders(
  { settings, context, job }: Pick<Opened, 'settings' | 'context' | 'job'>,
  tools: Tools,
  note: Story['note'],
): Readers {
  if (context === undefined) return { listings: undefined, roleReader: undefined, modelDates: undefined }
  const listings = openListings(settings, context, tools.clock)
  return {
    listings,
    roleReader: openRoleReader(settings.access, { context, listings, job }, tools, note('roles')),
    modelDates: openModelDates(settings, context, tools.clock, note('retirement')),
  }
}
