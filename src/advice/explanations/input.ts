import { isDependabotRun } from '../../services/github/workflow-run.ts'
import { docsAddress } from '../docs-link.ts'
import { inputs } from './commands.ts'
import { advice, type ExplainContext, type Explanations, paragraph } from './explanation.ts'

/** These runs get no secrets. An input from a secret then arrives as an empty string. */
function withoutSecrets({ record: { run } }: ExplainContext): string {
  if (run.fromFork)
    return 'The pull request comes from a fork, and GitHub passes no secrets to such runs: inputs that are filled from secrets are empty.'
  if (isDependabotRun(run))
    return "Dependabot started this run, and it gets Dependabot's secrets, not those of Actions: inputs that are filled from secrets are empty."
  return ''
}

export const inputExplanations: Explanations<'input'> = {
  'input-invalid': {
    title: 'Inputs are missing or malformed',
    why: told =>
      paragraph(
        'Inputs are checked before anything else, all of them at once. No request was made.',
        withoutSecrets(told),
      ),
    unlike:
      'An id of the right form that does not exist is found later, by the service: `application-not-found`, `tenant-not-found`, `subscription-not-found`, `resource-not-found`.',
    fixes: ({ record: { run } }) => [
      advice(
        `Correct the inputs named above; what each accepts is listed at ${docsAddress('docs/inputs.md', run)}. If a value comes from \`vars\` or \`secrets\`: check its name, and where it is defined. Those of an environment reach only jobs with that \`environment:\`.`,
      ),
      inputs('The ids are not secrets: as variables they stay readable in logs', {
        'client-id': `\${{ vars.AZURE_CLIENT_ID }}`,
        'tenant-id': `\${{ vars.AZURE_TENANT_ID }}`,
      }),
    ],
  },
}
