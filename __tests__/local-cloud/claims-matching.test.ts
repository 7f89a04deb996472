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
])('%s matches the token: %s', (expression, expected) => {
  expect(fulfilsExpression(expression, claims)).toBe(expected)
})

const GITHUB = 'https://token.actions.githubusercontent.com'
const byId = "claims['repository_id'] eq '674512309'"

test.each([
  [`claims['sub'] matches 'repo:contoso/*' and ${byId}`, true, true],
  ["claims['sub'] eq 'x' and claims['repository_owner_id'] eq '1200345'", true, true],
  [`claims['sub'] eq 'x' and claims['job_workflow_ref'] matches 'y*' and ${byId}`, true, true],
  // Nothing that stays when a name is given up, and taken by somebody else.
  ["claims['sub'] eq 'x'", true, false],
  ["claims['sub'] eq 'x' and claims['job_workflow_ref'] eq 'y'", true, false],
  [byId, true, false],
  [`claims['sub'] eq 'x' and claims['actor'] eq 'y' and ${byId}`, true, false],
  ["claims['sub'] eq 'x' and claims['repository_id'] matches '6*'", true, false],
  ["claims['sub'] matches 'project_path:contoso/*'", false, true],
  [`claims['sub'] eq 'x' and ${byId}`, false, false],
])('%s, issuer is GitHub %s: Entra stores it %s', (expression, isGitHub, stored) => {
  const issuer = isGitHub ? GITHUB : 'https://gitlab.com'
  const fault = expressionFault(expression, issuer, isGitHub)
  if (stored) expect(fault).toBeUndefined()
  else
    expect(fault).toContain(
      `for issuer '${issuer}' either lacks all required claims or contains unallowed claims. paramName`,
    )
})

test('a text that is not an expression is refused with that reason', () => {
  expect(expressionFault("claims['sub'] is 'x'", GITHUB, true)).toContain(
    'no expression of language version 1',
  )
})
