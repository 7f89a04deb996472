import { plain } from '../../core/text/untrusted.ts'
import type { Api } from '../../services/inference/apis/index.ts'
import type { Route } from '../../services/inference/route.ts'
import { type Definitions, definitionOf } from './effective-permissions.ts'
import { coversDataAction } from './permissions.ts'

/** What a role does not let its holder call, whoever holds it. */
export interface Misfit {
  dataAction: string
  api: Api
  deployments: string[]
}

/** @returns none where the role covers every route, or nobody knows what it covers. */
export function misfits(roleGuid: string, routes: readonly Route[], definitions: Definitions): Misfit[] {
  const permissions = definitionOf(roleGuid, definitions)
  if (permissions === undefined) return []
  const found: Misfit[] = []
  for (const { dataAction, api, deployment } of routes) {
    if (coversDataAction(permissions, dataAction)) continue
    const same = found.find(misfit => misfit.dataAction === dataAction && misfit.api === api)
    if (same === undefined) found.push({ dataAction, api, deployments: [deployment] })
    else same.deployments.push(deployment)
  }
  return found
}

/** One sentence, for the log before the call is made, and for findings after it. */
export function misfitLine(roleName: string, { dataAction, api, deployments }: Misfit): string {
  const names = deployments.map(name => plain(name, 64)).join(', ')
  return `${plain(roleName)} does not cover ${dataAction}, which ${api} needs (${names}).`
}
