import { ownAction, ownMetadata } from './own-actions.ts'

/** Makes a workflow that a linter takes of the piece that a document shows: a job, a step, the inputs of one. */

type Mapping = Readonly<Record<string, unknown>>

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const jobKeys = [
  'steps',
  'runs-on',
  'needs',
  'environment',
  'strategy',
  'services',
  'container',
  'timeout-minutes',
]
const stepKeys = ['uses', 'run', 'with', 'if', 'id']
const workflowKeys = ['name', 'permissions', 'concurrency', 'env', 'defaults']
const { inputs: ownInputs, outputs: ownOutputs } = ownMetadata(ownAction) ?? { inputs: {}, outputs: {} }

/** What a document leaves to the reader's mind: the gate, as step or job, whose outputs it reads. */
const gateStep = { id: 'gate', uses: ownAction }
const gateJob = { outputs: mapValues(ownOutputs, () => 'text') }

/** A whole workflow stays as it is. Throws where `fragment` is no piece of one. */
export function completeWorkflow(fragment: unknown): Mapping {
  if (Array.isArray(fragment)) return ofSteps(fragment)
  if (!isMapping(fragment)) throw new Error('It is no piece of a workflow.')
  const keys = Object.keys(fragment)
  const some = (known: readonly string[]) => keys.some(key => known.includes(key))
  const all = (known: readonly string[]) => keys.every(key => known.includes(key))

  if (fragment.on !== undefined) return fragment
  if (fragment.jobs !== undefined) return ofWorkflow(fragment)
  if (some(jobKeys) || isReusable(fragment.uses)) return ofJobs({ job: fragment })
  if (some(stepKeys)) return ofSteps([fragment])
  if (all(workflowKeys)) return ofWorkflow(fragment)
  if (all(Object.keys(ownInputs))) return ofSteps([{ with: fragment }])
  throw new Error(`It is no piece of a workflow: ${keys.join(', ')}.`)
}

const ofJobs = (jobs: Mapping) => ofWorkflow({ jobs })

function ofSteps(steps: readonly unknown[]): Mapping {
  const hasGate = steps.some(step => isMapping(step) && step.id === gateStep.id)
  return ofJobs({ job: { steps: hasGate ? steps : [gateStep, ...steps] } })
}

function ofWorkflow({ jobs = { job: {} }, ...others }: Mapping): Mapping {
  if (!isMapping(jobs)) return { ...others, jobs }
  const all = needsGate(jobs) ? { gate: gateJob, ...jobs } : jobs
  return { on: ['push', 'pull_request'], ...others, jobs: mapValues(all, completeJob) }
}

const needsGate = (jobs: Mapping) =>
  Object.values(jobs).some(job => isMapping(job) && [job.needs].flat().includes('gate'))

function completeJob(job: unknown): unknown {
  if (!isMapping(job) || job.uses !== undefined) return job
  const { steps = [{ run: 'true' }] } = job
  return { 'runs-on': 'ubuntu-latest', ...job, steps: Array.isArray(steps) ? steps.map(completeStep) : steps }
}

/** Of a step that does not say what it runs, that is our action. */
function completeStep(step: unknown): unknown {
  const says = !isMapping(step) || step.uses !== undefined || step.run !== undefined
  return says ? step : { uses: ownAction, ...step }
}

const isReusable = (uses: unknown) => typeof uses === 'string' && /\.ya?ml(@|$)/.test(uses)

function mapValues(mapping: Mapping, change: (value: unknown) => unknown): Mapping {
  return Object.fromEntries(Object.entries(mapping).map(([key, value]) => [key, change(value)]))
}
