import { isHostOfAzure } from '../../../azure/clouds.ts'
import { endpointIsOwn } from '../../../gate/endpoint-owner.ts'
import type { RunRecord } from '../../../gate/record.ts'
import { inputs } from '../commands.ts'
import { advice, type ExplainContext, type Fix } from '../explanation.ts'

/** How a gateway in front of the models may cause a refusal. */

/** Who answered instead of the resource, if the reply shows it. */
export const gatewayOf = ({ failure }: ExplainContext): string | undefined => failure.said.by

export function whereBehindGateway(told: ExplainContext, todo: (gateway: string) => string): Fix[] {
  const gateway = gatewayOf(told)
  return gateway === undefined ? [] : [advice(todo(gateway))]
}

/** The gateway's own audience, from the inputs. */
export const tokenAudienceOf = ({ settings }: RunRecord): string | undefined => settings?.smoke.tokenAudience

/** Whether the endpoint is a gateway, as far as inputs and hosts show. In a custom cloud a host shows nothing. */
function callsGateway(record: RunRecord): boolean {
  if (tokenAudienceOf(record) !== undefined) return true
  const { endpoint } = record.settings?.target ?? {}
  if (endpoint === undefined || record.settings?.cloud.name === 'custom') return false
  return !isHostOfAzure(new URL(endpoint).hostname) && endpointIsOwn(record) !== true
}

/** The words that gateways use for their own keys. */
const wantsKey = ({ failure }: ExplainContext) =>
  /subscription key|api key|virtual key/i.test(failure.said.message)

export function whyTokenNotAccepted(told: ExplainContext): string {
  const gateway = gatewayOf(told)
  const audience = tokenAudienceOf(told.record)
  if (gateway !== undefined && wantsKey(told))
    return `It was ${gateway} that refused, before the resource was asked: it demands a key of its own. This action sends no key, and takes none: with a key it is not key-less, no matter who holds it. That says nothing about the pipeline's role.`
  if (gateway !== undefined)
    return `It was ${gateway} that refused, before the resource was asked: it wants a token with another audience, issuer or claim${audience === undefined ? '' : `, and got one for ${audience}`}. It says nothing about the pipeline's role.`
  if (callsGateway(told.record))
    return 'The endpoint is a gateway. Either it refused by itself; or it did not pass the Authorization header on, and the resource behind it got no token.'
  return 'The reply is the one for a wrong key or a missing token: the host belongs to another resource or region, or is no inference endpoint at all.'
}

export function fixesOfGateway(told: ExplainContext): Fix[] {
  if (gatewayOf(told) !== undefined && wantsKey(told))
    return [
      advice(
        'Have the gateway take tokens instead of keys. In API Management: add the policy `validate-azure-ad-token` first, and then set `subscriptionRequired` to false, of the API and of its products.',
      ),
      ofResourceItself,
    ]
  return [
    ...(tokenAudienceOf(told.record) === undefined
      ? [
          inputs('If the gateway checks tokens of an audience of its own, name it', {
            'token-audience': 'api://<GATEWAY>',
          }),
        ]
      : [
          advice(
            'Compare what the gateway checks with the token: audience, issuer (`https://sts.windows.net/TENANT/` for tokens of version 1, `https://login.microsoftonline.com/TENANT/v2.0` for version 2), client id, and the app roles in `roles`.',
          ),
        ]),
    advice(
      'If it checks none, have it pass the Authorization header on to the resource, and add no api-key.',
      'Otherwise',
    ),
    ofResourceItself,
  ]
}

const ofResourceItself = advice(
  'Prove the resource itself in a step of its own, without `endpoint`. That proves nothing of the gateway.',
  'Beside that',
)

export const isAtGateway = (told: ExplainContext): boolean =>
  gatewayOf(told) !== undefined || callsGateway(told.record)
