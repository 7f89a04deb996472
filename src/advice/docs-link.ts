import { visibleLine } from '../core/text/untrusted.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'

/**
 * The address of a docs page: a URL, or its path if the action's repository is not known. The action does not contain the
 * docs, because a runner downloads only what it runs.
 */
export function docsAddress(path: string, { action }: Pick<WorkflowRun, 'action'>): string {
  if (action === undefined || !/^[\w.-]+\/[\w.-]+$/.test(action.repository)) return path
  const ref = visibleLine(action.ref).split('/').map(encodeURIComponent).join('/')
  return `https://github.com/${action.repository}/blob/${ref}/${path}`
}
