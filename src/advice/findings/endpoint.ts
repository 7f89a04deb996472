import { endpointIsOwn, hostList } from '../../gate/endpoint-owner.ts'
import { callTheResource } from '../explanations/foreign-endpoint.ts'
import type { Inspection } from './finding.ts'

export const foreignEndpoint: Inspection = {
  title: 'The called endpoint does not belong to the resource',
  about: `The inputs name the resource and an \`endpoint\`, but the host of \`endpoint\` is not one that Resource Manager names: those in the account's \`properties.endpoint\` and
\`properties.endpoints\`, and those of its project. It may be an old variable that names another resource, or a gateway in front of this one; the gate cannot tell which. The proof is about
that endpoint, while roles and keys are those of the resource. The gate compares names, not addresses, so a private endpoint or private DNS belongs to the resource.

Severity: medium. With \`key-access: forbid\` the gate fails on it ([\`endpoint-of-another-resource\`](diagnosis.md#endpoint-of-another-resource)). The report's field
\`target.endpointIsOwn\` says the same for programs.`,
  inspect: ({ record, values }) => {
    if (endpointIsOwn(record) !== false) return undefined
    const called = record.settings?.target.endpoint ?? ''
    return {
      severity: 'medium',
      detail: `The calls go to ${called}. Hosts of ${values.account} are ${hostList(record.account)}. Roles and keys in this report are those of ${values.account}, and say nothing about the called host.`,
    }
  },
  fixes: ({ record }) => callTheResource(record),
}
