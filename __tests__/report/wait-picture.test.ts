import fc from 'fast-check'
import mermaid from 'mermaid'
import type { Probe } from '../../src/gate/waiting/wait.ts'
import { waitPicture } from '../../src/report/wait-picture.ts'
import { allCodes } from '../support/record-fixture.ts'

const at = (outcome: Probe['outcome'], ...seconds: number[]): Probe[] =>
  seconds.map(second => ({ atMs: second * 1000, outcome }))

/** Lines of the picture below its settings. */
const drawn = (picture: string) =>
  picture
    .slice(picture.indexOf('gantt\n'))
    .split('\n')
    .map(line => line.trim())

test('shows how long it took, and each answer at its time', async () => {
  const probes = [
    ...at('access-denied', 0, 1.5),
    ...at('ok', 3),
    ...at('access-denied', 4),
    ...at('ok', 10, 11),
  ]
  const picture = waitPicture(probes, { text: '10 s', startMs: 0, endMs: 10_000 })

  expect(drawn(picture)).toEqual([
    'gantt',
    'dateFormat YYYY-MM-DD HH:mm:ss.SSS',
    'axisFormat %-S s',
    'tickInterval 1second',
    'todayMarker off',
    'section waited',
    '10 s :2000-01-01 00:00:00.000, 2000-01-01 00:00:10.000',
    'section access-denied',
    '· :crit, milestone, 2000-01-01 00:00:00.000, 0ms',
    '· :crit, milestone, 2000-01-01 00:00:01.500, 0ms',
    '· :crit, milestone, 2000-01-01 00:00:04.000, 0ms',
    'section answered',
    '· :done, milestone, 2000-01-01 00:00:03.000, 0ms',
    '· :done, milestone, 2000-01-01 00:00:10.000, 0ms',
    '· :done, milestone, 2000-01-01 00:00:11.000, 0ms',
  ])
  expect(await mermaid.parse(picture)).toMatchObject({
    diagramType: 'gantt',
    config: { gantt: { displayMode: 'compact' } },
  })
})

test.each([
  [800, '%L ms', '100millisecond'],
  [41_300, '%-S s', '5second'],
  [122_000, '%-M:%S', '15second'],
  [900_000, '%-M:%S', '2minute'],
  [6 * 3_600_000, '%-H:%M h', '30minute'],
  [1e12, '%-H:%M h', '2hour'],
])('an axis of %i ms is labelled by %s, every %s', (endMs, format, interval) => {
  const lines = drawn(waitPicture([], { text: 'x', startMs: 0, endMs }))

  expect(lines).toContain(`axisFormat ${format}`)
  expect(lines).toContain(`tickInterval ${interval}`)
})

test('many kinds of answers share the second-last row', () => {
  const probes = allCodes.flatMap((code, index) => at(code, index * 10))
  const sections = drawn(
    waitPicture([...probes, ...at('ok', 1000)], { text: 'x', startMs: 0, endMs: 1 }),
  ).filter(line => line.startsWith('section'))

  expect(sections).toEqual([
    'section waited',
    'section input-invalid',
    'section oidc-permission-missing',
    'section other refusals',
    'section answered',
  ])
})

test("with any answers, Mermaid's own parser accepts it, and it stays small", async () => {
  const probe = fc.record({
    atMs: fc.oneof(fc.double(), fc.nat(1e7)),
    outcome: fc.constantFrom('ok' as const, ...allCodes),
  })
  const bar = fc.record({
    text: fc.constant('5 min 12 s, not live'),
    startMs: fc.oneof(fc.double(), fc.nat(1e8)),
    endMs: fc.oneof(fc.double(), fc.nat(1e8)),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(probe, { maxLength: 1000, size: 'max' }), bar, async (probes, drawnBar) => {
      const picture = waitPicture(probes, drawnBar)

      expect(await mermaid.parse(picture)).toMatchObject({ diagramType: 'gantt' })
      // Mermaid refuses more than 50,000 characters.
      expect(picture.length).toBeLessThan(20_000)
      expect(picture).toMatch(/^[\w\s·#"',.:%/-]+$/)
    }),
    { numRuns: 50 },
  )
})
