/** Members that are recorded and not sent here, as paths; of a list, those of its first item. */
export function missingMembers(recorded: unknown, sent: unknown, path = ''): string[] {
  if (typeof recorded !== 'object' || recorded === null) return []
  return Object.entries(recorded).flatMap(([key, inner]) => {
    const own = Object(sent)
    return Object.hasOwn(own, key) ? missingMembers(inner, own[key], `${path}.${key}`) : [`${path}.${key}`]
  })
}
