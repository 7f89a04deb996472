import { plain } from '../../core/text/untrusted.ts'
import { type Definitions, definitionOf } from './effective-permissions.ts'
import { coversAll, coversDataAction, type Permission } from './permissions.ts'

/** Whether permissions allow the calls; unknown if they could not be read. */
export type Coverage = 'sufficient' | 'insufficient' | 'unknown'

export function coverageBy(
  permissions: readonly Permission[] | undefined,
  dataActions: readonly string[],
): Coverage {
  if (permissions === undefined) return 'unknown'
  return coversAll(permissions, dataActions) ? 'sufficient' : 'insufficient'
}

/** A planned call, and what it needs. */
interface Call {
  dataAction: string
  api: string
  deployment: string
}

/** A data action that a role lacks, and the calls that need it. */
export interface MissingCoverage {
  dataAction: string
  api: string
  deployments: string[]
}

/** @returns an empty list if the role covers every call, or if its definition is not known. */
export function missingCoverage(
  roleGuid: string,
  calls: readonly Call[],
  definitions: Definitions,
): MissingCoverage[] {
  const permissions = definitionOf(roleGuid, definitions)
  if (permissions === undefined) return []
  const found: MissingCoverage[] = []
  for (const { dataAction, api, deployment } of calls) {
    if (coversDataAction(permissions, dataAction)) continue
    const same = found.find(missing => missing.dataAction === dataAction && missing.api === api)
    if (same === undefined) found.push({ dataAction, api, deployments: [deployment] })
    else same.deployments.push(deployment)
  }
  return found
}

/** One sentence, for the log before the call is made, and for findings after it. */
export function coverageLine(roleName: string, { dataAction, api, deployments }: MissingCoverage): string {
  const names = deployments.map(name => plain(name, 64)).join(', ')
  return `${plain(roleName)} does not cover ${dataAction}, which ${api} needs (${names}).`
}
