import fc from 'fast-check'
import { diagnose } from '../../src/advice/explanations/diagnose.ts'
import type { Diagnosis } from '../../src/advice/explanations/diagnosis.ts'
import { annotation } from '../../src/report/annotation.ts'
import { hostileText } from '../support/hostile-text.ts'
import { allCodes, emptyRecord, failureOf } from '../support/record-fixture.ts'

const diagnosis = (differing: Partial<Diagnosis> = {}): Diagnosis => ({
  ...diagnose(failureOf('access-denied'), emptyRecord()),
  fixes: [{ title: 'Grant it', language: 'bash', text: 'az role assignment create' }],
  ...differing,
})

test("says what happened, the service's words, the fix, and where there is more", () => {
  expect(annotation(diagnosis())).toBe(
    [
      'The model denies the pipeline access.',
      'The service said no.',
      'Grant it:\naz role assignment create',
      'More: docs/diagnosis.md#access-denied',
    ].join('\n\n'),
  )
  expect(annotation(diagnosis({ fixes: [], said: { message: '', ids: {} } }))).toBe(
    'The model denies the pipeline access.\n\nMore: docs/diagnosis.md#access-denied',
  )
})

test("the service's words come with status and code", () => {
  const said = { status: 401, serviceCode: 'PermissionDenied', message: 'No.', ids: {} }
  expect(annotation(diagnosis({ said }))).toContain('\n\n401 PermissionDenied: No.\n\n')
})

test('a command that does not fit is left out whole', () => {
  const text = `az role assignment create --scope ${'x'.repeat(4000)}`
  const told = annotation(diagnosis({ fixes: [{ title: 'Grant it', language: 'bash', text }] }))

  expect(told).not.toContain('az role')
  expect(told).toContain('The service said no.')
  expect(told).toContain('More: docs/diagnosis.md#access-denied')
})

test('is never longer than the runner allows, ends with the address, and cuts no character in half', () => {
  const long = fc.tuple(hostileText, fc.constantFrom('😀', 'x', '::'), fc.nat(3000))
  fc.assert(
    fc.property(long, fc.constantFrom(...allCodes), ([text, filler, times], code) => {
      const { docs, ...rest } = diagnose(failureOf(code), emptyRecord())
      const message = `${text.replace(/[\ud800-\udfff]/g, '')}${filler.repeat(times)}`
      const told = annotation({ ...rest, docs, said: { message, ids: {} } })

      expect(told.length).toBeLessThanOrEqual(4096)
      expect(told.endsWith(`More: ${docs}`)).toBe(true)
      expect(told.isWellFormed()).toBe(true)
    }),
  )
})
