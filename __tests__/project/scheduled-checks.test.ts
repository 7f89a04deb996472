import { join } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { account, holds, roles } from '../support/arrange.ts'
import { execNode } from '../support/child-node.ts'
import { textOf } from '../support/documents.ts'
import { runGate } from '../support/scenario.ts'
import { runScript, scriptStepSchema, stepNamed } from '../support/step-script.ts'

/** The examples that run by themselves, and the one that comments on pull requests: what their scripts make of a gate, and of what Resource Graph answers. */

const stepSchema = v.object({
  ...scriptStepSchema.entries,
  with: v.optional(v.record(v.string(), v.union([v.string(), v.boolean()])), {}),
})
const jobsOf = (file: string) =>
  v.parse(
    v.object({ jobs: v.record(v.string(), v.object({ steps: v.optional(v.array(stepSchema), []) })) }),
    parse(textOf(file)),
  ).jobs

const jq = execNode(join(repositoryRoot, '__tests__/support/jq.ts'))

describe('the plan on pull requests', () => {
  const step = stepNamed(jobsOf('examples/plan-on-pull-requests.yml').plan?.steps ?? [], 'Post the plan')
  const plan = ['+ role assignment Cognitive Services User', 'Plan: and so on.']

  /** @param comments Those of the pull request, for the filter that the step gives to gh. */
  const post = (comments: ReadonlyArray<{ id: number; login: string; body: string }>, report: unknown) =>
    runScript(step, {
      env: { GH_TOKEN: 'none', GH_REPO: 'contoso/shop', PULL_REQUEST: '7', REPORT: 'report.json' },
      files: {
        'report.json': JSON.stringify(report),
        'comments.json': JSON.stringify(
          comments.map(({ login, ...comment }) => ({ ...comment, user: { login } })),
        ),
      },
      programs: {
        jq,
        gh: 'case $* in *--paginate*) jq --raw-output "$5" comments.json ;; *) echo "$@" > called ;; esac',
      },
    })

  test('is posted as a diff', async () => {
    const cloud = await createLocalCloud()
    const { report } = await runGate(cloud, { inputs: { grant: 'plan' } })
    await cloud.close()
    const { status, files } = post([], report)

    expect(status).toBe(0)
    expect(files.called).toBe('pr comment 7 --body-file plan.md\n')
    expect(files['plan.md']).toMatch(
      /^<!-- .* -->\n### Key-less access: the plan\n```diff\n\+ role assignment Cognitive Services User\n\+ {3}to \S+\n\+ {3}at \S+\n(?:\w.*\n)+```\n$/,
    )
  })

  const bot = 'github-actions[bot]'
  const marked = '<!-- key-less-gate: plan -->\n### an older plan'

  test('replaces the earlier one', () => {
    const comments = [
      { id: 11, login: bot, body: 'coverage, by another workflow' },
      { id: 12, login: bot, body: marked },
      { id: 13, login: bot, body: marked },
    ]

    expect(post(comments, { plan }).files.called).toBe(
      'api --silent --method PATCH repos/contoso/shop/issues/comments/12 -F body=@plan.md\n',
    )
  })

  test('leaves other comments alone, even by the same bot', () => {
    const comments = [
      { id: 11, login: bot, body: 'coverage, by another workflow' },
      { id: 12, login: 'octocat', body: marked },
      { id: 13, login: bot, body: `> ${marked}` },
    ]

    expect(post(comments, { plan }).files.called).toBe('pr comment 7 --body-file plan.md\n')
  })
})

describe('the drift check', () => {
  const steps = jobsOf('examples/drift-check.yml').drift?.steps ?? []
  const { 'client-id': _, 'tenant-id': _tenant, 'resource-id': _resource, ...inputs } = steps[0]?.with ?? {}

  let cloud: LocalCloud
  beforeAll(async () => {
    cloud = await createLocalCloud()
  })
  beforeEach(() => cloud.reset())
  afterAll(() => cloud.close())

  async function check() {
    const { outputs, report } = await runGate(cloud, {
      inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, String(value)])),
    })
    expect(outputs.result).toBe('planned')
    return runScript(stepNamed(steps, 'Fail on drift'), {
      env: { REPORT: 'report.json' },
      files: { 'report.json': JSON.stringify(report) },
      programs: { jq },
    })
  }

  test('passes if nothing changed, and changes nothing', async () => {
    holds(cloud, { role: roles.user }, { role: roles.reader })
    const before = structuredClone(cloud.world.roleAssignments)

    expect(await check()).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('nothing would be granted'),
    })
    expect(cloud.world.roleAssignments).toEqual(before)
  })

  test.each([
    ['the role is gone', () => holds(cloud, { role: roles.reader }), 'role, calls'],
    [
      'keys work again',
      () => {
        holds(cloud, { role: roles.user }, { role: roles.reader })
        account(cloud).disableLocalAuth = false
      },
      'keys',
    ],
  ])('fails if %s', async (_when, arrange, drift) => {
    arrange()

    expect(await check()).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(`::error title=Drift::Not as it was: ${drift}\n`),
    })
  })
})

describe('the fleet', () => {
  const find = stepNamed(jobsOf('examples/fleet.yml').find?.steps ?? [], 'Find the resources')
  const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a'
  const found = (total: number) =>
    runScript(find, {
      env: {},
      programs: {
        jq,
        // `az graph` is an extension, which az asks for.
        az: `[ "$1" = rest ] || exit 2\nprintf '%s' "$9" > query.json\njq --exit-status '.options."$top" == 256' query.json > asked || exit 2\ncat <<'END'\n${JSON.stringify({ count: 1, totalRecords: total, data: [{ name: 'a', id }] })}\nEND`,
      },
    })

  test('becomes the targets of the matrix', () => {
    const { status, stdout, outputs } = found(1)

    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    expect(JSON.parse(outputs.targets ?? '')).toEqual([{ name: 'a', 'resource-id': id }])
  })

  test('that is too large for a matrix gets a warning', () => {
    expect(found(300)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('::warning title=Fleet::There are 300'),
    })
  })
})
