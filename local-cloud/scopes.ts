/** Resource ids and scopes of Resource Manager: paths that compare without case; `/` is the tenant root. */

/** The form in which scopes are compared: lower case, one slash at a time, none at the end. */
export function normalizeScope(scope: string): string {
  const folded = `/${scope}`.replace(/\/{2,}/g, '/').toLowerCase()
  return folded === '/' ? folded : folded.replace(/\/$/, '')
}

/** Id of the subscription that a scope lies in; undefined for the tenant root and for management groups. */
export function subscriptionIdOf(scope: string): string | undefined {
  return /^\/subscriptions\/([^/]+)/.exec(normalizeScope(scope))?.[1]
}

/** Lower-case name of the management group that a scope is; undefined for every other scope. */
export function managementGroupOf(scope: string): string | undefined {
  return /^\/providers\/microsoft\.management\/managementgroups\/([^/]+)$/.exec(normalizeScope(scope))?.[1]
}

/** The part of a world that says what lies in what. */
interface Hierarchy {
  subscriptions: ReadonlyArray<{ id: string; managementGroups: readonly string[] }>
}

/**
 * True if `outer` is `inner` or lies above it. A subscription names the management groups above it; the world does not say how
 * they contain each other.
 */
export function covers(world: Hierarchy, outer: string, inner: string): boolean {
  const above = normalizeScope(outer)
  const below = normalizeScope(inner)
  if (above === '/' || above === below || below.startsWith(`${above}/`)) return true
  const group = managementGroupOf(above)
  const subscriptionId = subscriptionIdOf(below)
  return world.subscriptions.some(
    ({ id, managementGroups }) =>
      id === subscriptionId && managementGroups.some(name => name.toLowerCase() === group),
  )
}

/** Resource id of an account, spelled as Azure spells it. */
export function accountId({
  subscriptionId,
  resourceGroup,
  name,
}: {
  subscriptionId: string
  resourceGroup: string
  name: string
}): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.CognitiveServices/accounts/${name}`
}
