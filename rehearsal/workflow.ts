import * as v from 'valibot'
import { parse } from 'yaml'

/** A workflow of somebody who copied it, and what it takes to run it on a machine that is not GitHub's. Reads text, and does nothing. */
export interface Workflow {
  /** Where a person finds it, from the root of the repository. */
  path: string
  text: string
  /** What starts it: a push, where that is among what may. */
  event: string
  /** Of the job that signs in; undefined where none does, or where it has none. */
  environment: string | undefined
  /** Whether a job asks GitHub for an OIDC token. */
  signsIn: boolean
  /** Whether the first gate in it finds the role, and grants none. */
  expectsRole: boolean
  /** As in `uses:` of steps, each once. */
  actions: readonly string[]
  /** As in `uses:` of jobs. */
  calledWorkflows: readonly string[]
  /** Whether runs of it queue up, which is newer than act. */
  queues: boolean
  /** Text of all `run:`. */
  scripts: string
  /** Names of variables and secrets of the repository. */
  variables: readonly string[]
  secrets: readonly string[]
}

const stepSchema = v.object({
  uses: v.optional(v.string()),
  run: v.optional(v.string(), ''),
  with: v.optional(v.record(v.string(), v.unknown()), {}),
})
const jobSchema = v.object({
  uses: v.optional(v.string()),
  environment: v.optional(v.string()),
  concurrency: v.optional(v.looseObject({})),
  permissions: v.optional(v.record(v.string(), v.string()), {}),
  steps: v.optional(v.array(stepSchema), []),
})
const workflowSchema = v.object({
  on: v.record(v.string(), v.unknown()),
  jobs: v.record(v.string(), jobSchema),
})

/** @throws ValiError where the text is no workflow in the form that ours have */
export function readWorkflow(path: string, text: string): Workflow {
  const { on, jobs: byName } = v.parse(workflowSchema, parse(text))
  const jobs = Object.values(byName)
  const steps = jobs.flatMap(job => job.steps)
  const signingIn = jobs.filter(({ permissions }) => permissions['id-token'] === 'write')
  const firstGate = steps.find(({ uses }) => isGate(uses ?? ''))
  const events = Object.keys(on)
  return {
    path,
    text,
    event: events.includes('push') ? 'push' : (events[0] ?? 'push'),
    environment: signingIn[0]?.environment,
    signsIn: signingIn.length > 0,
    expectsRole: ['never', 'plan'].includes(String(firstGate?.with.grant)),
    actions: unique(steps.flatMap(({ uses }) => uses ?? [])),
    calledWorkflows: unique(jobs.flatMap(({ uses }) => uses ?? [])),
    queues: jobs.some(({ concurrency = {} }) => 'queue' in concurrency),
    scripts: steps.map(({ run }) => run).join('\n'),
    variables: namesIn(text, /\bvars\.(\w+)/g),
    secrets: namesIn(text, /\bsecrets\.(\w+)/g),
  }
}

const unique = (texts: readonly string[]) => [...new Set(texts)]

const namesIn = (text: string, pattern: RegExp) =>
  unique([...text.matchAll(pattern)].flatMap(([, name]) => name ?? []))

/** No matter who publishes it. */
export const isGate = (uses: string) => /^[^/]+\/key-less-gate@/.test(uses)

/** What a machine has of what workflows take. */
export interface Machine {
  /** Whether a program is on the PATH. */
  hasProgram: (name: string) => boolean
  /** Whether an action, as `uses:` names it, is in a folder or can be fetched. */
  hasAction: (uses: string) => boolean
  /** Variables and secrets that are given to a workflow. */
  given: ReadonlySet<string>
}

export interface Plan {
  /** Why it cannot be run: each a phrase. Empty: it can. */
  missing: readonly string[]
  /** Actions of which a step does nothing here, and why. The rest of the workflow is run. */
  standIns: ReadonlyMap<string, string>
}

/** Whether a workflow can be run as it is. */
export function planFor(workflow: Workflow, machine: Machine): Plan {
  const { actions, calledWorkflows, queues, scripts, variables, secrets } = workflow
  const fates = actions.map(uses => ({ uses, ...fateOf(uses, machine) }))
  return {
    missing: [
      ...calledWorkflows.map(
        uses => `${nameOf(uses)}: act tells no workflow where it comes from (job.workflow_repository)`,
      ),
      ...(queues ? ['concurrency.queue: act does not know it'] : []),
      ...fates.flatMap(({ missing }) => missing ?? []),
      ...unavailable.flatMap(({ pattern, what }) => (pattern.test(scripts) ? [what] : [])),
      ...programsIn(scripts).flatMap(name => (machine.hasProgram(name) ? [] : [`${name}: not installed`])),
      ...[...variables, ...secrets].flatMap(name =>
        machine.given.has(name) ? [] : [`${name}: no value is known`],
      ),
    ],
    standIns: new Map(fates.flatMap(({ uses, standIn }) => (standIn === undefined ? [] : [[uses, standIn]]))),
  }
}

/** What becomes of a step that uses an action: it is run, something stands in for it, or the workflow cannot be run. */
function fateOf(uses: string, { hasProgram, hasAction }: Machine): { missing?: string; standIn?: string } {
  const name = nameOf(uses)
  // act makes the checkout itself.
  if (isGate(uses) || name === 'actions/checkout') return {}
  if (name !== 'azure/login') return { missing: `${name}: a service of GitHub` }
  if (!hasProgram('az')) return { standIn: 'az is not installed' }
  return hasAction(uses) ? {} : { standIn: 'it cannot be fetched from github.com' }
}

/** Without the ref. */
export const nameOf = (uses: string) => uses.replace(/@.*/, '')

/** What a reader's `deploy.sh` says here: that it was reached. */
export const DEPLOYED = 'The deployment has begun.'

/** Whether a run of act shows that the workflow did what it is there to do. */
export function isGreen({ scripts }: Workflow, { status, log }: { status: number; log: string }): boolean {
  // act ends with 0 as well where the only job was left out.
  const hasRun = /Job succeeded/.test(log)
  return status === 0 && hasRun && (!scripts.includes('./deploy.sh') || log.includes(DEPLOYED))
}

/** What commands ask that the local cloud is not. */
const unavailable = [
  { pattern: /\baz deployment\b/, what: 'az deployment: the local cloud deploys no templates' },
  { pattern: /Microsoft\.ResourceGraph\b/, what: 'Resource Graph: the local cloud has none' },
  { pattern: /\bgh attestation\b/, what: 'gh attestation: a service of GitHub' },
]

/** Those that a machine may lack, where a command begins with them. */
const programsIn = (scripts: string) =>
  unique([...scripts.matchAll(/(?:^|[|;&(])[ \t]*(az|gh|jq|curl)\b/gm)].flatMap(([, name]) => name ?? []))
