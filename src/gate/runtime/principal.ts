import type { Identity } from '../../azure/choose-identity.ts'
import type { RuntimePrincipalRequest } from '../settings.ts'
import type { ToldAccess } from '../told-access.ts'

/** A principal that runs what is deployed, and what is known of its access. */
export interface RuntimePrincipal {
  /** As the inputs name it. */
  id: string
  /** Undefined where it was named by its object id, or is not known. */
  identity: Identity | undefined
  /** Object id; undefined where it is not known. */
  principalId: string | undefined
  /** What it shall call. */
  deployments: readonly string[]
  /** What that takes. */
  dataActions: readonly string[]
  /** Where its role counts; undefined where the look did not get so far. */
  scope: string | undefined
  /** The role that it is granted where it may not call them; undefined where nobody had to look it up. */
  role: RuntimeRole | undefined
  access: ToldAccess
}

export interface RuntimeRole {
  guid: string
  name: string
  definitionId: string
}

/** What `runtime-access` says: the worst of all; undefined where there are none. */
type RuntimeAccessVerdict = 'passed' | 'missing' | 'unknown'

export function worstOf(
  principals: readonly Pick<RuntimePrincipal, 'access'>[],
): RuntimeAccessVerdict | undefined {
  if (principals.length === 0) return undefined
  const words = principals.map(({ access }) => access.word)
  if (words.includes('missing')) return 'missing'
  return words.includes('unknown') ? 'unknown' : 'passed'
}

export const notLookedAt = ({ id, deployments }: RuntimePrincipalRequest): RuntimePrincipal => ({
  id,
  deployments,
  dataActions: [],
  identity: undefined,
  principalId: undefined,
  scope: undefined,
  role: undefined,
  access: { word: 'unknown', because: { kind: 'not-looked' } },
})
