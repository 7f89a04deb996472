import { reportingOf } from '../../src/inputs/report.ts'
import { isReadAs, isRefused, type Texts } from './given.ts'

test('the report settings are known even if all other inputs are wrong', () => {
  const reporting = (inputs: Record<string, string>) => reportingOf(name => inputs[name] ?? '')
  expect(reporting({})).toEqual({ summary: true, path: undefined })
  expect(reporting({ 'report-path': ' out/gate.json ', summary: 'False' })).toEqual({
    summary: false,
    path: 'out/gate.json',
  })
  expect(reporting({ summary: 'perhaps' }).summary).toBe(true)
})

test.each<[string, Texts, object]>([
  ['no summary', { summary: 'false' }, { report: { summary: false } }],
  ['a path for the report', { 'report-path': 'out/gate.json' }, { report: { path: 'out/gate.json' } }],
  ['a token for GitHub', { 'github-token': 'ghs_x' }, { report: { githubToken: 'ghs_x' } }],
])('%s', isReadAs)

test.each<[string, Texts, RegExp]>([
  ['neither true nor false', { summary: 'yes' }, /^`summary` is "yes"; accepted are `true`, `false`$/],
])('%s is refused', isRefused)
