import { parseResourceId, type ResourceId } from '../azure/resource-id.ts'
import type { Target } from '../gate/settings.ts'
import type { Problem, Reader } from './reader.ts'

/** Stands for an invalid resource id. The problem is recorded, and `finish` throws. */
const unreadable: ResourceId = { subscriptionId: '', resourceGroup: '', account: '', project: undefined }

export function readTarget(reader: Reader, endpoint: string | undefined): Target {
  const byId = reader.text('resource-id') !== undefined
  const byName = reader.text('resource-group') !== undefined || reader.text('resource-name') !== undefined
  if (byId && (byName || reader.text('subscription-id') !== undefined)) {
    reader.refuse(
      'resource-id',
      'is given together with `subscription-id`, `resource-group` or `resource-name`; name the resource in one way',
    )
  }
  if (byId)
    return {
      kind: 'resource',
      resource: reader.parsed('resource-id', parseResourceId) ?? unreadable,
      endpoint,
    }
  if (byName) return { kind: 'resource', resource: readParts(reader), endpoint }
  if (reader.text('endpoint') !== undefined) {
    const address = endpoint ?? ''
    // Only the input counts: people set the variable for other actions, and did not ask for a search, or for a grant after it.
    if (reader.text('subscription-id') === undefined) return { kind: 'endpoint', endpoint: address }
    return { kind: 'search', endpoint: address, subscriptionId: reader.guid('subscription-id'), neededBy: [] }
  }
  reader.refuse(
    'resource-id',
    'is missing; give it, or `subscription-id`, `resource-group` and `resource-name`, or `endpoint`, with `subscription-id` or alone',
  )
  return { kind: 'resource', resource: unreadable, endpoint }
}

function readParts(reader: Reader): ResourceId {
  const named = (input: string, other: string) => {
    if (reader.text(input) === undefined) reader.refuse(input, `is missing; \`${other}\` is given without it`)
    return reader.parsed(input, parseName) ?? ''
  }
  return {
    subscriptionId: reader.guid('subscription-id', 'AZURE_SUBSCRIPTION_ID'),
    resourceGroup: named('resource-group', 'resource-name'),
    account: named('resource-name', 'resource-group'),
    project: undefined,
  }
}

function parseName(text: string): string | Problem {
  return /^(?!\.+$)[\p{L}\p{N}_().-]+$/u.test(text)
    ? text
    : { problem: 'is not the name of an Azure resource' }
}
