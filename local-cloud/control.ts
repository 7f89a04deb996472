import * as v from 'valibot'
import type { Clock } from './clock.ts'
import { type Faults, faultSchema } from './faults.ts'
import { sameText } from './github/index.ts'
import type { Journal } from './journal.ts'
import { redacted } from './redaction.ts'
import { UNKNOWN_OPERATION } from './server/answer.ts'
import type { Service, ServiceReply, ServiceRequest } from './service.ts'
import type { World } from './world.ts'

/** What can be seen and driven from outside the process. */
interface Controls {
  readonly world: World
  readonly clock: Clock
  readonly journal: Journal
  readonly faults: Faults
  /** Names that a fault can have for what it hits. */
  readonly operations: ReadonlySet<string>
  secrets(): readonly string[]
  /** @throws Error that says what is wrong with the seed */
  reset(seed?: unknown): void
}

/**
 * A JSON API for people and other processes: `/journal`, `/clock`, `/faults`, `/world`, `/reset`.
 * @param token required as a bearer token, so that no web page in a browser of this machine can drive the cloud
 */
export function createControl(controls: Controls, token: string): Service {
  const { clock, journal, faults } = controls

  const guarded = (action: (body: unknown) => unknown) => (request: ServiceRequest) => {
    const given = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given !== undefined && sameText(given, token)) return run(action, request.body)
    return failed(401, 'Unauthorized', 'The bearer token of the control endpoint is missing or wrong.')
  }
  const time = () => ({ now: new Date(clock.now()).toISOString(), waiting: clock.sleeping })

  return {
    name: 'control',
    routes: [
      {
        operation: 'journal.get',
        method: 'GET',
        path: /^\/journal$/,
        handle: guarded(() => journal.entries.map(entry => redacted(entry, controls.secrets()))),
      },
      {
        operation: 'journal.clear',
        method: 'DELETE',
        path: /^\/journal$/,
        handle: guarded(() => journal.clear()),
      },
      { operation: 'clock.get', method: 'GET', path: /^\/clock$/, handle: guarded(time) },
      {
        operation: 'clock.advance',
        method: 'POST',
        path: /^\/clock$/,
        handle: guarded(body => {
          const ms = checked(advance, body).advanceSeconds * 1000
          if (clock.now() + ms > END_OF_TIME)
            throw new Error('advanceSeconds: The clock ends with the year 9999')
          clock.advance(ms)
          return time()
        }),
      },
      {
        operation: 'faults.add',
        method: 'POST',
        path: /^\/faults$/,
        handle: guarded(body => {
          const fault = checked(faultSchema, body)
          requireOperation(controls.operations, fault.operation)
          faults.add(fault)
        }),
      },
      {
        operation: 'faults.clear',
        method: 'DELETE',
        path: /^\/faults$/,
        handle: guarded(() => faults.clear()),
      },
      { operation: 'world.get', method: 'GET', path: /^\/world$/, handle: guarded(() => controls.world) },
      {
        operation: 'reset',
        method: 'POST',
        path: /^\/reset$/,
        // `reset` itself says what is wrong with a seed.
        handle: guarded(body => controls.reset(checked(resetRequest, body ?? {}).seed)),
      },
    ],
    notFound: () =>
      failed(404, 'NotFound', 'The control endpoint has /journal, /clock, /faults, /world and /reset.'),
    commonHeaders: () => ({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }),
  }
}

/** A later time has no ISO date, so no service could answer any more. */
const END_OF_TIME = Date.UTC(9999, 11, 31)

/** A fault that hits nothing would look like a client that copes with it. @throws Error */
function requireOperation(known: ReadonlySet<string>, operation: string | undefined): void {
  if (operation === undefined || operation === UNKNOWN_OPERATION || known.has(operation)) return
  const [family = ''] = operation.split('.')
  const alike = [...known].filter(name => name.startsWith(`${family}.`))
  const hint = alike.length > 0 ? `; there are ${alike.join(', ')}` : ''
  throw new Error(`operation: There is no operation ${operation}${hint}`)
}

const advance = v.strictObject({ advanceSeconds: v.pipe(v.number(), v.minValue(0)) })
const resetRequest = v.strictObject({ seed: v.optional(v.unknown()) })

/** @throws Error that lists everything that is wrong with the body */
function checked<T>(schema: v.GenericSchema<unknown, T>, body: unknown): T {
  const parsed = v.safeParse(schema, body)
  if (parsed.success) return parsed.output
  throw new Error(parsed.issues.map(issue => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}`).join('; '))
}

function run(action: (body: unknown) => unknown, text: string): ServiceReply {
  try {
    const result = action(text === '' ? undefined : JSON.parse(text))
    return result === undefined ? { status: 204 } : { status: 200, body: result }
  } catch (error) {
    return failed(400, 'InvalidRequest', error instanceof Error ? error.message : String(error))
  }
}

function failed(status: number, code: string, message: string): ServiceReply {
  return { status, body: { error: { code, message } } }
}
