import type { Route } from '../services/inference/route.ts'
import type { Settings } from './settings.ts'

/** The deployment that the gate chose by itself; undefined where the inputs name what is called, or nothing is chosen yet. */
export function chosenDeployment(
  settings: Pick<Settings, 'deployments'> | undefined,
  routes: readonly Pick<Route, 'deployment'>[] | undefined,
): string | undefined {
  return settings?.deployments.length === 0 ? routes?.[0]?.deployment : undefined
}
