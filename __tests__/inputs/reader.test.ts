import { good, problemsOf } from './given.ts'

test.each([
  'https://user:Hush@contoso.example',
  'https://user:Hush/x@contoso.example',
  'https://user:x@Hush@contoso.example',
  'https://contoso.example/?subscription-key=Hush',
  'https://contoso.example/#Hush',
])('of an address, password and query are not: %s', endpoint => {
  const [problem = ''] = problemsOf({ ...good, endpoint })

  expect(problem).toContain('contoso.example')
  expect(problem).not.toContain('Hush')
})

test('the given text is quoted, cut and harmless', () => {
  const [problem = ''] = problemsOf({ ...good, cloud: `##[error]${'x'.repeat(5000)}\n::error::y` })

  expect(problem.length).toBeLessThan(400)
  expect(problem).not.toContain('##[')
})
