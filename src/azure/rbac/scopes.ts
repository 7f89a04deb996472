/** Scopes of role assignments: ids that Resource Manager writes in any case, some of its clients without their first slash. */

/** The SDK puts a slash of its own in front of the scope. */
export const withoutLeadingSlash = (scope: string): string => scope.replace(/^\/+/, '')

const folded = (scope: string) => withoutLeadingSlash(scope).toLowerCase()

export const isSameScope = (one: string, other: string): boolean => folded(one) === folded(other)

export const isBelow = (scope: string, above: string): boolean =>
  folded(scope).startsWith(`${folded(above)}/`)
