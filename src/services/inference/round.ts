import type { SmokeSettings } from './apis/api.ts'
import type { Route } from './route.ts'
import { type SmokeResult, type SmokeTools, smokeCall, unlessGiven } from './smoke-call.ts'

/**
 * One smoke call to each deployment, in parallel.
 * @param given Ids of the answers so far; gets those of this round. An answer that was given before proves nothing.
 * @throws StepError if signing in fails.
 */
export async function smokeRound(
  routes: readonly Route[],
  settings: SmokeSettings,
  tools: SmokeTools,
  given: Set<string>,
): Promise<SmokeResult[]> {
  const made = await Promise.all(routes.map(route => smokeCall(route, settings, tools)))
  return made.map(result => unlessGiven(result, given))
}

/** The ids of these answers. */
export const givenBy = (results: readonly SmokeResult[]): Set<string> =>
  new Set(results.flatMap(result => (result.kind === 'ok' && result.id !== undefined ? [result.id] : [])))
