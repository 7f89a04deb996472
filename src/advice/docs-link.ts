import { visibleLine } from '../core/text/untrusted.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'

/**
 * Where a page of the docs stands: a URL, or its path where the action's repository is not known. The docs do not come with
 * the action: a runner downloads only what it runs.
 */
export function docsAddress(path: string, { action }: Pick<WorkflowRun, 'action'>): string {
  if (action === undefined || !/^[\w.-]+\/[\w.-]+$/.test(action.repository)) return path
  const ref = visibleLine(action.ref).split('/').map(encodeURIComponent).join('/')
  return `https://github.com/${action.repository}/blob/${ref}/${path}`
}
