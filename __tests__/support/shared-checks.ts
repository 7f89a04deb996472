import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { VIA_GATEWAY } from '../../local-cloud/gateway/index.ts'
import type { GateRun } from './gate-run.ts'

/** What holds for every run of the action, whatever the scenario is about. */

/** Every token and key that the action put on the wire, and the telling parts of tokens. */
function secretsOf({ requests }: GateRun): string[] {
  const own = requests.filter(({ headers }) => headers.via !== VIA_GATEWAY)
  const tokens = own.flatMap(({ headers, body }) => [
    ...(headers.authorization === undefined ? [] : [headers.authorization.replace(/^\w+ /, '')]),
    ...[headers['api-key'], headers['x-api-key']].filter(key => key !== undefined),
    ...(new URLSearchParams(body).get('client_assertion') ?? '').split('\n'),
  ])
  return [...new Set(tokens.flatMap(token => [token, ...token.split('.').slice(1)]))].filter(
    secret => secret.length > 8,
  )
}

/**
 * Neither token nor part of one, not even where a mask would hide it; and every one was masked all the same.
 * @param masksBefore Those of earlier runs: what such a run sent just before it ended may arrive after that.
 */
export function expectNoSecrets(run: GateRun, masksBefore: readonly string[] = []): void {
  const { unmasked, annotations, outputs, state, environment, summary, report, masks } = run
  const seen = JSON.stringify({
    unmasked,
    annotations,
    outputs,
    state,
    environment,
    summary,
    report: report ?? null,
  })
  for (const secret of secretsOf(run)) {
    expect(seen).not.toContain(secret)
    expect([...masksBefore, ...masks].some(mask => secret.includes(mask) || mask.includes(secret))).toBe(true)
  }
}

const declaredOutputs: string[] = Object.keys(
  parse(readFileSync(join(import.meta.dirname, '../../action.yml'), 'utf8')).outputs,
)

/** Exit code, result, diagnosis and annotations agree; the outputs are those that action.yml declares. */
export function expectOneStory({ exitCode, outputs, environment, annotations, log }: GateRun): void {
  const errors = annotations.filter(({ level }) => level === 'error')
  const failed = outputs.result === 'failed'
  const asExpected = failed ? exitCode === 1 && errors.length === 1 : exitCode === 0 && errors.length === 0
  if (!asExpected)
    throw new Error([`Exit code ${exitCode}, ${errors.length} errors, and this log:`, ...log].join('\n'))
  for (const { title } of annotations) expect(title).toMatch(/^Key-less Gate: \S/)
  expect(Object.keys(outputs).toSorted()).toEqual(declaredOutputs.toSorted())
  if (outputs.result !== 'passed') expect(environment).toEqual({})
  if (outputs.result === 'passed') expect(outputs['role-state']).not.toBe('missing')
  if (!failed) return
  expect(outputs.diagnosis).not.toBe('')
  // The runner cuts what is longer.
  expect(errors[0]?.message.length).toBeLessThanOrEqual(4096)
  expect(errors[0]?.title).toBe(`Key-less Gate: ${outputs.diagnosis}`)
  expect(log.join('\n')).toContain(`${outputs.diagnosis}: `)
}
