import fc from 'fast-check'
import { Marked, type Token } from 'marked'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { ownRefusal, StepFailure } from '../../src/diagnosis/verdict.ts'
import type { Facts, Outcome } from '../../src/facts.ts'
import { summaryMarkdown } from '../../src/report/summary.ts'
import { allCodes, denial, emptyFacts, failureOf, fullFacts } from '../support/facts-fixture.ts'
import { hostileText } from '../support/hostile-text.ts'

/** Every token of the document, those inside others included. */
function tokensOf(document: string): Token[] {
  const marked = new Marked({ gfm: true })
  const tokens: Token[] = []
  marked.walkTokens(marked.lexer(document), token => void tokens.push(token))
  return tokens
}

const headingsOf = (document: string) =>
  tokensOf(document).flatMap(token => (token.type === 'heading' ? [token.text] : []))

const failed = (failure: StepFailure, facts: Facts): [Outcome, ReturnType<typeof diagnose>] => [
  { result: 'failed', facts, failure },
  diagnose(failure, facts),
]

test('a run that passed is told at a glance, and then in full', () => {
  const summary = summaryMarkdown({ result: 'passed', facts: fullFacts() }, undefined)

  expect(headingsOf(summary)).toEqual(['✅ Key-less access is proven'])
  expect(summary).toContain('| Role | Cognitive Services User · granted by this run |')
  expect(summary).toContain('| API keys | ⚠️ still accepted |')
  expect(summary).toContain('| Subject | `repo:contoso@1234/app@5678:environment:Production` |')
  expect(summary).toContain('| `gpt-4o-mini` | chat-completions | `"ready"` | 412 ms |')
  expect(summary).toContain('| `vectors` | embeddings | ❌ `access-denied` |  |')
  expect(summary).toContain('<details><summary>2 probes, live after 41.3 s</summary>')
  expect(summary).toContain('| 41.3 s | ✅ |')
  expect(summary).toContain('| ❌ Prove | 42.0 s |')
})

test('a run that got nowhere is short', () => {
  const summary = summaryMarkdown(
    ...failed(failureOf('input-invalid', '`client-id` is missing'), emptyFacts()),
  )

  expect(headingsOf(summary)).toEqual([
    '❌ Key-less access is not proven',
    '`input-invalid` · The inputs are not right',
  ])
  expect(summary).toContain('```text\n`client-id` is missing\n```')
  expect(summary).not.toContain('|')
})

test('a plan is told as a plan', () => {
  const summary = summaryMarkdown(
    { result: 'planned', facts: fullFacts({ grant: { outcome: 'planned' } }) },
    undefined,
  )

  expect(headingsOf(summary)).toEqual(['📋 Key-less access: the plan'])
  expect(summary).toContain('would be granted')
})

test('every diagnosis is told with its code, its evidence and its fixes', () => {
  for (const code of allCodes) {
    const failure = failureOf(code)
    const summary = summaryMarkdown(...failed(failure, fullFacts()))
    const { fixes } = diagnose(failure, fullFacts())

    expect(summary).toContain(`### \`${code}\` · `)
    expect(summary).toContain('The service said no.')
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
  const summary = summaryMarkdown({ result: 'passed', facts: fullFacts({ probes }) }, undefined)

  expect(summary).toContain('2000 probes')
  expect(summary.split('\n').length).toBeLessThan(200)
})

/** Facts in which everything that somebody else says is the same text. */
function factsOf(text: string): Facts {
  const facts = fullFacts()
  const { role, smoke } = facts
  if (role === undefined) throw new Error('A full run knows its role')
  return {
    ...facts,
    assertion: { iss: text, sub: text, aud: text },
    subjectTemplate: text,
    role: { ...role, name: text },
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

test('whatever is said by others: no link, no image, no HTML but our own, no heading or table that is not ours', () => {
  const known = new Set(['<details>', '<summary>', '</summary>', '</details>', '<span>', '</span>'])
  // Backslashes in front of a pipe are left out: parsers differ there, and GitHub's takes any pipe behind one for text.
  const text = hostileText.filter(said => !said.includes('\\'))
  fc.assert(
    fc.property(text, fc.constantFrom(...allCodes), (said, code) => {
      const refusal = {
        ...ownRefusal(code, said),
        said: { ...denial().said, message: said, ids: { a: '', b: said } },
      }
      const facts = factsOf(said)
      const tokens = tokensOf(
        summaryMarkdown(...failed(new StepFailure('calling the model', refusal), facts)),
      )

      const active = tokens.filter(({ type }) =>
        ['link', 'image', 'em', 'del', 'list', 'blockquote', 'hr'].includes(type),
      )
      const html = tokens
        .filter(({ type }) => type === 'html')
        .flatMap(({ raw }) => raw.match(/<\/?[a-z!][^>]*>/gi) ?? [])
      expect(active).toEqual([])
      expect(html.filter(tag => !known.has(tag))).toEqual([])
      expect(tokens.filter(({ type }) => type === 'heading')).toHaveLength(2)
      expect(tokens.filter(({ type }) => type === 'table')).toHaveLength(4)
    }),
  )
})
