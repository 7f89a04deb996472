/**
 * Paths as the official descriptions write them. `{name}` is one segment, `{scope}` any number of them; what is in
 * braces becomes a parameter.
 */

/** By template: every reset of a local cloud makes its some two hundred routes anew. */
const patterns = new Map<string, RegExp>()

/** The expression that a route matches paths with. */
export function pathPattern(template: string): RegExp {
  const known = patterns.get(template)
  if (known !== undefined) return known
  const pattern = template
    .replaceAll(/[.$]/g, String.raw`\$&`)
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${name === 'scope' ? '.*' : '[^/]+'})`)
  const made = new RegExp(`^${pattern}$`)
  patterns.set(template, made)
  return made
}

export const SUBSCRIPTION_PATH = '/subscriptions/{subscription}'
export const GROUP_PATH = `${SUBSCRIPTION_PATH}/resourceGroups/{group}`
