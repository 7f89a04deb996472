import * as v from 'valibot'
import { faultyIdentities } from './terms.ts'

/** A repository variable that is not set arrives as an empty text. */
const given = <S extends v.GenericSchema<string, unknown>>(schema: S) =>
  v.optional(
    v.union([
      v.pipe(
        v.literal(''),
        v.transform(() => undefined),
      ),
      schema,
    ]),
  )

const guid = v.pipe(v.string('is not set'), v.uuid('is not a GUID'))
const ofJob = v.pipe(
  v.string('is not set: GitHub sets it in a job with `id-token: write`'),
  v.nonEmpty('is empty'),
)

/** The variables for a world, besides those of the cloud. */
const environmentSchema = v.object({
  ACTIONS_ID_TOKEN_REQUEST_URL: v.pipe(ofJob, v.url('is not a URL')),
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: ofJob,
  AZURE_CLIENT_ID: guid,
  AZURE_TENANT_ID: guid,
  CONFORMANCE_RESOURCE_ID: given(
    v.pipe(
      v.string(),
      v.regex(
        /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.CognitiveServices\/accounts\/[^/]+/i,
        'is not the id of a Microsoft.CognitiveServices/accounts resource',
      ),
    ),
  ),
  CONFORMANCE_SETUP_CLIENT_ID: given(guid),
  CONFORMANCE_DENIED_RESOURCE_ID: given(
    v.pipe(v.string(), v.startsWith('/subscriptions/', 'is not the id of a resource')),
  ),
  CONFORMANCE_DEPLOYMENTS: v.optional(
    v.pipe(
      v.string(),
      // As in the input `deployments`: one per line, which may also say the API.
      v.transform(
        text => new Set(text.split(/[\n,]/).map(line => line.replace(/=.*/, '').trim().toLowerCase())),
      ),
    ),
    '',
  ),
  CONFORMANCE_DENY_ASSIGNMENTS: given(v.literal('make', 'is neither empty nor `make`')),
  CONFORMANCE_EXPIRED_ASSERTION: given(v.literal('wait', 'is neither empty nor `wait`')),
  CONFORMANCE_FAULTY_IDENTITIES: given(
    v.pipe(v.string(), v.parseJson(), v.record(v.picklist(faultyIdentities), guid)),
  ),
  LOCAL_CLOUD_RESOURCE_ID: v.optional(v.string()),
})

export type Environment = Readonly<Record<string, string | undefined>>

export type Variables = v.InferOutput<typeof environmentSchema>

/** @throws Error that names every variable that is wrong */
export function readEnvironment(env: Environment): Variables {
  const names = Object.keys(environmentSchema.entries)
  const read = v.safeParse(environmentSchema, Object.fromEntries(names.map(name => [name, env[name]])))
  if (read.success) return read.output
  const problems = read.issues.map(issue => `${v.getDotPath(issue)?.replace(/\..*/, '')}: ${issue.message}`)
  throw new Error([...new Set(problems)].join('\n'))
}
