import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { repositoryRoot } from '../../scripts/tools.ts'
import { shapeOf } from './body-shape.ts'
import { inDescriptions } from './descriptions-folder.ts'

/** Real exchanges, which are no part of the repository: what the local cloud has to agree with is. */
export const recordings = inDescriptions('recorded/')
export const recordedFactsFile = '__tests__/local-cloud/recorded-facts.json'
/** Read one by one in recordings of the SDKs' own tests, which are too large to be kept. */
const sdkFactsFile = '__tests__/local-cloud/recorded-facts-of-sdks.json'

const factSchema = v.strictObject({
  /** File and number of the exchange. */
  id: v.string(),
  /** Of what is not in that folder: repository, commit and file. */
  from: v.optional(v.string()),
  method: v.string(),
  /** Of the request, without its query. */
  path: v.string(),
  status: v.number(),
  /** Lower case, in alphabetical order, without those of the wire. */
  headers: v.array(v.string()),
  /** Content of `x-ms-failure-cause`, where there is one. */
  failureCause: v.optional(v.string()),
  /** See `shapeOf`; of a stream, of its first events. */
  shape: v.unknown(),
})
export type RecordedFact = v.InferOutput<typeof factSchema>

export const recordedFacts = [recordedFactsFile, sdkFactsFile].flatMap(file =>
  v.parse(v.array(factSchema), JSON.parse(readFileSync(join(repositoryRoot, file), 'utf8'))),
)

/** @throws Error where there is none */
export function recordedFact(id: string): RecordedFact {
  const fact = recordedFacts.find(candidate => candidate.id === id)
  if (fact === undefined) throw new Error(`No exchange ${id} is recorded`)
  return fact
}

/** Ids of the exchanges of a service, by the beginning of their files' names. */
export const recordedIds = (beginning: string): string[] =>
  recordedFacts.map(({ id }) => id).filter(id => id.startsWith(beginning))

const recordingSchema = v.object({
  exchanges: v.array(
    v.object({
      request: v.object({ method: v.string(), url: v.string() }),
      response: v.object({
        status: v.number(),
        headers: v.record(v.string(), v.string()),
        body: v.optional(v.unknown()),
      }),
    }),
  ),
})

/** Real, but of the wire or of anyone who recorded. */
const OF_THE_WIRE = new Set(['connection', 'content-length', 'date', 'server', 'transfer-encoding'])

/** Names of headers that say something. */
export const headerNames = (names: Iterable<string>): string[] =>
  [...new Set([...names].map(name => name.toLowerCase()))].filter(name => !OF_THE_WIRE.has(name)).sort()

/** What the recordings say. */
export function factsOfRecordings(): RecordedFact[] {
  const files = readdirSync(recordings).filter(name => name.endsWith('.json'))
  return files.sort().flatMap(name => {
    const text = readFileSync(new URL(name, recordings), 'utf8')
    return v.parse(recordingSchema, JSON.parse(text)).exchanges.map(({ request, response }, index) => {
      const { headers, status, body } = response
      const cause = Object.entries(headers).find(([header]) => header.toLowerCase() === 'x-ms-failure-cause')
      return {
        id: `${name.replace('.json', '')}/${index}`,
        method: request.method,
        path: new URL(request.url.replace(/<.*>/, '')).pathname,
        status,
        headers: headerNames(Object.keys(headers)),
        ...(cause !== undefined && { failureCause: cause[1] }),
        shape: shapeOf(typeof body === 'string' ? eventsIn(body) : (body ?? null)),
      }
    })
  })
}

/** The first events of a stream: the recordings are cut, and the last of one is no whole event. */
export const eventsIn = (stream: string): Record<string, unknown> =>
  Object.fromEntries(
    stream
      .split('\n\n')
      .slice(0, 3)
      .map((event, index) => [String(index), JSON.parse(event.slice('data: '.length))]),
  )
