import { endpointIsOwn, hostList } from '../../gate/endpoint-owner.ts'
import { callTheResource } from '../explanations/foreign-endpoint.ts'
import type { Inspection } from './finding.ts'

export const foreignEndpoint: Inspection = {
  title: 'The endpoint that is called is none of the resource',
  about: `\`endpoint\` was given beside the resource, and its host is none of those that Resource Manager names: the account's \`properties.endpoint\` and
\`properties.endpoints\`, and those of its project. It may be a stale variable that names another resource, or a gateway in front of this one; the gate cannot tell which. What it proved holds
for that endpoint, what it says of roles and keys holds for the resource. Names are compared, not addresses: a private endpoint, or private DNS, is the resource's own.

Severity: medium. With \`key-access: forbid\` the gate fails on it ([\`endpoint-of-another-resource\`](diagnosis.md#endpoint-of-another-resource)). The report's field
\`target.endpointIsOwn\` says the same to programs.`,
  inspect: ({ record, values }) => {
    if (endpointIsOwn(record) !== false) return undefined
    const called = record.settings?.target.endpoint ?? ''
    return {
      severity: 'medium',
      detail: `The calls go to ${called}. Hosts of ${values.account} are ${hostList(record.account)}. What is said of roles and keys holds for ${values.account}, and need not hold for what is called.`,
    }
  },
  fixes: ({ record }) => callTheResource(record),
}
