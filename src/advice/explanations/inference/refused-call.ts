import { statusLine } from '../../../core/failures/failure.ts'
import { tookToken } from '../../../services/inference/smoke-call.ts'
import type { ExplainContext } from '../explanation.ts'

/** The refused call, and its address. */

export const refusedCall = ({ record }: ExplainContext) =>
  record.smoke.find(result => result.kind === 'refused')

export const refusedRoute = (told: ExplainContext) => refusedCall(told)?.route

export function calledAt(told: ExplainContext): string {
  const route = refusedCall(told)?.route
  if (route === undefined) return ''
  return severalRoutes(told) || `The call went to ${route.deployment} by ${route.api}, at ${route.url}.`
}

/** The reply of each route of the API, if more than one was called. They differ in whether they accept a token. */
export function severalRoutes(told: ExplainContext): string {
  const refused = refusedCall(told)
  const { route, elsewhere = [] } = refused ?? {}
  if (refused === undefined || route === undefined || elsewhere.length === 0) return ''
  const asked = [route.url, ...(route.otherPlaces ?? []).map(({ url }) => url)]
  const answers = asked.map(url => {
    const { failure } = elsewhere.find(other => other.url === url) ?? refused
    const took = tookToken(failure) ? 'took the token' : 'did not take the token'
    return `${url} ${took} and said ${statusLine(failure.said) || failure.code}`
  })
  return `The call went to ${route.deployment} by ${route.api}, which has more than one route: ${answers.join('; ')}.`
}

export const accessIsFine = 'Access itself is fine: Azure checks it first.'
