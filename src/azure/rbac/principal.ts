/** The principals that can hold a role. */

export const principalTypes = ['ServicePrincipal', 'Group', 'User'] as const

export interface Principal {
  /** Object id. */
  principalId: string
  principalType: (typeof principalTypes)[number]
}

export const servicePrincipal = (principalId: string): Principal => ({
  principalId,
  principalType: 'ServicePrincipal',
})
