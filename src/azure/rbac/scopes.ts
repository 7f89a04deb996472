/**
 * Scopes of role assignments. Resource Manager writes these ids in any case, and some clients leave out the first slash.
 */

/** For the SDK, which adds a slash before the scope. */
export const withoutLeadingSlash = (scope: string): string => scope.replace(/^\/+/, '')

const folded = (scope: string) => withoutLeadingSlash(scope).toLowerCase()

export const isSameScope = (one: string, other: string): boolean => folded(one) === folded(other)

/** The parts of a Resource Manager id, outermost first. */
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

/** The scope of the account for a project; any other scope unchanged. */
export const withoutProject = (scope: string): string => scope.replace(/\/projects\/[^/]+\/?$/i, '')

export const isProject = (scope: string): boolean => withoutProject(scope) !== scope
