import type { Fault } from '../../local-cloud/faults.ts'
import { alsoHolds, roles } from '../support/arrange.ts'
import { type InProcessRun, openStage, type Stage } from '../support/in-process.ts'
import {
  counts,
  expectations,
  type Hop,
  type HopName,
  hops,
  type Scenario,
  scenariosAt,
} from './expectations.ts'
import { expectSound } from './sound.ts'

/** One test for each scenario at these hops. */
export function testScenariosAt(...names: readonly HopName[]): void {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
  })
  beforeEach(() => stage.reset())
  afterAll(() => stage.close())

  for (const name of names) {
    describe(hops[name].title, () => {
      test.each(scenariosAt(name).map(scenario => [titleOf(scenario), scenario] as const))(
        '%s',
        async (_, scenario) => {
          const run = await play(stage, scenario)
          expect({ end: endOf(run), said: saidIn(run) }).toEqual({
            end: scenario.expected,
            said:
              scenario.expected === 'passes' ? '' : expect.stringMatching(expectations[scenario.fault].says),
          })
          expectSound(stage, run)
          if (isFinalAtOnce(scenario)) expect(run.tookMs).toBeLessThan(5000)
        },
      )
    })
  }
}

const titleOf = ({ fault, count, expected }: Scenario) =>
  `${expectations[fault].title}, ${count === 'forever' ? 'for ever' : count}: ${expected}`

function play(stage: Stage, { hop: name, fault, count }: Scenario): Promise<InProcessRun> {
  const hop: Hop = hops[name]
  const { containing, skip, operation, inputs, held } = hop
  if (held) alsoHolds(stage.cloud, { role: roles.user })
  const times = counts[count]
  const injected: Fault = {
    name: String(fault),
    operation,
    effect: expectations[fault].effect(stage.elsewhere.url, stage.cloud.clock.now()),
    afterEffect: hop.class === 'grantDone',
    ...(containing === undefined ? {} : { containing }),
    ...(skip === undefined ? {} : { skip }),
    ...(Number.isFinite(times) ? { times } : {}),
  }
  stage.cloud.faults.add(injected)
  return stage.run({ ...(inputs === undefined ? {} : { inputs }), keepsConnections: isAnswer(injected) })
}

/** What strikes a connection finds a new one, or it would strike what an earlier run left. */
const isAnswer = ({ effect }: Fault) => !['reset', 'hang', 'drip'].includes(effect.kind)

const endOf = ({ end }: InProcessRun) => (end === 'passed' ? 'passes' : end)

/** Status, code and message, as the diagnosis quotes them. */
function saidIn({ report }: InProcessRun): string {
  const { status, serviceCode, message } = report.diagnosis?.said ?? {}
  return [status, serviceCode, message].filter(part => part !== undefined).join(' ')
}

/** What one fault makes fail is a configuration error, or as good as one: it shows within five seconds. */
const isFinalAtOnce = ({ count, expected }: Scenario) => count === 'once' && expected !== 'passes'
