import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { lexer } from 'marked'
import { requireFreshBundle } from '../scripts/bundle-sources.ts'
import { execute, isOnPath } from '../scripts/programs.ts'
import { repositoryRoot, temporaryFolder } from '../scripts/tools.ts'
import { runByAct } from './act.ts'
import { layOutArtifacts, layOutGate, layOutGh, layOutStandIn } from './actions.ts'
import { isLive, LIVE, liveVariables, openLiveStage, tellsOfLive } from './live.ts'
import { openStage, secrets, variables } from './stage.ts'
import {
  callsGh,
  isGate,
  isGreen,
  type Machine,
  movesArtifacts,
  nameOf,
  type Plan,
  planFor,
  readWorkflow,
  type Workflow,
  workflowAround,
} from './workflow.ts'

/** The page whose steps readers put into a pipeline that they have. */
const CONVERSIONS = 'docs/from-what-you-have.md'

const usage = `Usage: npm run rehearse [-- --local-repository OWNER/NAME@REF=FOLDER … FILE …]

Runs the workflows of README.md and examples/ and .github/workflows/live.yml unchanged on this machine, with act
(https://nektosact.com), and the steps of ${CONVERSIONS} in a job. The gate is the one in dist/, and Azure is a local cloud under
Azure's own names. Needs act on the PATH. azure/login runs if az is installed.

  FILE                 run only these, such as README.md or examples/gateway.yml
  --local-repository   use an action from a folder instead of fetching it from github.com, as with act's own option

Exits with 0 if every workflow that can run is green, and with 1 if one is red, act is missing, or a FILE has none.
`

const say = (line: string) => void process.stdout.write(`${line}\n`)

/** Without the heading. */
const fileOf = (path: string) => path.split(', ')[0] ?? path

const tokensOf = (path: string) => lexer(readFileSync(join(repositoryRoot, path), 'utf8'))

function workflows(): Workflow[] {
  const inReadme = tokensOf('README.md').flatMap(token =>
    token.type === 'code' && token.lang === 'yaml' && /^jobs:/m.test(token.text) ? [token.text] : [],
  )
  const examples = globSync('examples/*.yml', { cwd: repositoryRoot }).toSorted()
  return [
    ...inReadme.map(text => readWorkflow('README.md', `${text}\n`)),
    ...[...examples, LIVE].map(path => readWorkflow(path, readFileSync(join(repositoryRoot, path), 'utf8'))),
    ...conversions(),
  ]
}

/** One workflow for each heading that has steps below it. */
function conversions(): Workflow[] {
  let heading = ''
  return tokensOf(CONVERSIONS).flatMap(token => {
    if (token.type === 'heading') heading = token.text
    const shows = token.type === 'code' && token.lang === 'yaml' && /^steps:/m.test(token.text)
    return shows ? [workflowAround(`${CONVERSIONS}, ${heading}`, token.text)] : []
  })
}

/** The repositories that answer: a machine may have no access to GitHub. */
async function reachable(repositories: ReadonlySet<string>): Promise<Set<string>> {
  const answers = await Promise.all(
    [...repositories].map(async repository => {
      const { status } = await execute(
        'git',
        ['ls-remote', '--exit-code', `https://github.com/${repository}`, 'HEAD'],
        { ...process.env, GIT_TERMINAL_PROMPT: '0' },
      )
      return status === 0 ? [repository] : []
    }),
  )
  return new Set(answers.flat())
}

async function machineFor(all: readonly Workflow[], folders: ReadonlyMap<string, string>): Promise<Machine> {
  const others = all.flatMap(({ actions }) => actions).filter(uses => uses.startsWith('azure/'))
  const wanted = isOnPath('az') ? others.filter(uses => !folders.has(uses)) : []
  const answering = await reachable(new Set(wanted.map(nameOf)))
  return {
    hasProgram: isOnPath,
    hasAction: uses => folders.has(uses) || answering.has(nameOf(uses)),
    given: new Set([variables, secrets, liveVariables].flatMap(Object.keys)),
  }
}

/** Folders of the gate, and of what stands in for other actions, by what `uses:` has. */
function layOutActions(
  { actions }: Workflow,
  standIns: Plan['standIns'],
  folder: string,
): Map<string, string> {
  const gate = layOutGate(join(folder, 'gate'))
  const gates = actions.filter(isGate).map(uses => [uses, gate] as const)
  const others = [...standIns].map(([uses, why]) => {
    const name = nameOf(uses)
    const place = join(folder, name)
    return [
      uses,
      movesArtifacts(uses)
        ? layOutArtifacts(place, name, join(folder, 'kept'))
        : layOutStandIn(place, name, why),
    ] as const
  })
  return new Map([...gates, ...others])
}

/** @returns whether it was green */
async function rehearse(
  workflow: Workflow,
  { standIns }: Plan,
  folders: ReadonlyMap<string, string>,
): Promise<boolean> {
  const folder = join(temporaryFolder(), 'rehearsal')
  mkdirSync(folder)
  const stage = isLive(workflow) ? await openLiveStage(workflow) : await openStage(workflow)
  const started = performance.now()
  try {
    const actions = new Map([...folders, ...layOutActions(workflow, standIns, folder)])
    const posted = join(folder, 'posted.md')
    const run = await runByAct(workflow, stage, {
      folder,
      actions,
      ...(isLive(workflow) ? { variables: liveVariables, secrets: {} } : { variables, secrets }),
      ...(callsGh(workflow) && { programs: layOutGh(join(folder, 'bin'), posted) }),
    })
    const told = existsSync(posted) ? readFileSync(posted, 'utf8') : ''
    const green = isGreen(workflow, run) && (!isLive(workflow) || tellsOfLive(told))
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    if (!green) say(run.log)
    say(`${green ? 'green' : 'RED  '}  ${workflow.path} (${seconds} s)`)
    const { known, refused } = stage.names.asked()
    say(`       asked: ${known.join(', ')}`)
    if (refused.length > 0)
      say(`       refused, because the local cloud does not have them: ${refused.join(', ')}`)
    for (const [uses, why] of standIns) say(`       ${nameOf(uses)} was replaced by a stand-in: ${why}`)
    if (told !== '') {
      say('       gh was replaced by a stand-in: this is what it would post')
      say(told.replaceAll(/^(?=.)/gm, '       | '))
    }
    return green
  } finally {
    await stage.close()
  }
}

function readFolders(given: readonly string[]): Map<string, string> {
  return new Map(
    given.map(entry => {
      const [, uses = '', folder = ''] = /^([^=]+)=(.+)$/.exec(entry) ?? []
      if (uses === '') throw new Error(`--local-repository ${entry} is not OWNER/NAME@REF=FOLDER`)
      return [uses, folder]
    }),
  )
}

/** @returns the exit code */
async function main(): Promise<number> {
  const options = { 'local-repository': { type: 'string', multiple: true } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const folders = readFolders(values['local-repository'] ?? [])
  if (!isOnPath('act')) {
    process.stderr.write(`act is not on the PATH, so nothing was rehearsed.\n\n${usage}`)
    return 1
  }
  requireFreshBundle()
  const known = workflows()
  const strange = positionals.filter(given => !known.some(({ path }) => fileOf(path) === given))
  if (strange.length > 0) {
    const files = [...new Set(known.map(({ path }) => fileOf(path)))].join(', ')
    process.stderr.write(`No workflow to rehearse is in ${strange.join(', ')}. There are: ${files}.\n`)
    return 1
  }
  const all = known.filter(({ path }) => positionals.length === 0 || positionals.includes(fileOf(path)))
  const machine = await machineFor(all, folders)
  const plans = all.map(workflow => ({ workflow, plan: planFor(workflow, machine) }))
  const possible = plans.filter(({ plan }) => plan.missing.length === 0)
  let red = 0
  // One after the other, so that a person can follow.
  for (const { workflow, plan } of possible) if (!(await rehearse(workflow, plan, folders))) red += 1
  for (const { workflow, plan } of plans.filter(({ plan: { missing } }) => missing.length > 0)) {
    say(`not run  ${workflow.path}, because of`)
    for (const what of plan.missing) say(`       ${what}`)
  }
  say(`${possible.length - red} green, ${red} red, ${plans.length - possible.length} not run`)
  return red === 0 ? 0 : 1
}

process.exitCode = await main()
