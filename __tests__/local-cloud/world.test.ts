import { defaultWorld } from '../../local-cloud/default-world.ts'
import { parseSeed } from '../../local-cloud/seed.ts'

const [account] = defaultWorld.accounts
const group = `/subscriptions/${account?.subscriptionId}/resourceGroups/${account?.resourceGroup}`
const app = {
  id: `${group}/providers/Microsoft.App/containerApps/shop`,
  location: 'swedencentral',
  identity: {
    systemAssigned: {
      principalId: '0a6e1c3f-5d28-4b97-8e04-c91f7d23a6b8',
      clientId: '1b7f2d40-6e39-4ca8-9f15-da208e34b7c9',
    },
  },
}

test('every identity in a seed has a service principal in the tenant', () => {
  const before = parseSeed(defaultWorld).applications
  const { applications } = parseSeed({ ...defaultWorld, resources: [app] })
  expect(applications).toEqual([
    ...before,
    expect.objectContaining({
      kind: 'managedIdentity',
      displayName: 'shop',
      clientId: app.identity.systemAssigned.clientId,
      tenantId: defaultWorld.tenants[0]?.id,
      servicePrincipal: { objectId: app.identity.systemAssigned.principalId, enabled: true },
      resourceId: app.id,
    }),
  ])
})

test('a world survives writing and reading', () => {
  const projects = ['shop', { name: 'store', identity: app.identity }]
  const accounts = defaultWorld.accounts.map(each => ({ ...each, projects }))
  const world = parseSeed({ ...defaultWorld, accounts })
  expect(world.accounts[0]?.projects).toEqual([{ name: 'shop' }, projects[1]])
  expect(parseSeed(JSON.parse(JSON.stringify(world)))).toEqual(world)
})

const trust = { name: 'x', issuer: 'https://issuer.example', audiences: ['a'] }

test.each([
  { ...trust },
  { ...trust, subject: 's', claimsMatchingExpression: { value: "claims['sub'] eq 's'" } },
])('a credential with both a subject and an expression, or neither, is refused: %j', credential => {
  const [first, ...others] = defaultWorld.applications
  const applications = [{ ...first, federatedCredentials: [credential] }, ...others]
  expect(() => parseSeed({ ...defaultWorld, applications })).toThrow(
    /either a subject or a claimsMatchingExpression/,
  )
})
