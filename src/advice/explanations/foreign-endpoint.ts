import { scopeOf } from '../../azure/resource-id.ts'
import { endpointIsOwn, hostList } from '../../gate/endpoint-owner.ts'
import type { RunRecord } from '../../gate/record.ts'
import { isOfDeployment } from '../../services/inference/beside-calls.ts'
import { inputs } from './commands.ts'
import type { ExplainContext, Fix } from './explanation.ts'
import { resourceValues, valuesOf } from './values.ts'

/** An `endpoint` that does not belong to the resource in the other inputs. */

/** Roles on the resource say nothing about a call that goes elsewhere. */
export function whereItCounts({ record }: Pick<ExplainContext, 'record'>): string {
  if (endpointIsOwn(record) !== false) return ''
  const { account } = valuesOf({ record })
  return `But the call went to ${record.settings?.target.endpoint}, which is not a host of ${account} (${hostList(record.account)}). If that is another resource, no role on ${account} counts there; if it is a gateway, check whether it passes the token on.`
}

export const fixesOfForeignEndpoint = ({ record }: Pick<ExplainContext, 'record'>): Fix[] =>
  endpointIsOwn(record) === false ? callTheResource(record).slice(0, 1) : []

/** Only a person knows whether the endpoint is a left-over or a gateway. The first fix is right for both. */
export function callTheResource(record: RunRecord): Fix[] {
  const { settings, routes = [] } = record
  const { account, scope } = resourceValues(record)
  const named = settings?.deployments.map(({ name, api }) => (api === undefined ? name : `${name}=${api}`))
  const deployments = named?.length
    ? named
    : [...new Set(routes.filter(isOfDeployment).map(({ deployment }) => deployment))]
  return [
    inputs(
      `Remove the input \`endpoint\`, no matter whether it is a left-over or a gateway: the calls then go to the hosts that Resource Manager names for ${account}`,
      {
        'resource-id': settings?.target.kind === 'resource' ? scopeOf(settings.target.resource) : scope,
        'key-access': settings?.keys.access ?? 'forbid',
      },
    ),
    bySecondStep(
      'If there is a gateway in front of it, gate that in a second step, without the inputs that name the resource and without `key-access`',
      {
        endpoint: settings?.target.endpoint ?? 'https://<GATEWAY>',
        deployments: deployments.join('\n') || '<DEPLOYMENT>',
      },
    ),
  ]
}

/** It sets inputs that this run also had, beside the one to remove. */
function bySecondStep(title: string, set: Parameters<typeof inputs>[1]): Fix {
  const { sets: _, ...fix } = inputs(title, set)
  return fix
}
