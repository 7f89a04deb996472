import { join } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { repositoryRoot } from '../../scripts/tools.ts'
import type { Outcome } from '../../src/gate/record.ts'
import { reportDocument } from '../../src/report/document.ts'
import { execNode } from '../support/child-node.ts'
import { textOf } from '../support/documents.ts'
import { fullRecord, scope } from '../support/record-fixture.ts'
import { publishedSchema } from '../support/report-validator.ts'
import { runScript, scriptStepSchema, stepNamed } from '../support/step-script.ts'

/** The example in which a deployment demands a signed report: what it asks of gh, and what it makes of the answer. */

const { env, jobs } = v.parse(
  v.object({
    env: v.object({ PREDICATE_TYPE: v.string() }),
    jobs: v.object({ deploy: v.object({ needs: v.string(), steps: v.array(scriptStepSchema) }) }),
  }),
  parse(textOf('examples/attested-gate.yml')),
)
const { steps } = jobs.deploy
const verify = stepNamed(steps, 'Verify that access was proven for this artifact')

const commit = '6dcb09b5b57875f334f61aebed695e2e4193db5e'
const workflow = 'contoso/shop/.github/workflows/deploy.yml'
const asked = [
  ...['attestation', 'verify', 'shop.tgz', '--repo', 'contoso/shop', '--signer-workflow', workflow],
  ...['--source-digest', commit, '--predicate-type', env.PREDICATE_TYPE, '--deny-self-hosted-runners'],
  ...['--format', 'json'],
]

/** @param attested the predicates of what gh finds signed as it was asked to; nothing: it refuses. */
function statusAfter(attested: readonly unknown[], resource = scope) {
  const found = attested.map(predicate => ({ verificationResult: { statement: { predicate } } }))
  const answer = found.length === 0 ? 'exit 1' : `cat <<'FOUND'\n${JSON.stringify(found)}\nFOUND`
  const { status } = runScript(verify, {
    env: { GH_TOKEN: 'of-the-job' },
    runner: {
      GITHUB_REPOSITORY: 'contoso/shop',
      GITHUB_WORKFLOW_REF: `${workflow}@refs/heads/main`,
      GITHUB_SHA: commit,
      PREDICATE_TYPE: env.PREDICATE_TYPE,
      RESOURCE_ID: resource,
    },
    programs: {
      gh: `[ "$*" = '${asked.join(' ')}' ] || exit 2\n${answer}`,
      jq: execNode(join(repositoryRoot, '__tests__/support/jq.ts')),
    },
  })
  return status
}

const reportOf = (outcome: Outcome) => reportDocument(outcome, undefined, { startedAt: 0, endedAt: 0 })
const record = fullRecord()
const passed = reportOf({ result: 'passed', record })
const planned = reportOf({ result: 'planned', record })

test("the predicate type is the id of the report's schema", () => {
  expect(publishedSchema).toMatchObject({ $id: env.PREDICATE_TYPE })
})

test('nothing runs before the verification', () => {
  expect(jobs.deploy.needs).toBe('gate')
  expect(steps.find(({ run }) => run !== undefined)).toBe(verify)
})

test.each([
  ['a report that passed, for this resource', [passed], scope],
  ['the same in another case, as Resource Manager may write it', [passed], scope.toUpperCase()],
  ['one among others, of earlier attempts', [planned, passed], scope],
])('deploys after %s', (_, attested, resource) => {
  expect(statusAfter(attested, resource)).toBe(0)
})

test.each([
  ['without an attestation', [], scope],
  ['after a plan', [planned], scope],
  ['after a report about another resource', [passed], `${scope}-other`],
  [
    'after calls to an endpoint that is none of the resource',
    [{ ...passed, target: { ...passed.target, endpointIsOwn: false } }],
    scope,
  ],
  [
    'after calls to an endpoint of which nobody knows whose it is',
    [{ ...passed, target: { ...passed.target, endpointIsOwn: null } }],
    scope,
  ],
  ['after a report about no resource', [{ ...passed, target: null }], scope],
])('does not deploy %s', (_, attested, resource) => {
  expect(statusAfter(attested, resource)).toBe(1)
})
