/**
 * The wait as a Mermaid gantt chart: a bar for its length, and below it one row for each kind of answer, with a mark for each.
 * It contains only codes and numbers of our own, so no text can break out of it.
 *
 * It has no title and no description, because Mermaid parses those only in a browser, and the tests parse it in Node.
 */

/** One probe of any kind: when it was made, in milliseconds since the first, and its result. */
export interface Mark {
  atMs: number
  /** `ok`, or a code of our own. */
  outcome: string
}

/** Marks closer than this share of the axis would overlap. */
const closest = 1 / 48
/** A wait meets two or three kinds of answers; any more share the last row. */
const maxRows = 4
/** The axis shows the time of one day. */
const longestMs = 24 * 3_600_000 - 1

/** Readable on light and dark pages: done is green, crit red, active yellow, the rows light grey. */
const colours = {
  sectionBkgColor: '#8b949e',
  altSectionBkgColor: '#8b949e',
  sectionBkgColor2: '#8b949e',
  doneTaskBkgColor: '#2da44e',
  doneTaskBorderColor: '#1a7f37',
  critBkgColor: '#e5534b',
  critBorderColor: '#a40e26',
  activeTaskBkgColor: '#d4a72c',
  activeTaskBorderColor: '#9a6700',
  taskBkgColor: '#0969da',
  taskBorderColor: '#0550ae',
  taskTextColor: '#ffffff',
}

interface Row {
  name: string
  mark: 'done' | 'crit' | 'active'
  atMs: readonly number[]
}

export interface Bar {
  /** Label of the bar. */
  text: string
  /** Milliseconds since the first probe. */
  startMs: number
  endMs: number
}

export function waitPicture(probes: readonly Mark[], bar: Bar): string {
  const timed = probes.map(({ atMs, outcome }) => ({ outcome, atMs: onAxis(atMs) }))
  const startMs = onAxis(bar.startMs)
  const barEndMs = Math.max(startMs + 1, onAxis(bar.endMs))
  const endMs = Math.max(barEndMs, ...timed.map(({ atMs }) => atMs))
  const rows = rowsOf(timed).map(row => ({ ...row, atMs: apart(row.atMs, endMs * closest) }))
  const labelWidth = Math.max(6, ...rows.map(({ name }) => name.length)) * 8 + 30
  return [
    '---',
    'config:',
    '  gantt:',
    ...settings({
      displayMode: 'compact',
      useWidth: 900,
      leftPadding: labelWidth,
      rightPadding: 30,
      barHeight: 18,
      barGap: 6,
      fontSize: 13,
      sectionFontSize: 13,
    }),
    '  themeVariables:',
    ...settings(colours),
    '---',
    'gantt',
    '  dateFormat YYYY-MM-DD HH:mm:ss.SSS',
    ...axisOf(endMs),
    '  todayMarker off',
    '  section waited',
    `  ${bar.text} :${instant(startMs)}, ${instant(barEndMs)}`,
    ...rows.flatMap(({ name, mark, atMs }) => [
      `  section ${name}`,
      ...atMs.map(ms => `  · :${mark}, milestone, ${instant(ms)}, 0ms`),
    ]),
  ].join('\n')
}

const onAxis = (ms: number) => (ms > 0 ? Math.min(Math.round(ms), longestMs) : 0)

/** A local time, as Mermaid reads it: the axis shows the same in every time zone. */
const instant = (ms: number) =>
  new Date(Date.UTC(2000, 0, 1) + ms).toISOString().slice(0, -1).replace('T', ' ')

const settings = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values).map(([name, value]) => `    ${name}: ${JSON.stringify(value)}`)

/** The probes by answer, in the order in which the answers first came. */
export function probesByAnswer(probes: readonly Mark[]): Map<string, Mark[]> {
  const groups = new Map<string, Mark[]>()
  for (const probe of probes) groups.set(probe.outcome, [...(groups.get(probe.outcome) ?? []), probe])
  return groups
}

const denials: ReadonlySet<string> = new Set(['access-denied', 'HTTP 401', 'HTTP 403'])

/** One row per answer, in the order in which the answers first came, with `ok` last. */
function rowsOf(probes: readonly Mark[]): Row[] {
  const byAnswer = probesByAnswer(probes)
  const answered = byAnswer.get('ok') ?? []
  byAnswer.delete('ok')
  const refused = [...byAnswer]
  const shown = refused.length < maxRows ? refused : refused.slice(0, maxRows - 2)
  const others = refused.slice(shown.length).flatMap(([, group]) => group)
  const row = (name: string, mark: Row['mark'], group: readonly Mark[]): Row[] =>
    group.length === 0 ? [] : [{ name, mark, atMs: group.map(({ atMs }) => atMs) }]
  return [
    ...shown.flatMap(([code, group]) => row(code, denials.has(code) ? 'crit' : 'active', group)),
    ...row('other refusals', 'active', others),
    ...row('answered', 'done', answered),
  ]
}

/** Keeps the first of the marks that would overlap. */
function apart(atMs: readonly number[], distanceMs: number): number[] {
  const kept: number[] = []
  for (const ms of atMs.toSorted((a, b) => a - b)) {
    const last = kept.at(-1)
    if (last === undefined || ms - last >= distanceMs) kept.push(ms)
  }
  return kept
}

/** Units that Mermaid knows, in milliseconds, and how many of each make a round step. */
const units = [
  { unit: 'second', ms: 1000, steps: [1, 2, 5, 10, 15, 30] },
  { unit: 'minute', ms: 60_000, steps: [1, 2, 5, 10, 15, 30] },
  { unit: 'hour', ms: 3_600_000, steps: [1, 2] },
]
const ticks = units.flatMap(({ unit, ms, steps }) =>
  steps.map(step => ({ interval: `${step}${unit}`, ms: step * ms })),
)

/** The ticks of the axis: round times, at most a dozen. */
function axisOf(endMs: number): string[] {
  if (endMs < 1000) return ['  axisFormat %L ms', '  tickInterval 100millisecond']
  const tick = ticks.find(({ ms }) => endMs / ms <= 12)
  return [`  axisFormat ${timeFormatOf(endMs)}`, `  tickInterval ${tick?.interval ?? '2hour'}`]
}

function timeFormatOf(endMs: number): string {
  if (endMs < 60_000) return '%-S s'
  return endMs < 3_600_000 ? '%-M:%S' : '%-H:%M h'
}
