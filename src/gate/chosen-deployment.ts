import type { Route } from '../services/inference/route.ts'
import type { Settings } from './settings.ts'

/** The deployment that the gate chose by itself; undefined if the inputs name one, or nothing is chosen yet. */
export function chosenDeployment(
  settings: Pick<Settings, 'deployments'> | undefined,
  routes: readonly Pick<Route, 'deployment'>[] | undefined,
): string | undefined {
  return settings?.deployments.length === 0 ? routes?.[0]?.deployment : undefined
}
