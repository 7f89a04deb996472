import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import * as v from 'valibot'
import { inputOf, printForeign } from './runner.ts'

/** Prints the journal if the job failed, and ends the cloud. */
export async function stop(pid: number): Promise<void> {
  // Node reads the authorities of NODE_EXTRA_CA_CERTS when it first needs them, and the cloud takes its file along.
  // Without that function it would, at worst, warn that the file is gone: act may run this on a Node before 22.15.
  if (typeof tls.getCACertificates === 'function') tls.getCACertificates('extra')
  try {
    if (inputOf('job-status') === 'failure') await printJournal()
  } finally {
    process.kill(pid, 'SIGTERM')
  }
}

const journal = v.array(
  v.object({
    at: v.number(),
    service: v.string(),
    operation: v.string(),
    method: v.string(),
    target: v.string(),
    body: v.string(),
    status: v.nullable(v.number()),
    fault: v.optional(v.string()),
  }),
)
type Entry = v.InferOutput<typeof journal>[number]

/** A longer body is cut. */
const MOST_CHARACTERS = 2000

async function printJournal(): Promise<void> {
  const entries = await readJournal()
  printForeign(`What the local cloud was asked: ${entries.length} requests`, entries.flatMap(linesOf))
}

/** One line per request, and its body if it was refused. */
function linesOf({ at, service, operation, method, target, body, status, fault }: Entry): string[] {
  const time = new Date(at).toISOString().slice(11, 19)
  const played = fault === undefined ? '' : ` (fault ${fault})`
  const line = `${time} ${service} ${operation} ${method} ${target} → ${status ?? 'broken off'}${played}`
  const refused = status === null || status >= 400
  return refused && body !== '' ? [line, `         ${body.slice(0, MOST_CHARACTERS)}`] : [line]
}

/** Tokens, keys and assertions are left out by the control endpoint. */
async function readJournal(): Promise<Entry[]> {
  const { LOCAL_CLOUD_CONTROL_URL, LOCAL_CLOUD_CONTROL_TOKEN, NODE_EXTRA_CA_CERTS = '' } = process.env
  const headers = { authorization: `Bearer ${LOCAL_CLOUD_CONTROL_TOKEN}` }
  const ca = readFileSync(NODE_EXTRA_CA_CERTS)
  const body = await new Promise<string>((resolve, reject) => {
    get(`${LOCAL_CLOUD_CONTROL_URL}/journal`, { ca, headers }, response => {
      text(response).then(resolve, reject)
    }).once('error', reject)
  })
  return v.parse(journal, JSON.parse(body))
}
