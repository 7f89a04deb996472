import * as v from 'valibot'
import { accountId } from '../../../local-cloud/scopes.ts'
import {
  type Answer,
  type Ask,
  COGNITIVE_SERVICES_USER,
  type DataPlaneFixture,
  FOUNDRY,
  startDataPlane,
} from './fixture.ts'

/** A principal that may do everything on the account and in its project, for the tests of one file. */
interface Caller {
  plane: DataPlaneFixture
  ask(target: string, body?: unknown, options?: Ask): Promise<Answer>
}

export function callerForAll(): Caller {
  let plane: DataPlaneFixture | undefined
  let authorization = ''
  const running = () => {
    if (plane === undefined) throw new Error('The data plane starts before the first test')
    return plane
  }
  beforeAll(async () => {
    plane = await startDataPlane()
    plane.grant(COGNITIVE_SERVICES_USER)
    plane.grant(COGNITIVE_SERVICES_USER, { scope: `${accountId(plane.account)}/projects/shop` })
    authorization = `Bearer ${await plane.token({ aud: FOUNDRY })}`
  })
  afterAll(() => plane?.close())
  return {
    get plane() {
      return running()
    },
    ask: (target, body, { method = 'POST', headers } = {}) =>
      running().ask(target, {
        method,
        headers: { authorization, 'anthropic-version': '2023-06-01', ...headers },
        ...(body !== undefined && { body }),
      }),
  }
}

const refusal = v.object({ error: v.looseObject({ message: v.string() }) })

export const errorOf = ({ body }: Answer) => v.parse(refusal, body).error

/** The data of server-sent events, the final mark left out. */
export const eventsOf = ({ text }: Answer): unknown[] =>
  text
    .split('\n')
    .filter(line => line.startsWith('data: {'))
    .map(line => JSON.parse(line.slice('data: '.length)))
