import type { SmokeSettings } from './apis/api.ts'
import type { Route } from './route.ts'
import { type SmokeResult, type SmokeTools, smokeCall } from './smoke-call.ts'

/** One smoke call to each deployment, in parallel. @throws StepError if signing in fails. */
export function smokeRound(
  routes: readonly Route[],
  settings: SmokeSettings,
  tools: SmokeTools,
): Promise<SmokeResult[]> {
  return Promise.all(routes.map(route => smokeCall(route, settings, tools)))
}
