import { advice, type Explanations } from './explanation.ts'

export const actionExplanations: Explanations<'action'> = {
  'unexpected-error': {
    title: 'The gate met an error that it does not know',
    why: () =>
      'This is a fault of the action, or of the runner that it runs on; it tells nothing about access, which is not proven. Nothing that a service answers should end here.',
    unlike:
      'A message about a missing file at a path of the runner (`GITHUB_OUTPUT`, `GITHUB_STATE`) is about the runner: an earlier step, or a container without that folder, took the file away. Later steps would have read no outputs.',
    fixes: () => [
      advice(
        'Run the job once more. If it happens again, open an issue with the message above and the JSON report, which holds no token; replace the ids that you would rather not show.',
      ),
    ],
  },
}
