import { switchKeysOffCommand } from '../advice/explanations/posture.ts'
import { coverageLine } from '../azure/rbac/coverage.ts'
import { accountIdOf } from '../azure/resource-id.ts'
import type { Log } from '../core/ports.ts'
import { plain } from '../core/text/untrusted.ts'
import { alsoLine } from '../gate/also.ts'
import { heldInWords } from '../gate/other-jobs.ts'
import type { Reporter } from '../gate/reporter.ts'
import { runtimeLine } from '../gate/runtime/words.ts'
import type { Settings } from '../gate/settings.ts'
import {
  appLine,
  assertionLines,
  choiceInWords,
  inspectionLines,
  keyRefusalLine,
  smokeLine,
  targetLines,
  unexplainedLine,
  unfoundInWords,
} from './lines.ts'
import { appProgress, failureInWords, keyProgress, progressLine } from './progress-lines.ts'
import { ownCallsInWords, runtimeDoubt } from './runtime-lines.ts'

/** Writes the progress of the run to the log. */
export function createLogReporter(log: Log, settings: Settings): Reporter {
  const say = (lines: readonly string[]) => {
    for (const line of lines) log.info(line)
  }
  return {
    begins: () => say(targetLines(settings)),
    stepBegins: name => log.info(`▸ ${name}`),
    assertionReceived: claims => say(assertionLines(claims)),
    signedIn: ({ oid, tid }) => log.info(`Signed in as service principal ${oid} of tenant ${tid}`),
    setupSignedIn: principalId => log.info(`Checking and granting roles as service principal ${principalId}`),
    resourceFound: resource =>
      log.info(`The endpoint belongs to the resource ${plain(accountIdOf(resource))}`),
    resourceUnfound: why => log.warning('resource not found', unfoundInWords(why)),
    roleLacks: (roleName, lacks) => say(lacks.map(lacking => coverageLine(roleName, lacking))),
    deploymentChosen: deployment => log.warning('deployment chosen by the gate', choiceInWords(deployment)),
    inspected: inspection => say(inspectionLines(inspection)),
    runtimeLookedAt: principals => say(principals.map(runtimeLine)),
    runtimeInDoubt(principals) {
      for (const principal of principals)
        log.warning(
          'access in production is not certain',
          runtimeDoubt(principal, settings.production.probe !== undefined),
        )
    },
    keysAccepted: () =>
      log.warning(
        'keys still work',
        `The resource still accepts API keys (finding keys-enabled): anyone who holds one needs no identity. To switch them off: ${switchKeysOffCommand({ settings })}`,
      ),
    waitingForOtherJob: held => log.info(`${heldInWords(held)}; waiting for it to be removed`),
    otherJobStillThere: progress => log.info(progressLine(progress, 'still there')),
    grantMayNotCount: endpoint =>
      log.info(
        `The calls go to ${plain(endpoint)}, which is not a host of the resource: if it belongs to another resource, the role does not count there`,
      ),
    granted: ({ name, principalId, scope }) =>
      log.info(`${name} is assigned to ${principalId} at ${plain(scope)}`),
    notGranted(outcome, code) {
      const said =
        outcome === 'unknown' ? 'It is not known whether the role was assigned' : 'The role was not assigned'
      log.info(`${said}: ${code}`)
    },
    memberMissing: pauseMs =>
      log.info(`The pipeline is not in the list of members; checking again in ${pauseMs / 1000} s`),
    waitingForAccess: progress => log.info(progressLine(progress, failureInWords(progress.failure))),
    waitingInDoubt: progress =>
      log.info(progressLine(progress, 'live, but perhaps only by a right that was removed')),
    alsoGiven: also => say(also.map(alsoLine)),
    proven: results => say(results.map(smokeLine)),
    ownCalls: results => say([ownCallsInWords(results), ...results.map(smokeLine)]),
    accessUnexplained: deniedBy => log.warning('access without a known reason', unexplainedLine(deniedBy)),
    waitingForKeyRefusal: progress => log.info(progressLine(progress, keyProgress(progress.failure))),
    keyRefused: refusal => log.info(keyRefusalLine(refusal)),
    waitingForApp: progress => log.info(progressLine(progress, appProgress(progress.failure))),
    appAnswered: answer => log.info(appLine(answer)),
  }
}
