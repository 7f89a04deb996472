import { StepError } from '../../src/core/failures/failure.ts'
import type { Settings } from '../../src/gate/settings.ts'
import { readSettings } from '../../src/inputs/index.ts'

export type Texts = Readonly<Record<string, string>>

export const clientId = '11111111-2222-4333-8444-555555555555'
export const tenantId = '66666666-7777-4888-8999-aaaaaaaaaaaa'
export const subscriptionId = 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff'
export const resourceId = `/subscriptions/${subscriptionId}/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/contoso`
export const good: Texts = { 'client-id': clientId, 'tenant-id': tenantId, 'resource-id': resourceId }

export const read = (inputs: Texts, env: Texts = {}): Settings =>
  readSettings(name => inputs[name] ?? '', env)
export const withGood = (inputs: Texts, env: Texts = {}) => read({ ...good, ...inputs }, env)

/** What is wrong with the inputs, one problem an element. */
export function problemsOf(inputs: Texts, env: Texts = {}): string[] {
  try {
    read(inputs, env)
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    expect(error.failure).toMatchObject({ kind: 'fatal', code: 'input-invalid' })
    expect(error.operation).toBe('reading the inputs')
    return error.failure.said.message.split('\n')
  }
  return []
}

/** Of a table of good forms, given beside the inputs that every run needs. */
export function isReadAs(_form: string, inputs: Texts, expected: object): void {
  expect(withGood(inputs)).toMatchObject(expected)
}

/** Of a table of bad forms: each is one problem, with what was given and what is accepted. */
export function isRefused(_form: string, inputs: Texts, expected: RegExp): void {
  const problems = problemsOf({ ...good, ...inputs })

  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(expected)
}
