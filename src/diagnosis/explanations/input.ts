import { isDependabotRun } from '../../workflow-run.ts'
import { advice, type Explanations, paragraph, type Told } from '../explanation.ts'

/** Where inputs came from secrets, these runs get none, and an absent secret arrives as an empty string. */
function withoutSecrets({ facts: { run } }: Told): string {
  if (run.fromFork)
    return 'The pull request comes from a fork, and GitHub passes no secrets to such runs: inputs that are filled from secrets are empty.'
  if (isDependabotRun(run))
    return "Dependabot started this run, and it gets Dependabot's secrets, not those of Actions: inputs that are filled from secrets are empty."
  return ''
}

export const inputExplanations: Explanations<'input'> = {
  'input-invalid': {
    title: 'The inputs are not right',
    why: told =>
      paragraph(
        'Nothing was requested from anybody: inputs are checked first, all of them at once.',
        withoutSecrets(told),
      ),
    unlike:
      'An id that has the right form and belongs to nothing is found later, by the service: `application-not-found`, `tenant-not-found`, `subscription-not-found`, `resource-not-found`.',
    fixes: () => [
      advice(
        "Correct the inputs that are named; README.md lists what each accepts. Client id, tenant id and subscription id are no secrets: kept in repository or environment variables (`vars`), they stay readable in logs. An environment's variables reach only jobs that name the environment.",
      ),
    ],
  },
}
