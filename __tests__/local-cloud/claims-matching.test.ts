import { expressionFault, fulfilsExpression } from '../../local-cloud/claims-matching.ts'

const claims = {
  sub: 'repo:contoso/shop:ref:refs/heads/main',
  job_workflow_ref: 'contoso/ci/.github/workflows/deploy.yml@refs/heads/main',
  run_attempt: 1,
}

test.each([
  ["claims['sub'] eq 'repo:contoso/shop:ref:refs/heads/main'", true],
  ["claims['sub'] eq 'repo:contoso/shop:*'", false],
  ["claims['sub'] matches 'repo:contoso/shop:*'", true],
  ["claims['sub'] matches 'repo:contoso/sho?:ref:refs/heads/*'", true],
  ["claims['sub'] matches 'repo:contoso/sho.:ref:refs/heads/*'", false],
  ["claims['sub'] matches 'contoso'", false],
  ["claims['sub'] matches 'repo:Contoso/*'", false],
  ["claims['sub'] matches 'repo:*' and claims['job_workflow_ref'] matches 'contoso/ci/*'", true],
  ["claims['sub'] matches 'repo:*' and claims['job_workflow_ref'] matches 'fabrikam/*'", false],
  ["claims['run_attempt'] eq '1'", false],
  ["claims['none'] matches '*'", false],
  ["claims['sub'] matches 'repo:*' or claims['sub'] eq 'x'", false],
  ["claims['sub']  matches 'repo:*'", false],
  ['', false],
])('%s: %s', (expression, expected) => {
  expect(fulfilsExpression(expression, claims)).toBe(expected)
})

test.each([
  ["claims['sub'] eq 'x'", true, undefined],
  ["claims['job_workflow_ref'] eq 'x'", true, undefined],
  ["claims['job_workflow_ref'] eq 'x'", false, 'job_workflow_ref'],
  ["claims['actor'] eq 'x'", true, 'actor'],
  ["claims['sub'] is 'x'", true, 'no expression'],
])('%s, of GitHub %s: fault %s', (expression, isGitHub, fault) => {
  const found = expressionFault(expression, isGitHub)
  if (fault === undefined) expect(found).toBeUndefined()
  else expect(found).toContain(fault)
})
