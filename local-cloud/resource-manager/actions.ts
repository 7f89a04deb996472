/** Actions as roles name them: `Microsoft.CognitiveServices/accounts/read`. */

const VERBS: Readonly<Record<string, string>> = {
  GET: 'read',
  HEAD: 'read',
  PUT: 'write',
  PATCH: 'write',
  DELETE: 'delete',
}

/** The action of a request, from its method and path alone; names of resources are left out. */
export function actionOf(method: string, path: string): string {
  const segments = path.split('/').filter(Boolean)
  if (!/^(subscriptions|providers|\{scope\})$/i.test(segments[0] ?? '')) return `${method} ${path}`
  const provider = segments.map(segment => segment.toLowerCase()).lastIndexOf('providers')
  const [namespace, ...rest] =
    provider < 0 ? ['Microsoft.Resources', ...segments] : segments.slice(provider + 1)
  if (method === 'POST' && rest.length % 2 === 1) {
    return [namespace, ...typesOf(rest.slice(0, -1)), rest.at(-1), 'action'].join('/')
  }
  return [namespace, ...typesOf(rest), VERBS[method] ?? `${method.toLowerCase()}/action`].join('/')
}

/** Types and names alternate in a path. */
const typesOf = (segments: readonly string[]) => segments.filter((_, index) => index % 2 === 0)
