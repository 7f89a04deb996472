/**
 * Paths as the official descriptions write them. `{name}` is one segment, `{scope}` any number of them; what is in
 * braces becomes a parameter.
 */

/** The expression that a route matches paths with. */
export function pathPattern(template: string): RegExp {
  const pattern = template
    .replaceAll(/[.$]/g, String.raw`\$&`)
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${name === 'scope' ? '.*' : '[^/]+'})`)
  return new RegExp(`^${pattern}$`)
}

export const SUBSCRIPTION_PATH = '/subscriptions/{subscription}'
export const GROUP_PATH = `${SUBSCRIPTION_PATH}/resourceGroups/{group}`
