import { automaticRole } from '../../../azure/rbac/built-in-roles.ts'
import { definitionOf } from '../../../azure/rbac/effective-permissions.ts'
import { neededBy } from '../../../gate/also.ts'
import { inputs, principalInWords, show } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix } from '../explanation.ts'
import { valuesOf } from '../values.ts'
import { letLook } from './grants.ts'

/** Whether the role is a custom one whose definition cannot be read. */
const isRoleUnknown = ({ record }: ExplainContext): boolean =>
  record.role !== undefined && definitionOf(record.role.guid, record.definitions) === undefined

/** The least role that covers the calls, if they are known. */
const suitableRole = ({ record }: ExplainContext): string => automaticRole(neededBy(record)).name

function findPrincipal(told: ExplainContext): Fix {
  const { clientId, grantee } = valuesOf(told)
  if (grantee.principalType === 'Group')
    return show('See the group', 'ad group show', {
      group: grantee.principalId,
      query: '{name:displayName, objectId:id}',
    })
  if (grantee.principalType === 'User')
    return show('See the user', 'ad user show', {
      id: grantee.principalId,
      query: '{name:displayName, objectId:id}',
    })
  return show('Find the object id of the service principal', 'ad sp show', {
    id: told.record.settings?.access.grantee?.principalId ?? clientId,
    query: '{name:displayName, objectId:id, type:servicePrincipalType}',
  })
}

export const principalAndRoleExplanations = {
  'principal-not-found': {
    title: 'The directory does not find the principal',
    why: told =>
      `There is no ${principalInWords(valuesOf(told).grantee)}. The run tried several times, because a principal that was just created may not be known everywhere yet.`,
    unlike:
      "The object id of an app registration (instead of its service principal's) gives this code or `principal-type-mismatch`; so does a principal of another tenant.",
    fixes: told => [findPrincipal(told), advice('Run the job again in a minute.')],
  },
  'principal-type-mismatch': {
    title: 'The object id belongs to something that cannot hold this role assignment',
    why: told =>
      `There is no ${principalInWords(valuesOf(told).grantee)}; the id belongs to something else. Roles are held by service principals, users and groups. An app registration has its own object id, which differs from that of its service principal.`,
    unlike: 'An id that the directory does not know at all is `principal-not-found`.',
    fixes: told => [
      findPrincipal(told),
      advice(
        'Use the object id that is shown under Enterprise applications, not the one under App registrations.',
      ),
    ],
  },
  'role-not-found': {
    title: 'There is no such role to assign at the resource',
    why: told => {
      const { role, scope } = valuesOf(told)
      return `${role.name} was not found among the roles that can be assigned at ${scope}. A custom role can be assigned only if one of its assignable scopes covers the resource.`
    },
    unlike: 'A typing error in the name of a built-in role is `input-invalid`, before any request.',
    fixes: told => [
      show('List the roles that can be assigned there', 'role definition list', {
        scope: valuesOf(told).scope,
        query:
          "[?contains(roleName, 'Cognitive') || contains(roleName, 'Foundry')].{name:roleName, guid:name}",
      }),
      show('List the custom roles', 'role definition list', {
        'custom-role-only': 'true',
        query: '[].{name:roleName, guid:name, scopes:assignableScopes}',
      }),
    ],
  },
  'role-not-suitable': {
    title: 'The gate never grants this role',
    why: told =>
      isRoleUnknown(told)
        ? `${valuesOf(told).role.name} is missing, and the gate would have to grant it. This identity cannot read what the role allows: it could be a role that assigns roles, and a gate that is not sure grants nothing. Nothing was changed.`
        : `${valuesOf(told).role.name} is missing, and the gate would have to grant it. To call a model, a role needs data actions and no right to assign roles. More rights would be a risk for any holder, a pipeline or a group alike. Nothing was changed.`,
    unlike:
      'A role with other data actions than the calls need gives `access-denied`. The gate uses a role that is already held, no matter what else it allows.',
    fixes: told => [
      ...(isRoleUnknown(told) ? letLook(told) : []),
      inputs('Name a role for callers of models in this action', { role: suitableRole(told) }),
      advice(
        'If you need this role, ask an administrator to assign it; the gate uses a role that is already held.',
        'Or keep the role',
      ),
    ],
  },
} satisfies Partial<Explanations<'resource-manager'>>
