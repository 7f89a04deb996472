import * as v from 'valibot'

/** Values of which several things of the world consist. */

export const guid = v.pipe(v.string(), v.uuid(), v.toLowerCase())

export const instant = v.pipe(v.string(), v.isoTimestamp())

export const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const orNull = v.nullish(v.string(), null)

/** Names and values as Azure keeps them: text. */
export const tags = v.record(v.string(), v.string())

export const principalIds = v.strictObject({ principalId: guid, clientId: guid })

/** The identities that a resource acts as. */
export const resourceIdentity = v.strictObject({
  /**
   * The identity that exists as long as the resource does. It is one of the `applications`, and is added there if a seed does
   * not have it.
   */
  systemAssigned: v.optional(principalIds),
  /** Resource ids of user-assigned identities. */
  userAssigned: v.optional(v.array(v.string())),
})

/** A write that takes Azure some time: until then `provisioningState` is this, by the cloud's clock. */
export const pending = v.strictObject({
  state: v.picklist(['Accepted', 'Creating', 'Deleting']),
  until: instant,
})
