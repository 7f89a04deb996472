import * as v from 'valibot'

/** The answer of a service, without anything that identifies anyone. */
const recordingSchema = v.object({
  /** Name of the exchange. */
  exchange: v.string(),
  service: v.picklist(['github', 'entra', 'resource-manager', 'graph', 'inference']),
  status: v.number(),
  /** The service's own error code, and that of OAuth beside it; empty if there is none. */
  code: v.string(),
  /** Media type, without parameters. */
  contentType: v.string(),
  /** Names of the headers that clients read. */
  headers: v.array(v.string()),
  /** Paths with the type of their value, such as `value[].id: string`. */
  shape: v.array(v.string()),
  /** The service's message, if it refused. */
  message: v.string(),
})
export type Recording = v.InferOutput<typeof recordingSchema>

const callsOver = v.object({
  asked: v.number(),
  denied: v.number(),
  /** Milliseconds from the answer to the grant to the first successful call; absent if no call succeeded. */
  firstSuccessMs: v.optional(v.number()),
  /** The same, to the last denied call. After it all calls succeeded. */
  lastDenialMs: v.optional(v.number()),
})

/** How long a new role takes to work, by connection, because replicas may disagree. */
const lagSchema = v.object({ kept: callsOver, fresh: callsOver })
export type Lag = v.InferOutput<typeof lagSchema>

export const recordingsSchema = v.object({
  /** The day of the run, ISO 8601. */
  recordedOn: v.string(),
  /** The abilities of the resource and the identity that affect answers. The comparison uses a local cloud with the same ones. */
  has: v.array(v.string()),
  /** Absent if it was not measured. */
  lag: v.optional(lagSchema),
  /** What changed in the built-in roles that ship, one sentence each. */
  drift: v.optional(v.array(v.string())),
  recordings: v.array(recordingSchema),
})
export type Recordings = v.InferOutput<typeof recordingsSchema>
