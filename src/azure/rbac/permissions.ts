/** Effective permissions: one entry per held role, added up (learn.microsoft.com, role-definitions). */

export interface Permission {
  actions?: string[] | undefined
  notActions?: string[] | undefined
  dataActions?: string[] | undefined
  notDataActions?: string[] | undefined
  /** The definition's own condition on the right to assign roles. Not everybody who can read definitions sees it. */
  condition?: string | undefined
}

/** Whether one of the roles has the data action. `notDataActions` excludes only within its own role: it is not a denial. */
export function coversDataAction(permissions: readonly Permission[], dataAction: string): boolean {
  return permissions.some(
    ({ dataActions, notDataActions }) =>
      matchesAny(dataActions, dataAction) && !matchesAny(notDataActions, dataAction),
  )
}

export function coversAll(permissions: readonly Permission[], dataActions: readonly string[]): boolean {
  return dataActions.length > 0 && dataActions.every(dataAction => coversDataAction(permissions, dataAction))
}

export function coversAction(permissions: readonly Permission[], action: string): boolean {
  return permissions.some(
    ({ actions, notActions }) => matchesAny(actions, action) && !matchesAny(notActions, action),
  )
}

/** Whether they allow any data action: without one, nobody can call a model. */
export const hasDataActions = (permissions: readonly Permission[]): boolean =>
  permissions.some(({ dataActions = [] }) => dataActions.length > 0)

function matchesAny(patterns: readonly string[] | undefined, operation: string): boolean {
  return patterns?.some(pattern => matches(pattern, operation)) ?? false
}

/** `*` stands for any characters, slashes included; case does not matter. */
export function matches(pattern: string, operation: string): boolean {
  const [first = '', ...rest] = pattern.toLowerCase().split('*')
  const text = operation.toLowerCase()
  if (rest.length === 0) return text === first
  if (!text.startsWith(first)) return false
  const last = rest.pop() ?? ''
  let position = first.length
  for (const part of rest) {
    const found = text.indexOf(part, position)
    if (found < 0) return false
    position = found + part.length
  }
  return text.length - last.length >= position && text.endsWith(last)
}
