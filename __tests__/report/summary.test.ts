import fc from 'fast-check'
import { Marked, type Token } from 'marked'
import { diagnose } from '../../src/advice/explanations/diagnose.ts'
import { localFailure, StepError } from '../../src/core/failures/failure.ts'
import type { Outcome, RunRecord } from '../../src/gate/record.ts'
import { summaryMarkdown } from '../../src/report/summary.ts'
import { anyOutcome } from '../support/any-record.ts'
import { hostileText } from '../support/hostile-text.ts'
import {
  allCodes,
  denial,
  emptyRecord,
  failureOf,
  fullRecord,
  ids,
  probedRecord,
  scope,
} from '../support/record-fixture.ts'

/** Every token of the document, those inside others included. */
function tokensOf(document: string): Token[] {
  const marked = new Marked({ gfm: true })
  const tokens: Token[] = []
  marked.walkTokens(marked.lexer(document), token => void tokens.push(token))
  return tokens
}

const headingsOf = (document: string) =>
  tokensOf(document).flatMap(token => (token.type === 'heading' ? [token.text] : []))

const failed = (failure: StepError, record: RunRecord): [Outcome, ReturnType<typeof diagnose>] => [
  { result: 'failed', record, failure },
  diagnose(failure, record),
]

test('a run that passed is shown at a glance, and then in full', () => {
  const summary = summaryMarkdown({ result: 'passed', record: fullRecord() }, undefined)

  expect(headingsOf(summary)).toEqual([
    '⚠️ Key-less access to contoso is proven, but keys still work',
    'The wait',
    'Findings',
    'Deployments',
  ])
  expect(summary).toContain(
    "`chat` (412 ms) answered the pipeline's own identity without a key, over 3 connections.  \nRole: **Cognitive Services User**, granted by this run, live after **41 s**  \nAPI keys: ⚠️ still accepted  \nResource: [`contoso`]",
  )
  expect(summary).toContain(`| Principal | [\`${ids.principal}\`]`)
  expect(summary).toContain('| Role | Cognitive Services User · granted by this run |')
  expect(summary).toMatch(
    /\| Resource \| \[`contoso`\]\(.*\) in resource group `rg-models`, subscription .* \|\n\| --- \| --- \|\n/,
  )
  expect(summary).toContain('| Deployments | `chat` |')
  expect(summary).toContain('| API keys | ⚠️ still accepted |')
  expect(summary).toContain('| Subject | `repo:contoso@1234/app@5678:environment:Production` |')
  expect(summary).toContain('| ❌ `vectors` | embeddings | `access-denied` |  |\n| ✅ `chat`')
  expect(summary).toContain('| ✅ `chat` | chat-completions | `"ready"` | 412 ms |')
  expect(summary).toContain('2 probes: 1 × `access-denied`, 1 × answered.')
  expect(summary).toContain('  41 s :2000-01-01 00:00:00.000, 2000-01-01 00:00:41.300')
  expect(summary).toContain('<details><summary>All 2 probes</summary>')
  expect(summary).toContain('| 2 | 41.3 s | ✅ answered |')
  expect(summary).toContain(
    '<details><summary>🔴 <b>The resource still accepts API keys</b> · <code>keys-enabled</code></summary>',
  )
  expect(summary).toContain('What findings mean, and how to fix them: `docs/findings.md`')
  expect(summary).toContain('Took 43 s: ✅ Sign in 0.6 s · ❌ Prove 42 s')
})

test('a run that found everything in place is five lines and a fold', () => {
  const [answered] = fullRecord().smoke
  const { account } = fullRecord()
  if (answered === undefined || account === undefined) throw new Error('A full run has both')
  const record = fullRecord({
    account: { ...account, keyAccess: 'disabled' },
    roleState: 'direct',
    smoke: [answered],
    probes: [],
    propagationMs: 0,
    connections: 1,
  })
  const [inSight = '', fold = ''] = summaryMarkdown({ result: 'passed', record }, undefined).split(
    /(?=<details>)/,
  )

  expect(headingsOf(inSight)).toEqual(['✅ Key-less access to contoso is proven'])
  expect(inSight.split('\n').filter(line => line !== '')).toHaveLength(5)
  expect(fold).toMatch(/^<details><summary>Details<\/summary>\n.*<\/details>\n$/s)
})

test('keys that still work are in the headline, unless key-access is ignore', () => {
  const { settings } = fullRecord()
  if (settings === undefined) throw new Error('A full run has settings')
  const record = fullRecord({ settings: { ...settings, keys: { access: 'ignore', retired: undefined } } })
  expect(headingsOf(summaryMarkdown({ result: 'passed', record }, undefined))[0]).toBe(
    '✅ Key-less access to contoso is proven',
  )
})

test('a plan whose run would fail says so in the headline', () => {
  const { grant: _, ...missing } = fullRecord({ roleState: 'missing', plannedPatienceMs: 0 })
  const summary = summaryMarkdown({ result: 'planned', record: missing }, undefined)

  expect(headingsOf(summary)[0]).toBe(
    '📋 Key-less access to contoso: nothing to change, and the gate would fail',
  )
})

test('a plan that changes nothing says so', () => {
  const { grant: _, ...held } = fullRecord({ roleState: 'direct' })
  const summary = summaryMarkdown({ result: 'planned', record: held }, undefined)

  expect(headingsOf(summary)[0]).toBe('📋 Key-less access to contoso: nothing to change')
  expect(summary).toContain('Nothing would be granted; the role is held directly')
  expect(summary).not.toContain('```diff')
})

test('a finding that is the failure is explained once, and the others in full', () => {
  const summary = summaryMarkdown(...failed(failureOf('keys-enabled'), fullRecord()))

  expect(summary).toContain('🔴 **The resource still accepts API keys** · `keys-enabled`, as explained above')
  expect(summary).not.toContain('<code>keys-enabled</code>')
  expect(summary.match(/az resource update --ids/g)).toHaveLength(1)
})

test('no table has an empty head', () => {
  for (const result of ['passed', 'planned'] as const)
    expect(summaryMarkdown({ result, record: probedRecord() }, undefined)).not.toMatch(/^\|\s*\|/m)
})

test('presented and expected values are side by side, and the fix comes before the reason', () => {
  const summary = summaryMarkdown(...failed(failureOf('federated-subject-mismatch'), fullRecord()))

  expect(summary).toContain('| Claim | Presented by this run | Expected by a federated credential |')
  expect(summary).toContain(
    '| subject | `repo:contoso@1234/app@5678:environment:Production` | another one; for this repository perhaps `repo:contoso/app:environment:Production`',
  )
  expect(summary).toContain('| audience | `api://AzureADTokenExchange` | the same, letter by letter |')
  expect(summary.indexOf('az ad app federated-credential create')).toBeLessThan(
    summary.indexOf('The run tried for some twenty seconds'),
  )
})

test('if the cloud has a portal, there are links to the resource, its role assignments and the principal', () => {
  const { settings } = fullRecord()
  if (settings === undefined) throw new Error('A full run has settings')
  const urls = (record: RunRecord) =>
    tokensOf(summaryMarkdown({ result: 'passed', record }, undefined)).flatMap(token =>
      token.type === 'link' ? [token.href] : [],
    )
  const portal = `https://portal.azure.com/#@${ids.tenant}/resource${scope}`

  expect(new Set(urls(fullRecord()))).toEqual(
    new Set([
      `${portal}/overview`,
      `${portal}/users`,
      `https://portal.azure.com/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/Overview/objectId/${ids.principal}/appId/${ids.client}`,
    ]),
  )
  const cloud = { ...settings.cloud, portal: undefined }
  expect(urls(fullRecord({ settings: { ...settings, cloud } }))).toEqual([])
})

test('a probed app has its own picture and its own probes', () => {
  const summary = summaryMarkdown({ result: 'passed', record: probedRecord() }, undefined)
  expect(headingsOf(summary)).toContain('The app')
  expect(summary).toContain("The app's own access is proven too")
  expect(summary).toContain('`https://shop.contoso.example/probe?***` ✅ answered.')
  expect(summary).toContain('2 probes: 1 × `HTTP 401`, 1 × answered.')
  expect(summary).toContain('  13 s :2000-01-01 00:00:00.000, 2000-01-01 00:00:12.500')
  expect(summary).toContain('  section HTTP 401\n  · :crit')
  expect(summary).toContain('<details><summary>All 2 probes of the app</summary>')
  expect(summary).not.toContain('a-function-key')
})

test('an app that did not answer: the pipeline is still proven, with its own wait', () => {
  const app = { probes: [{ atMs: 0, outcome: 'HTTP 401' as const }], waitedMs: 0, isLive: false }
  const told = failed(failureOf('probe-failed'), probedRecord({ app, propagationMs: 0 }))
  const summary = summaryMarkdown(...told)
  expect(headingsOf(summary)[0]).toBe(
    '❌ Key-less access to contoso is proven for the pipeline, but not for the app',
  )
  expect(summary).toContain('`https://shop.contoso.example/probe?***` ❌ did not answer as expected.')
  expect(summary).not.toContain('s, not live')
})

test('a run that got nowhere is short, and each bad input has its line', () => {
  const message = '`client-id` is missing\n`grant` is "maybe"; accepted are `auto`, `never`'
  const summary = summaryMarkdown(...failed(failureOf('input-invalid', message), emptyRecord()))

  expect(headingsOf(summary)).toEqual([
    '❌ Key-less access is not proven',
    '`input-invalid` · Inputs are missing or malformed',
  ])
  expect(summary).toContain(
    '> `client-id` is missing  \n> `grant` is "maybe"; accepted are `auto`, `never`\n',
  )
  expect(summary).not.toContain('|')
})

test('on failure the diagnosis comes first: its first fix visible, other commands folded', () => {
  const summary = summaryMarkdown(...failed(failureOf('cannot-assign-role'), fullRecord()))
  const { fixes } = diagnose(failureOf('cannot-assign-role'), fullRecord())
  const [first, second] = fixes

  expect(fixes.length).toBeGreaterThan(1)
  expect(summary.indexOf('`cannot-assign-role` · ')).toBeLessThan(summary.indexOf('| Principal |'))
  expect(summary).toContain(`\n\n\`\`\`${first?.language}\n${first?.text}\n\`\`\`\n`)
  expect(summary).toContain(`</summary>\n\n\`\`\`${second?.language}\n${second?.text}\n\`\`\`\n\n</details>`)
})

test('a run that failed before it signed in shows its inputs', () => {
  const { settings } = fullRecord()
  if (settings === undefined) throw new Error('A full run has settings')
  const record = { ...emptyRecord(), settings }
  const summary = summaryMarkdown(...failed(failureOf('federated-subject-mismatch'), record))

  expect(summary).toContain('| Role | Cognitive Services User |')
  expect(summary).toContain('| Deployments | `chat` |')

  const access = { ...settings.access, role: { kind: 'guid', guid: ids.client } as const }
  const custom = { ...emptyRecord(), settings: { ...settings, access } }
  expect(summaryMarkdown(...failed(failureOf('entra-unavailable'), custom))).toContain(
    `| Role | ${ids.client.replaceAll('-', '\\-')} |`,
  )
})

test('a group that the role is for is named', () => {
  const { settings } = fullRecord()
  if (settings === undefined) throw new Error('A full run has settings')
  const grantee = { principalId: ids.client, principalType: 'Group' } as const
  const record = fullRecord({ settings: { ...settings, access: { ...settings.access, grantee } } })

  expect(summaryMarkdown({ result: 'passed', record }, undefined)).toContain(
    `| Role holder | Group \`${ids.client}\` |`,
  )
})

test('a wait without an end is drawn to its last probe', () => {
  const probes = [0, 60_000, 900_000].map(atMs => ({ atMs, outcome: 'access-denied' as const }))
  const record = fullRecord({ probes, propagationMs: 0 })

  expect(summaryMarkdown(...failed(failureOf('access-not-propagated'), record))).toContain(
    '  15 min, not live :2000-01-01 00:00:00.000, 2000-01-01 00:15:00.000',
  )
})

test('a row of answers without a pause is not a wait', () => {
  const row = (pauseMs: number) => [0, 1, 2].map(at => ({ atMs: at * pauseMs, outcome: 'ok' as const }))
  const headings = (pauseMs: number) =>
    headingsOf(summaryMarkdown({ result: 'passed', record: fullRecord({ probes: row(pauseMs) }) }, undefined))

  expect(headings(5)).not.toContain('The wait')
  expect(headings(1000)).toContain('The wait')
})

test('the wait begins with the first denial, no matter what was answered before', () => {
  const probes = [
    { atMs: 0, outcome: 'ok' },
    { atMs: 5000, outcome: 'access-denied' },
    { atMs: 9000, outcome: 'ok' },
  ] as const
  const record = fullRecord({ probes, propagationMs: 4000 })

  expect(summaryMarkdown({ result: 'passed', record }, undefined)).toContain(
    '  4.0 s :2000-01-01 00:00:05.000, 2000-01-01 00:00:09.000',
  )
})

test('a wait for something other than access is a wait too', () => {
  const probes = [
    { atMs: 0, outcome: 'inference-throttled' },
    { atMs: 20_000, outcome: 'ok' },
  ] as const
  const record = fullRecord({ probes, propagationMs: 0 })

  expect(summaryMarkdown({ result: 'passed', record }, undefined)).toContain(
    '  20 s :2000-01-01 00:00:00.000, 2000-01-01 00:00:20.000',
  )
})

test('a stopped run says what stays, and how far the wait was', () => {
  const record = fullRecord({ propagationMs: 0 })
  const summary = summaryMarkdown({ result: 'cancelled', record, signal: 'SIGTERM' }, undefined)

  expect(headingsOf(summary)[0]).toBe('⏹️ Key-less access to contoso: stopped before it was proven')
  expect(summary).toContain('by this run; it stays')
  expect(summary).toContain('41 s, not live')
})

test('with many deployments, those that refused are visible, and the others folded', () => {
  const [answered, refused] = fullRecord().smoke
  if (answered === undefined || refused === undefined) throw new Error('A full run called two deployments')
  const smoke = [...Array.from({ length: 100 }, () => answered), refused]
  const routes = Array.from({ length: 101 }, (_, index) => ({ ...answered.route, deployment: `d${index}` }))
  const summary = summaryMarkdown({ result: 'passed', record: fullRecord({ smoke, routes }) }, undefined)

  expect(summary).toContain('`d5` and 95 more |')
  expect(summary).toContain('100 of 101 answered.\n\n| Deployment')
  expect(summary).toContain('<details><summary>The 100 that answered</summary>')
  expect(summary).toContain('… and 40 more, which the JSON report lists.\n\n</details>')
})

test('a plan is shown as a plan', () => {
  const summary = summaryMarkdown(
    { result: 'planned', record: fullRecord({ grant: { outcome: 'planned' } }) },
    undefined,
  )

  expect(headingsOf(summary)[0]).toBe('📋 Key-less access to contoso: 1 role assignment to add')
  expect(summary).toContain(
    `\`\`\`diff\n+ role assignment Cognitive Services User\n+   to ${ids.principal}\n+   at ${scope}\n\`\`\`\n`,
  )
  expect(summary).toContain('This identity cannot assign roles there')
  expect(summary).toContain('| 🔒 `vectors`')
  expect(summary).not.toContain('❌ `')
})

test('every diagnosis is shown with its code, its evidence and its fixes', () => {
  for (const code of allCodes) {
    const failure = failureOf(code)
    const summary = summaryMarkdown(...failed(failure, fullRecord()))
    const { fixes } = diagnose(failure, fullRecord())

    expect(summary).toContain(`### \`${code}\` · `)
    expect(summary).toContain('> The service said no\\.')
    for (const { text, language } of fixes)
      if (language !== 'text') expect(summary).toContain(`\`\`\`${language}\n${text}\n`)
    expect(summary).not.toMatch(/undefined|\[object/)
  }
})

test('hours of waiting do not make the summary long', () => {
  const probes = Array.from({ length: 2000 }, (_, index) => ({
    atMs: index * 1000,
    outcome: 'access-denied' as const,
  }))
  const summary = summaryMarkdown({ result: 'passed', record: fullRecord({ probes }) }, undefined)

  expect(summary).toContain('2000 × `access-denied`')
  expect(summary).toContain('| 2000 | 1999.0 s | ⏳ access-denied |')
  expect(summary.split('\n').length).toBeLessThan(500)
})

/** RunRecord in which everything that somebody else says is the same text. */
function factsOf(text: string): RunRecord {
  const record = fullRecord()
  const { role, smoke } = record
  if (role === undefined) throw new Error('A full run knows its role')
  return {
    ...record,
    assertion: { iss: text, sub: text, aud: text },
    subjectTemplate: text,
    role: { ...role, name: text },
    steps: [{ name: text, tookMs: 1, outcome: 'done' }],
    smoke: smoke.map(result =>
      result.kind === 'ok'
        ? {
            ...result,
            route: { ...result.route, deployment: text },
            answer: { ...result.answer, text },
            adaptations: [text],
          }
        : { ...result, route: { ...result.route, deployment: text } },
    ),
  }
}

test("other people's text adds no link, image, HTML, heading or table", () => {
  const known = new Set(
    ['details', 'summary', 'span', 'b', 'code'].flatMap(name => [`<${name}>`, `</${name}>`]),
  )
  // Backslashes in front of a pipe are left out: parsers differ there, and GitHub's takes any pipe behind one for text.
  const text = hostileText.filter(said => !said.includes('\\'))
  fc.assert(
    fc.property(text, fc.constantFrom(...allCodes), (said, code) => {
      const refusal = {
        ...localFailure(code, said),
        said: { ...denial().said, message: said, ids: { a: '', b: said } },
      }
      const record = factsOf(said)
      const tokens = tokensOf(summaryMarkdown(...failed(new StepError('calling the model', refusal), record)))

      const links = tokens.flatMap(token => (token.type === 'link' ? [token.href] : []))
      const active = tokens.filter(({ type }) => ['image', 'em', 'del', 'list', 'hr'].includes(type))
      const html = tokens
        .filter(({ type }) => type === 'html')
        .flatMap(({ raw }) => raw.match(/<\/?[a-z!][^>]*>/gi) ?? [])
      expect(active).toEqual([])
      expect(links.filter(href => !href.startsWith('https://portal.azure.com/#'))).toEqual([])
      expect(links).toHaveLength(3)
      expect(html.filter(tag => !known.has(tag))).toEqual([])
      expect(tokens.filter(({ type }) => type === 'heading')).toHaveLength(5)
      const isCompared = diagnose(failureOf(code), record).comparison !== undefined
      expect(tokens.filter(({ type }) => type === 'table')).toHaveLength(isCompared ? 4 : 3)
      expect(tokens.filter(({ type }) => type === 'blockquote').length).toBeLessThanOrEqual(1)
    }),
  )
})

test('of a thousand of everything it lists the most telling, far below the mebibyte at which GitHub drops a summary', () => {
  const thousand = <T>(make: (index: number) => T) => Array.from({ length: 1000 }, (_, index) => make(index))
  const refused = fullRecord().smoke.find(({ kind }) => kind === 'refused')
  if (refused === undefined) throw new Error('The record has no refused call')
  const record = fullRecord({
    smoke: thousand(() => refused),
    probes: thousand(index => ({ atMs: index * 1000, outcome: 'access-denied' })),
    steps: thousand(index => ({ name: `Step ${index}`, tookMs: 1000, outcome: 'done' })),
  })
  const summary = summaryMarkdown(...failed(new StepError('calling the model', denial()), record))

  const rows = (of: RegExp) => summary.match(of)?.length
  expect(rows(/^\| ❌ `vectors` /gm)).toBe(60)
  expect(summary).toContain('… and 940 more, which the JSON report lists.')
  expect(rows(/^\| \d+ \| [\d.]+ s \| ⏳/gm)).toBe(150)
  expect(summary).toContain('| 1000 | 999.0 s |')
  expect(summary.match(/✅ Step /g)).toHaveLength(20)
  expect(Buffer.byteLength(summary)).toBeLessThan(64_000)
})

test('always under a mebibyte, with everything closed', () => {
  const text = fc.tuple(hostileText, fc.constantFrom(1, 30, 3000)).map(([said, times]) => said.repeat(times))
  fc.assert(
    fc.property(anyOutcome(text), outcome => {
      const diagnosis = outcome.result === 'failed' ? diagnose(outcome.failure, outcome.record) : undefined
      const summary = summaryMarkdown(outcome, diagnosis)

      expect(Buffer.byteLength(summary)).toBeLessThan(2 ** 20)
      // In a block of code a tag is text: a line of a plan's diff ends with what a server said.
      const rendered = summary.replace(/^(`{3,})[^\n]*\n.*?^\1$/gms, '')
      const tags = rendered.match(/^<details>|<\/details>$/gm) ?? []
      expect(tags.filter(tag => tag === '<details>')).toHaveLength(tags.length / 2)
      if (diagnosis !== undefined) expect(headingsOf(summary)[1]).toContain(diagnosis.code)
    }),
    { numRuns: 20 },
  )
})
