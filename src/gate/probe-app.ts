import { StepError } from '../core/failures/failure.ts'
import type { Http } from '../core/http/client.ts'
import { onFreshConnections } from '../core/http/wrappers.ts'
import type { Clock, Random } from '../core/ports.ts'
import { type AppAnswer, appOutcome } from '../services/app/errors.ts'
import { type AppProbe, probeApp } from '../services/app/probe.ts'
import type { AppProbed, Note } from './record.ts'
import type { Reporter } from './reporter.ts'
import type { Settings } from './settings.ts'
import { untilLive } from './waiting/wait.ts'

interface AppProbeTools {
  http: Http
  clock: Clock
  random: Random
  reporter: Reporter
}

/**
 * Calls the app's own route until it answers as often in a row as required: nothing else proves the app's identity. It has its
 * own `propagation-timeout`, because the app's role may be newer than the pipeline's.
 * @throws StepError `probe-failed`
 */
export async function requireAppAnswers(
  { probe, waiting }: { probe: AppProbe; waiting: Settings['waiting'] },
  tools: AppProbeTools,
  note: Note<'app'>,
): Promise<void> {
  const { clock, random, reporter } = tools
  const { propagationTimeoutMs, consecutiveSuccesses } = waiting
  // A balancer may bind a connection to one instance of the app.
  const probeTools = { clock, http: onFreshConnections(tools.http) }
  let last: AppAnswer | undefined
  const ask = async () => {
    last = await probeApp(probe, probeTools)
    return last
  }
  const probes: AppProbed[] = []
  const { failure, propagationMs } = await untilLive({
    first: await ask(),
    firstAt: clock.now(),
    grantedAt: undefined,
    doubtMs: 0,
    // Nothing shows how long the app has had its role.
    isSettled: false,
    probe: count => Promise.all(Array.from({ length: count }, ask)),
    consecutiveSuccesses,
    denialPatienceMs: propagationTimeoutMs,
    overallMs: propagationTimeoutMs,
    clock,
    random,
    onProbe({ atMs }, round) {
      probes.push({ atMs, outcome: appOutcome(round) })
      note({ probes: [...probes] })
    },
    onPause: reporter.waitingForApp,
  })
  note({ waitedMs: propagationMs, isLive: failure === undefined })
  if (failure !== undefined)
    throw new StepError('probing the app', { ...failure, kind: 'fatal', code: 'probe-failed' })
  if (last?.kind !== 'ok') throw new Error('A wait that ends well ends with an answer')
  reporter.appAnswered({ said: last.said, inARow: answeredInARow(probes), waitedMs: propagationMs })
}

/** How many of the last probes in a row were answered. */
const answeredInARow = (probes: readonly AppProbed[]) =>
  probes.length - 1 - probes.findLastIndex(({ outcome }) => outcome !== 'ok')
