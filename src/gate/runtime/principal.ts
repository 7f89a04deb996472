import type { Identity } from '../../azure/choose-identity.ts'
import type { RuntimePrincipalRequest } from '../settings.ts'
import type { ToldAccess } from '../told-access.ts'

/** A principal that a deployed app runs as, and what is known about its access. */
export interface RuntimePrincipal {
  /** The id in the inputs. */
  id: string
  /** Undefined if it was named by its object id, or is not known. */
  identity: Identity | undefined
  /** Object id; undefined if it is not known. */
  principalId: string | undefined
  /** The deployments that it calls. */
  deployments: readonly string[]
  /** The data actions that those calls need. */
  dataActions: readonly string[]
  /** Scope at which its role counts; undefined if the look did not get that far. */
  scope: string | undefined
  /** The role to grant if it cannot call them; undefined if it was not looked up. */
  role: RuntimeRole | undefined
  access: ToldAccess
}

export interface RuntimeRole {
  guid: string
  name: string
  definitionId: string
}

/** The output `runtime-access`: the worst of all; undefined if there are none. */
type RuntimeAccessVerdict = 'passed' | 'missing' | 'unknown'

export function worstAccess(
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
