/** Scopes of role assignments: ids that Resource Manager writes in any case, some of its clients without their first slash. */

/** The SDK puts a slash of its own in front of the scope. */
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
  /** The resource, and what lies within it: an account, and a project of it. Empty for groups and subscriptions. */
  resources: ReadonlyArray<{ type: string; name: string }>
}

/** Takes an id apart, whatever the case of its keywords, with or without its first slash. The root of the tenant has no part. */
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

/** Of a project the scope of its account; any other scope as it is. */
export const withoutProject = (scope: string): string => scope.replace(/\/projects\/[^/]+\/?$/i, '')

export const isProject = (scope: string): boolean => withoutProject(scope) !== scope
