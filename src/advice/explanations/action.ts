import { advice, type Explanations } from './explanation.ts'

export const actionExplanations: Explanations<'action'> = {
  'unexpected-error': {
    title: 'The gate met an error that it does not know',
    why: () =>
      'This is a bug in the action, or a problem of the runner. It says nothing about access, which is not proven. No reply of a service should lead here.',
    unlike:
      'A message about a missing file at a path of the runner (`GITHUB_OUTPUT`, `GITHUB_STATE`) is about the runner: an earlier step, or a container without that folder, took the file away. Later steps would have read no outputs.',
    fixes: () => [
      advice(
        'Run the job once more. If it happens again, open an issue with the message above and the JSON report, which holds no token; replace the ids that you would rather not show.',
      ),
    ],
  },
}
