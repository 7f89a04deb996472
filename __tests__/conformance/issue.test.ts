import { marked } from 'marked'
import { type Found, issueBody, isWorthAnIssue } from '../../conformance/issue.ts'
import { type ModeRow, modeRows, modes } from '../../conformance/modes.ts'

/** The body of the issue, of what the jobs of live.yml told. */

const row = (differing: Partial<ModeRow> = {}): ModeRow => ({
  mode: '`grant: plan`',
  outcome: 'planned',
  code: '',
  seconds: 2.34,
  calls: 'none',
  isExpected: true,
  ...differing,
})
const found = (differing: Partial<Found> = {}): Found => ({
  run: 'https://github.com/contoso/gate/actions/runs/1',
  modes: [row()],
  differences: 'real: 174 exchanges answered\nNothing differs.\n',
  drift: [],
  ...differing,
})

describe('somebody has to look', () => {
  test.each<[string, boolean, Partial<Found>]>([
    ['nothing was found', false, {}],
    ['a mode ended otherwise than it may', true, { modes: [row({ isExpected: false })] }],
    ['no mode is known', true, { modes: undefined }],
    ['something differs', true, { differences: 'arm-usages: status\n1 differences.\n' }],
    ['the conformance run broke', true, { differences: '' }],
    ['it told nothing', true, { differences: undefined }],
    [
      'a service says that nothing differs',
      true,
      { differences: 'code: `Nothing differs.`\n1 differences.' },
    ],
    ['a role has changed', true, { drift: ['Reader: is now called Looker'] }],
    ['roles were not read', true, { drift: undefined }],
  ])('where %s: %s', (_, worth, differing) => {
    expect(isWorthAnIssue(found(differing))).toBe(worth)
  })
})

describe('the body', () => {
  test('has the modes first, then what differs, then what changed', () => {
    const body = issueBody(
      found({
        modes: [
          row(),
          row({ mode: '`probe-url`', outcome: 'failed', code: 'probe-failed', isExpected: false }),
        ],
        differences: 'arm-usages: status: real has `404`\n1 differences.\n',
        drift: ['Reader: `actions` has gained `*/read`'],
      }),
    )

    expect(
      body,
    ).toBe(`[The run](https://github.com/contoso/gate/actions/runs/1) has its logs, and the recordings as an artifact.

## Modes of the gate

| Mode | Outcome | Code | Seconds | Calls |
| --- | --- | --- | --- | --- |
| \`grant: plan\` | planned |  | 2.3 | none |
| \`probe-url\` | failed **(not expected)** | \`probe-failed\` | 2.3 | none |

## What Azure, Entra and GitHub answer otherwise than the local cloud

\`\`\`text
arm-usages: status: real has \`404\`
1 differences.
\`\`\`

## What changed in built-in roles

- Reader: \`actions\` has gained \`*/read\`
`)
  })

  test('says of each part that is missing that it is not known', () => {
    const body = issueBody(found({ modes: undefined, differences: undefined, drift: undefined }))

    expect(body.match(/^Not known: /gm)).toHaveLength(3)
  })

  test('fits into an issue, however much was found, and says how much is left out', () => {
    const many = Array.from({ length: 5000 }, (_, at) => `exchange-${at}: ${'x'.repeat(300)}`)
    const body = issueBody(
      found({
        modes: many.map(mode => row({ mode, outcome: '*'.repeat(500) })),
        differences: many.join('\n'),
        drift: many,
      }),
    )

    expect(body.length).toBeLessThan(65_536)
    expect(body).toMatch(/… and \d{4} more lines, which the artifact/)
    expect(body).toMatch(/^- … and \d{4} more$/m)
    expect(body).toMatch(/… and \d{4} more rows/)
  })

  // A service decides on names of models, on codes and on actions.
  test.each([
    '| a | b |',
    '@contoso/admins see #1 and https://evil.example',
    '<img src=x onerror=alert(1)>',
    '```\n# A heading\n```',
    '[a](javascript:alert(1)) **b**',
    '``` ` `',
  ])('shows %j as it is, wherever it stands', hostile => {
    const body = issueBody(
      found({
        modes: [row({ mode: `model: ${hostile}`, outcome: hostile, code: hostile, calls: hostile })],
        differences: `${hostile}\n`,
        drift: [hostile],
      }),
    )
    const html = marked.parse(body, { async: false })

    expect(html.match(/<h\d/g)).toHaveLength(3)
    expect(html).not.toMatch(/<img|javascript:alert\(1\)"|href="https:\/\/evil/)
    expect(html.match(/<table>/g)).toHaveLength(1)
    expect(html.match(/<td>/g)).toHaveLength(5)
  })
})

describe('a row of a mode', () => {
  const report = {
    startedAt: '2026-08-01T10:00:00.000Z',
    endedAt: '2026-08-01T10:00:02.500Z',
    result: 'passed',
    diagnosis: null,
    setupPrincipal: {},
    grant: 'granted',
    roleState: 'granted',
    attempts: 2,
    smoke: [{ deployment: 'chat', api: 'responses', outcome: 'ok', latencyMs: 840, model: 'gpt-4.1-mini' }],
    runtimeAccess: null,
    app: null,
  }
  const failed = (code: string) => ({ ...report, result: 'failed', diagnosis: { code } })
  const rowsOf = (step: string, told: unknown, outcome = 'success') =>
    modeRows({ [step]: { outcome, outputs: {} } }, new Map([[step, told]])).filter(
      ({ outcome: shown }) => !/not tried: (?:the job|LIVE_(?:DEPL|PROBE|RUNT))/.test(shown),
    )

  test.each<[string, string, unknown, Partial<ModeRow>[]]>([
    [
      'of a success',
      'plan',
      report,
      [{ outcome: 'passed', code: '', seconds: 2.5, calls: '1 deployment, 2 rounds', isExpected: true }],
    ],
    [
      'of a failure',
      'plan',
      failed('role-not-found'),
      [{ outcome: 'failed', code: 'role-not-found', isExpected: false }],
    ],
    [
      'of a denial that is the answer',
      'never',
      failed('access-denied'),
      [{ code: 'access-denied', isExpected: true }],
    ],
    [
      'of another code there',
      'never',
      failed('network-blocked'),
      [{ code: 'network-blocked', isExpected: false }],
    ],
    ['of keys that are on', 'keys', failed('keys-enabled'), [{ isExpected: true }]],
    [
      'of who granted',
      'temporary',
      report,
      [{ outcome: 'passed' }, { mode: 'setup identity', outcome: 'granted' }],
    ],
    [
      'of nobody who granted',
      'temporary',
      { ...report, setupPrincipal: null },
      [{}, { outcome: expect.stringContaining('LIVE_SETUP_CLIENT_ID') }],
    ],
    [
      'of each model',
      'kinds',
      report,
      [{}, { mode: 'model: gpt-4.1-mini, by responses', outcome: 'answered', seconds: 0.84, calls: '1' }],
    ],
    [
      'of a model that refused',
      'kinds',
      {
        ...report,
        smoke: [
          {
            deployment: 'claude',
            api: 'messages',
            outcome: 'deployment-not-found',
            latencyMs: null,
            model: null,
          },
        ],
      },
      [
        {},
        {
          mode: 'model: not told, deployment claude, by messages',
          outcome: 'refused',
          code: 'deployment-not-found',
          isExpected: false,
        },
      ],
    ],
    [
      'of the app',
      'probe',
      { ...report, app: { answered: false, probes: [{}, {}] } },
      [{}, { outcome: 'did not answer', calls: '2 probes', isExpected: false }],
    ],
    [
      'of runtime principals',
      'runtime',
      { ...report, runtimeAccess: 'missing' },
      [{}, { outcome: 'missing', isExpected: false }],
    ],
    [
      'of a step without a report',
      'plan',
      undefined,
      [{ outcome: 'the step ended with `success`, without a report', isExpected: false }],
    ],
    ['of a report that is none', 'plan', { result: 'passed' }, [{ isExpected: false }]],
  ])('%s', (_, step, told, rows) => {
    expect(rowsOf(step, told)).toEqual(rows.map(one => expect.objectContaining(one)))
  })

  test('of a mode that was not tried says why: its variable is not set, or the job ended before', () => {
    const rows = modeRows({}, new Map())

    expect(rows).toHaveLength(modes.length)
    for (const [at, { outcome, isExpected }] of rows.entries()) {
      const variable = modes[at]?.variable
      expect(outcome).toBe(
        variable === undefined ? 'not tried: the job ended before it' : `not tried: ${variable} is not set`,
      )
      expect(isExpected).toBe(variable !== undefined)
    }
  })
})
