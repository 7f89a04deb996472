/**
 * Scopes of role assignments: ids that Resource Manager writes in any case, and some of its clients without the first slash.
 */

/** The SDK adds its own slash before the scope. */
export const withoutLeadingSlash = (scope: string): string => scope.replace(/^\/+/, '')

const folded = (scope: string) => withoutLeadingSlash(scope).toLowerCase()

export const isSameScope = (one: string, other: string): boolean => folded(one) === folded(other)

/** What an id of Resource Manager names, from the outside in. */
interface ScopeParts {
  managementGroup?: string
  subscriptionId?: string
  resourceGroup?: string
  /** Such as Microsoft.CognitiveServices. */
  provider?: string
  /** The resource and what it contains: an account, and a project in it. Empty for groups and subscriptions. */
  resources: ReadonlyArray<{ type: string; name: string }>
}

/**
 * Splits an id into its parts, with keywords in any case, with or without the first slash. The root of the tenant has no parts.
 */
export function parseScope(id: string): ScopeParts {
  const parts = id.split('/').filter(part => part !== '')
  const provided = parts.findIndex(part => part.toLowerCase() === 'providers')
  const [, subscriptionId, , resourceGroup] = provided < 0 ? parts : parts.slice(0, provided)
  const [provider, ...names] = provided < 0 ? [] : parts.slice(provided + 1)
  if (provider?.toLowerCase() === 'microsoft.management')
    return { managementGroup: names[1] ?? '', resources: [] }
  return {
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(resourceGroup === undefined ? {} : { resourceGroup }),
    ...(provider === undefined ? {} : { provider }),
    resources: inPairs(names),
  }
}

const inPairs = (names: readonly string[]) =>
  names.flatMap((type, index) => (index % 2 === 0 ? [{ type, name: names[index + 1] ?? '' }] : []))

export const isBelow = (scope: string, above: string): boolean =>
  folded(scope).startsWith(`${folded(above)}/`)

/** For a project the scope of its account; any other scope unchanged. */
export const withoutProject = (scope: string): string => scope.replace(/\/projects\/[^/]+\/?$/i, '')

export const isProject = (scope: string): boolean => withoutProject(scope) !== scope
