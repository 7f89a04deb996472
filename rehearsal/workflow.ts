import * as v from 'valibot'
import { parse, stringify } from 'yaml'

/** Reads a workflow that somebody copied, and plans how to run it on a machine that is not GitHub's. Runs nothing. */
export interface Workflow {
  /** Path from the root of the repository. */
  path: string
  text: string
  /** The event that starts it: a push, if the workflow runs on push. */
  event: string
  /** The environment of the job that signs in; undefined if no job signs in, or if it has no environment. */
  environment: string | undefined
  /** Whether a job asks GitHub for an OIDC token. */
  signsIn: boolean
  /** Whether its first gate finds the role and grants none. */
  expectsRole: boolean
  /** From `uses:` of steps, each once. */
  actions: readonly string[]
  /** From `uses:` of jobs. */
  calledWorkflows: readonly string[]
  /** Whether its runs queue up, which act does not know yet. */
  queues: boolean
  /** The text of all `run:`. */
  scripts: string
  /** Names of the repository's variables and secrets. */
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

/** @throws ValiError if the text is not a workflow in the form of ours */
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

/**
 * The workflow of a reader who puts the steps that a page shows into a job: with the permissions of the setup, and with the checkout
 * that brings the scripts.
 *
 * @param path the page, and the heading above the steps
 * @param shown YAML, `steps:`
 */
export function workflowAround(path: string, shown: string): Workflow {
  const { steps } = v.parse(v.object({ steps: v.array(v.record(v.string(), v.unknown())) }), parse(shown))
  const checksOut = steps.some(({ uses }) => String(uses).startsWith('actions/checkout@'))
  const job = {
    'runs-on': 'ubuntu-latest',
    permissions: { contents: 'read', 'id-token': 'write' },
    steps: checksOut ? steps : [{ uses: 'actions/checkout@v7' }, ...steps],
  }
  return readWorkflow(path, stringify({ on: { push: { branches: ['main'] } }, jobs: { job } }))
}

const unique = (texts: readonly string[]) => [...new Set(texts)]

const namesIn = (text: string, pattern: RegExp) =>
  unique([...text.matchAll(pattern)].flatMap(([, name]) => name ?? []))

/** Whether an action is the gate, no matter who publishes it. */
export const isGate = (uses: string) => /^[^/]+\/key-less-gate@/.test(uses)

/** Whether a workflow is this repository's own: its gate is `./`, and it runs in a copy of the repository. */
export const isOwn = ({ path }: Pick<Workflow, 'path'>) => path.startsWith('.github/')

/** The programs, actions and values that a machine has for workflows. */
export interface Machine {
  /** Whether a program is on the PATH. */
  hasProgram: (name: string) => boolean
  /** Whether an action named by `uses:` is in a folder or can be fetched. */
  hasAction: (uses: string) => boolean
  /** Variables and secrets that a workflow gets. */
  given: ReadonlySet<string>
}

export interface Plan {
  /** The reasons why it cannot run, as phrases. Empty if it can. */
  missing: readonly string[]
  /** Actions that do nothing here, and why. The rest of the workflow runs. */
  standIns: ReadonlyMap<string, string>
}

/** Decides whether a workflow can run unchanged. */
export function planFor(workflow: Workflow, machine: Machine): Plan {
  const { actions, calledWorkflows, queues, scripts, variables, secrets } = workflow
  const fates = actions.map(uses => ({ uses, ...fateOf(uses, machine) }))
  return {
    missing: [
      ...calledWorkflows.map(uses => `${nameOf(uses)}: act does not set job.workflow_repository`),
      ...(queues ? ['concurrency.queue: act does not know it'] : []),
      ...fates.flatMap(({ missing }) => missing ?? []),
      ...unavailable.flatMap(({ pattern, what }) => (pattern.test(scripts) ? [what] : [])),
      // What opens an issue, or comments, must not do so from here: a stand-in runs instead.
      ...programsIn(scripts).flatMap(name =>
        name === 'gh' || machine.hasProgram(name) ? [] : [`${name}: not installed`],
      ),
      ...[...variables, ...secrets].flatMap(name =>
        machine.given.has(name) ? [] : [`${name}: no value is known`],
      ),
    ],
    standIns: new Map(fates.flatMap(({ uses, standIn }) => (standIn === undefined ? [] : [[uses, standIn]]))),
  }
}

/** What happens to a step that uses an action: it runs, a stand-in runs instead, or the workflow cannot run. */
function fateOf(uses: string, { hasProgram, hasAction }: Machine): { missing?: string; standIn?: string } {
  const name = nameOf(uses)
  // act checks out by itself.
  if (uses === './' || isGate(uses) || name === 'actions/checkout') return {}
  if (name === 'actions/setup-node') return { standIn: 'this machine has a Node' }
  if (movesArtifacts(uses))
    return hasAction(uses) ? {} : { standIn: 'artifacts lie in a folder of this machine' }
  if (name !== 'azure/login')
    return {
      missing: `${name}: ${name.startsWith('actions/') ? 'a service of GitHub' : 'nothing stands in for it'}`,
    }
  if (!hasProgram('az')) return { standIn: 'az is not installed' }
  return hasAction(uses) ? {} : { standIn: 'it cannot be fetched from github.com' }
}

export const movesArtifacts = (uses: string) => /^actions\/(?:up|down)load-artifact@/.test(uses)

/** Without the ref. */
export const nameOf = (uses: string) => uses.replace(/@.*/, '')

/** The line that a reader's script prints here, as proof that the workflow reached it. */
export const reached = (script: string) => `${script} has begun.`

/** Scripts of the reader, such as `deploy.sh`, without the folder. */
export const ownScripts = ({ scripts }: Pick<Workflow, 'scripts'>): string[] =>
  unique([...scripts.matchAll(/\.\/([\w-]+\.sh)\b/g)].map(([, name = '']) => name)).filter(
    name => name !== 'plain-shell.sh',
  )

/** Whether act's output shows that the workflow did its job. */
export function isGreen(workflow: Workflow, { status, log }: { status: number; log: string }): boolean {
  // act exits with 0 even if it skipped the only job.
  const hasRun = /Job succeeded/.test(log)
  return status === 0 && hasRun && ownScripts(workflow).every(name => log.includes(reached(name)))
}

/** Commands that need something the local cloud does not have. */
const unavailable = [
  { pattern: /\baz deployment\b/, what: 'az deployment: the local cloud deploys no templates' },
  { pattern: /Microsoft\.ResourceGraph\b/, what: 'Resource Graph: the local cloud has none' },
  { pattern: /\bgh attestation\b/, what: 'gh attestation: a service of GitHub' },
]

/** Whether a script calls GitHub's own program. */
export const callsGh = ({ scripts }: Pick<Workflow, 'scripts'>) => programsIn(scripts).includes('gh')

/** Programs that a machine may lack, found at the beginning of a command. */
const programsIn = (scripts: string) =>
  unique([...scripts.matchAll(/(?:^|[|;&(])[ \t]*(az|azd|gh|jq|curl)\b/gm)].flatMap(([, name]) => name ?? []))
