import type { ServiceRequest } from '../service.ts'
import { Refused } from './refused.ts'

/** What a request to the token endpoint has to contain. */

interface TokenForm {
  clientId: string
  scope: string
  /** Absent: a secret was sent in its place. */
  assertion?: string
}

export function readForm(request: ServiceRequest): TokenForm {
  const form = new URLSearchParams(request.body)
  const required = (name: string) => {
    const value = form.get(name)
    if (value) return value
    const message = `The request body must contain the following parameter: '${name}'.`
    throw new Refused(900144, 400, 'invalid_request', message)
  }
  const grant = required('grant_type')
  if (grant !== 'client_credentials') {
    throw new Refused(70003, 400, 'unsupported_grant_type', `The access grant '${grant}' is not supported.`)
  }
  const clientId = required('client_id')
  const scope = required('scope')
  if (!form.get('client_assertion') && form.get('client_secret')) return { clientId, scope }
  if (!form.get('client_assertion')) {
    const message =
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    throw new Refused(7000218, 401, 'invalid_client', message)
  }
  required('client_assertion_type')
  return { clientId, scope, assertion: required('client_assertion') }
}

/** What MSAL for Go and for Java adds to every request, client credentials or not. */
const OPENID_SCOPES = ['openid', 'profile', 'offline_access']

/** The resource before `/.default`, as it is written: `…//.default` asks for an audience with a slash at its end. */
export function requestedAudience(scope: string): string {
  const suffix = '/.default'
  const scopes = scope.split(' ').filter(name => name !== '' && !OPENID_SCOPES.includes(name))
  const [only = ''] = scopes
  if (scopes.length !== 1 || only === suffix) {
    const message =
      "The provided request must include a 'scope' input parameter. The provided value for the input parameter " +
      `'scope' is not valid. The scope ${scope} is not valid.`
    throw new Refused(70011, 400, 'invalid_scope', message)
  }
  if (!only.endsWith(suffix)) {
    const message =
      `The provided value for scope ${only} is not valid. Client credential flows must have a scope value with ` +
      '/.default suffixed to the resource identifier (application ID URI).'
    throw new Refused(1002012, 400, 'invalid_scope', message)
  }
  return only.slice(0, -suffix.length)
}
