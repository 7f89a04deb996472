import * as v from 'valibot'

/** What a service answered, without anything that belongs to somebody. */
const recordingSchema = v.object({
  /** Name of the exchange. */
  exchange: v.string(),
  service: v.picklist(['github', 'entra', 'resource-manager', 'graph', 'inference']),
  status: v.number(),
  /** What the service calls it; empty where it names nothing. */
  code: v.string(),
  /** Media type, without parameters. */
  contentType: v.string(),
  /** Names of those headers that clients read. */
  headers: v.array(v.string()),
  /** Where which type of value stands, as `value[].id: string`. */
  shape: v.array(v.string()),
  /** What the service said, where it refused. */
  message: v.string(),
})
export type Recording = v.InferOutput<typeof recordingSchema>

const callsOver = v.object({
  asked: v.number(),
  denied: v.number(),
  /** Milliseconds from the answer to the grant to the first call that was let through; absent where none was. */
  firstSuccessMs: v.optional(v.number()),
  /** Likewise to the last call that was denied: from then on all were let through. */
  lastDenialMs: v.optional(v.number()),
})

/** How long a new role takes to be honoured, by the connection that the calls go over: replicas may disagree. */
const lagSchema = v.object({ kept: callsOver, fresh: callsOver })
export type Lag = v.InferOutput<typeof lagSchema>

export const recordingsSchema = v.object({
  /** Day of the run, ISO 8601. */
  recordedOn: v.string(),
  /** What the resource and the identity had of what decides on answers: a local cloud that has the same is compared. */
  has: v.array(v.string()),
  /** Absent where it was not measured. */
  lag: v.optional(lagSchema),
  recordings: v.array(recordingSchema),
})
export type Recordings = v.InferOutput<typeof recordingsSchema>
