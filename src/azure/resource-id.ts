/** ARM ids of the resources that this action handles. */

export interface ResourceId {
  subscriptionId: string
  resourceGroup: string
  account: string
  /** Set if the id names a project of the account. */
  project: string | undefined
}

// A percent sign or a segment of dots would change the path, so neither is allowed.
export const idSegment = '(?!\\.+(?:/|$))[^/\\s?#%\\\\]+'
const pattern = new RegExp(
  `^/subscriptions/(?<subscriptionId>${idSegment})/resourceGroups/(?<resourceGroup>${idSegment})/providers/` +
    `(?<type>[^/\\s]+/[^/\\s]+)/(?<account>${idSegment})(?:/projects/(?<project>${idSegment}))?/?$`,
  'i',
)

/** A deployment's name follows the rules for resources: ASCII letters, digits and `_.-`. */
export const deploymentPattern = /^(?!\.+$)[\w.-]+$/

export const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
export const accountType = 'Microsoft.CognitiveServices/accounts'

/** @returns the parts of the id, or what is wrong with it, in words that follow "the id". */
export function parseResourceId(text: string): ResourceId | { problem: string } {
  const groups = pattern.exec(text)?.groups
  const expected = `/subscriptions/<guid>/resourceGroups/<name>/providers/${accountType}/<name>`
  if (groups === undefined)
    return { problem: `does not have the form ${expected}, with or without /projects/<name>` }
  const { subscriptionId = '', resourceGroup = '', type = '', account = '', project } = groups
  if (type.toLowerCase() !== accountType.toLowerCase())
    return { problem: `is of type ${type}, not ${accountType}` }
  if (!guidPattern.test(subscriptionId))
    return { problem: `holds the subscription id ${subscriptionId}, which is not a GUID` }
  return { subscriptionId: subscriptionId.toLowerCase(), resourceGroup, account, project }
}

/** Id of the account, with a leading slash. */
export function accountIdOf({ subscriptionId, resourceGroup, account }: ResourceId): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${accountType}/${account}`
}

/** Id of the named resource: the account or its project. The role is checked and granted at this scope. */
export function scopeOf(resource: ResourceId): string {
  return resource.project === undefined
    ? accountIdOf(resource)
    : `${accountIdOf(resource)}/projects/${resource.project}`
}
