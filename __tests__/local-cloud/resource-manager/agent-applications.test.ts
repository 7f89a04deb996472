import {
  ACCOUNT,
  ADMIN,
  PIPELINE,
  type ResourceManagerFixture,
  ROLES,
  STRANGER,
  startResourceManager,
  TENANT,
} from './fixture.ts'

let arm: ResourceManagerFixture
const identity = {
  principalId: '0c8e4b1a-6d25-4f97-9b30-7a1d52e8c640',
  clientId: 'f1a9d3c7-28b4-4e60-8c15-03b7e6d9a284',
}
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => {
  arm.reset()
  const [project] = arm.world.accounts[0]?.projects ?? []
  if (project === undefined) throw new Error('There is a project')
  project.agents = [
    { name: 'helper', model: 'chat', identity },
    { name: 'draft', model: 'chat' },
  ]
})
afterAll(() => arm.close())

const applications = `${ACCOUNT}/projects/shop/applications`
const asked = (target: string, as = ADMIN) => arm.ask(`${target}?api-version=2026-03-01`, { as })

test('a published agent is an application of its project, with its own identity', async () => {
  expect(await asked(`${applications}/HELPER`)).toMatchObject({
    status: 200,
    body: {
      id: `${applications}/helper`,
      type: 'Microsoft.CognitiveServices/accounts/projects/applications',
      properties: {
        agents: [{ agentName: 'helper' }],
        defaultInstanceIdentity: { ...identity, tenantId: TENANT, kind: 'AgentInstance' },
      },
    },
  })
})

test('published agents are listed, drafts are not', async () => {
  expect(await asked(applications)).toMatchObject({ status: 200, body: { value: [{ name: 'helper' }] } })
})

test.each([`${applications}/draft`, `${ACCOUNT}/projects/none/applications/helper`])(
  '%s is not there',
  async target => {
    expect(await asked(target)).toMatchObject({ status: 404, body: { error: { code: 'ResourceNotFound' } } })
  },
)

test('a caller without the right to read it gets 403', async () => {
  expect((await asked(`${applications}/helper`, STRANGER)).status).toBe(403)
  arm.grant(PIPELINE, ROLES.reader, ACCOUNT)
  expect((await asked(`${applications}/helper`, PIPELINE)).status).toBe(200)
})
