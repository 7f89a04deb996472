import * as v from 'valibot'
import { guid, instant } from './values.ts'

/** Who may do what, and what blocks them all the same. */

export const permission = v.strictObject({
  actions: v.optional(v.array(v.string()), []),
  notActions: v.optional(v.array(v.string()), []),
  dataActions: v.optional(v.array(v.string()), []),
  notDataActions: v.optional(v.array(v.string()), []),
})

export const roleDefinition = v.strictObject({
  id: guid,
  roleName: v.string(),
  description: v.optional(v.nullable(v.string()), null),
  type: v.optional(v.picklist(['BuiltInRole', 'CustomRole']), 'CustomRole'),
  assignableScopes: v.array(v.string()),
  permissions: v.array(permission),
  createdOn: v.optional(instant),
  updatedOn: v.optional(instant),
  createdBy: v.optional(v.nullable(v.string())),
  updatedBy: v.optional(v.nullable(v.string())),
})

const principalType = v.picklist(['ServicePrincipal', 'User', 'Group', 'ForeignGroup', 'Device'])

export const roleAssignment = v.strictObject({
  name: guid,
  scope: v.string(),
  roleDefinitionId: guid,
  principalId: guid,
  principalType,
  description: v.optional(v.nullable(v.string()), null),
  condition: v.optional(v.nullable(v.string()), null),
  conditionVersion: v.optional(v.nullable(v.string()), null),
  /** Absent in a seed: long ago, live everywhere. */
  createdOn: v.optional(instant),
  updatedOn: v.optional(instant),
  createdBy: v.optional(v.nullable(v.string()), null),
  updatedBy: v.optional(v.nullable(v.string()), null),
  /** Privileged Identity Management removes it then. Absent: it stays. */
  endsOn: v.optional(instant),
})

export const denyAssignment = v.strictObject({
  name: guid,
  displayName: v.string(),
  scope: v.string(),
  permissions: v.array(permission),
  /** The zero GUID stands for everybody. */
  principals: v.array(guid),
  excludePrincipals: v.optional(v.array(guid), []),
  doNotApplyToChildScopes: v.optional(v.boolean(), false),
  /** Absent: its name. */
  description: v.optional(v.string()),
  /** A user made it, and can remove it; absent: Azure made it, as for a deployment stack. */
  userAssigned: v.optional(v.literal(true)),
  /** Absent: long ago, in force everywhere. */
  createdOn: v.optional(instant),
})

export const lock = v.strictObject({
  name: v.string(),
  scope: v.string(),
  /** ReadOnly: nothing at or below the scope is written or removed. CanNotDelete: nothing is removed. */
  level: v.picklist(['ReadOnly', 'CanNotDelete']),
  notes: v.optional(v.string()),
})

/** Azure Policy, only with the effect that matters for role assignments: some roles must not be assigned. */
export const policyAssignment = v.strictObject({
  name: v.string(),
  displayName: v.string(),
  scope: v.string(),
  deniedRoles: v.array(guid),
  /** Scopes that an exemption excludes. */
  exemptScopes: v.optional(v.array(v.string()), []),
})
