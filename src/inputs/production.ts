import { parseHttps } from '../azure/endpoint.ts'
import { parsePrincipalReference } from '../azure/principal-reference.ts'
import { parseRole } from '../azure/rbac/built-in-roles.ts'
import { deploymentPattern } from '../azure/resource-id.ts'
import { type RuntimePrincipalRequest, runtimeUnknownPolicies, type Settings } from '../gate/settings.ts'
import { shownAddress } from '../services/app/address.ts'
import { parseExpression } from './formats.ts'
import { isProblem, type Problem, quoted, type Reader } from './reader.ts'

export function readProduction(reader: Reader): Settings['production'] {
  const principals = reader.lines('runtime-principals', parseRuntimePrincipals)
  const unknown = reader.choice('runtime-unknown', runtimeUnknownPolicies, 'fail')
  const isAnybodyNamed = ['runtime-principals', 'principal-id'].some(name => reader.text(name) !== undefined)
  if (unknown === 'warn' && !isAnybodyNamed)
    reader.refuse('runtime-unknown', 'has no effect without `runtime-principals`')
  return { principals, unknown, probe: readProbe(reader) }
}

/** A line without an id is refused: it comes from a variable that is not set, so an identity would go unchecked. */
function parseRuntimePrincipals(lines: readonly string[]): RuntimePrincipalRequest[] | Problem {
  const requests: RuntimePrincipalRequest[] = []
  for (const line of lines) {
    const request = parseRuntimePrincipal(line)
    if (isProblem(request)) return request
    if (requests.some(({ id }) => id.toLowerCase() === request.id.toLowerCase()))
      return { problem: `names ${quoted(request.id)} twice` }
    requests.push(request)
  }
  return requests
}

function parseRuntimePrincipal(line: string): RuntimePrincipalRequest | Problem {
  const [id = '', ...options] = line.split(';').map(part => part.trim())
  if (id === '')
    return {
      problem: `holds ${line.trim() === '' ? 'an empty line' : `the line ${quoted(line.trim())}`}, which names no principal. An absent variable arrives as an empty string`,
    }
  const reference = parsePrincipalReference(id)
  if (isProblem(reference)) return { problem: `holds ${quoted(id)}, which ${reference.problem}` }
  const request = { id, reference, deployments: [], role: undefined }
  return options.reduce<RuntimePrincipalRequest | Problem>(withOption, request)
}

function withOption(
  request: RuntimePrincipalRequest | Problem,
  option: string,
): RuntimePrincipalRequest | Problem {
  if (isProblem(request)) return request
  const [, name, value = ''] = /^(deployments|role)\s*=\s*(.+)$/is.exec(option) ?? []
  if (name === undefined)
    return {
      problem: `holds ${quoted(option)} after an id; accepted are \`deployments=NAME,NAME\` and \`role=NAME\``,
    }
  if (name.toLowerCase() === 'deployments') {
    const deployments = value.split(',').map(part => part.trim())
    const odd = deployments.find(deployment => !deploymentPattern.test(deployment))
    if (odd !== undefined)
      return { problem: `names the deployment ${quoted(odd)}, which is not a valid name of a deployment` }
    return { ...request, deployments }
  }
  const role = parseRole(value)
  return isProblem(role)
    ? { problem: `names the role ${quoted(value)}, which ${role.problem}` }
    : { ...request, role }
}

/** The query may hold a key, so no message quotes the address. */
function readProbe(reader: Reader): Settings['production']['probe'] {
  const given = reader.text('probe-url')
  const expect = reader.parsed('probe-expect', parseExpression)
  if (given === undefined) {
    if (reader.text('probe-expect') !== undefined)
      reader.refuse('probe-expect', 'has no effect without `probe-url`: no app is called')
    return undefined
  }
  const url = parseProbe(given)
  if (!isProblem(url)) return { url, expect }
  reader.refuse('probe-url', `is ${quoted(shownAddress(given))}, which ${url.problem}`)
  return undefined
}

/** The whole address of a route in the app. */
function parseProbe(text: string): string | Problem {
  const url = parseHttps(text)
  if (isProblem(url)) return url
  if (url.hash !== '') return { problem: 'has a fragment (`#…`), which no request sends' }
  return url.href
}
