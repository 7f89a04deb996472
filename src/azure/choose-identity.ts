/** Which identity a resource signs in as. */

export interface Identity {
  kind: 'system-assigned' | 'user-assigned' | 'agent'
  /** For a user-assigned one, its resource id. */
  name: string
  /** Object id; undefined if it no longer exists. */
  principalId: string | undefined
  /** Undefined if the resource does not show it. */
  clientId: string | undefined
}

export interface IdentityBearer {
  identities: readonly Identity[]
  /**
   * Values of AZURE_CLIENT_ID in the settings of its containers, without duplicates: the official clients use the identity that
   * it names.
   */
  named: readonly string[]
}

type IdentityChoice =
  | { kind: 'chosen'; identity: Identity & { principalId: string } }
  | { kind: 'none' }
  /** Its settings name none of them, or several. */
  | { kind: 'several' }
  /** Its settings name an identity that it does not have. */
  | { kind: 'not-its-own'; clientId: string }
  /** Its only identity was deleted. */
  | { kind: 'gone'; identity: Identity }

/** The identity that a resource makes its calls as, as far as its settings show. */
export function chooseIdentity({ identities, named }: IdentityBearer): IdentityChoice {
  if (identities.length === 0) return { kind: 'none' }
  const foreign = named.find(clientId => !identities.some(identity => identity.clientId === clientId))
  if (foreign !== undefined) return { kind: 'not-its-own', clientId: foreign }
  const candidates =
    named.length === 0
      ? identities
      : identities.filter(({ clientId }) => clientId !== undefined && named.includes(clientId))
  const [identity, another] = candidates
  if (identity === undefined || another !== undefined) return { kind: 'several' }
  const { principalId } = identity
  return principalId === undefined
    ? { kind: 'gone', identity }
    : { kind: 'chosen', identity: { ...identity, principalId } }
}
