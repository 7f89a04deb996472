import { cognitiveServicesUser, parseRole, type RoleChoice } from '../azure/rbac/built-in-roles.ts'
import { type Principal, principalTypes } from '../azure/rbac/principal.ts'
import { type AlsoRequest, grants, type Settings } from '../gate/settings.ts'
import { dataActionsNamed, namesOfOthers } from '../services/inference/named-actions.ts'
import { entriesOf, gapIn } from './formats.ts'
import { type Problem, quoted, type Reader } from './reader.ts'

const defaultRole: RoleChoice = { kind: 'guid', guid: cognitiveServicesUser.guid }

export function readAccess(reader: Reader): Settings['access'] {
  const grant = reader.choice('grant', grants, 'auto')
  const role = reader.parsed('role', parseRole) ?? defaultRole
  const grantee = readGrantee(reader)
  const revoke = reader.flag('revoke')
  return { role, grant, grantee, revoke, also: reader.lines('also', parseAlso) }
}

function readGrantee(reader: Reader): Principal | undefined {
  const principalType = reader.choice('principal-type', principalTypes, 'ServicePrincipal')
  if (reader.text('principal-id') !== undefined)
    return { principalId: reader.guid('principal-id'), principalType }
  if (principalType !== 'ServicePrincipal')
    reader.refuse('principal-type', `is ${principalType}, but \`principal-id\` does not say which one`)
  return undefined
}

/** An empty line is refused: it comes from a variable that is not set, so a right would go unchecked. */
function parseAlso(lines: readonly string[]): AlsoRequest[] | Problem {
  const requests: AlsoRequest[] = []
  for (const name of entriesOf(lines)) {
    const gap = gapIn(name)
    if (gap !== undefined) return { problem: gap }
    const dataActions = dataActionsNamed(name)
    if (dataActions === undefined)
      return {
        problem: `holds the line ${quoted(name)}; a line is ${namesOfOthers.map(known => `\`${known}\``).join(', ')} or one data action such as \`Microsoft.CognitiveServices/accounts/OpenAI/files/write\`, without wildcards`,
      }
    if (!requests.some(other => other.name.toLowerCase() === name.toLowerCase()))
      requests.push({ name, dataActions })
  }
  return requests
}
