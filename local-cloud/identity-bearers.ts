import { accountId, subscriptionIdOf } from './scopes.ts'
import type { Application, Project, ResourceIdentity, World } from './world.ts'

/** Every system-assigned identity is one of the applications, where sign-in and authorization look. */
export function withSystemIdentities(world: World): World {
  for (const bearer of identityBearers(world)) {
    const systemAssigned = bearer.identity?.systemAssigned
    if (systemAssigned === undefined) continue
    const isKnown = world.applications.some(
      ({ servicePrincipal }) => servicePrincipal?.objectId === systemAssigned.principalId,
    )
    if (!isKnown) world.applications.push(systemIdentityOf(world, bearer, systemAssigned))
  }
  return world
}

/** A resource that can have identities. */
interface IdentityBearer {
  /** Resource id. */
  id: string
  identity: ResourceIdentity | undefined
}

/** Every resource of the world that can have identities. */
export function identityBearers(world: World): IdentityBearer[] {
  const ofAccounts = world.accounts.flatMap(({ projects, identity, ...account }) => {
    const id = accountId(account)
    return [
      { id, identity },
      ...projects.flatMap(project => [
        { id: `${id}/projects/${project.name}`, identity: project.identity },
        ...publishedAgents(`${id}/projects/${project.name}`, project),
      ]),
    ]
  })
  return [...ofAccounts, ...world.resources.map(({ id, identity }) => ({ id, identity }))]
}

/** Their identities are principals, like those of resources. */
const publishedAgents = (projectId: string, { agents = [] }: Project): IdentityBearer[] =>
  agents
    .filter(({ identity }) => identity !== undefined)
    .map(({ name, identity }) => ({
      id: `${projectId}/applications/${name}`,
      identity: identity && { systemAssigned: identity },
    }))

/** The principal of a system-assigned identity. */
export function systemIdentityOf(
  world: World,
  { id }: Pick<IdentityBearer, 'id'>,
  { principalId, clientId }: NonNullable<ResourceIdentity['systemAssigned']>,
): Application {
  const subscription = world.subscriptions.find(known => known.id === subscriptionIdOf(id))
  return {
    kind: 'managedIdentity',
    displayName: id.split('/').at(-1) ?? id,
    clientId,
    tenantId: subscription?.tenantId ?? '',
    objectId: principalId,
    servicePrincipal: { objectId: principalId, enabled: true },
    resourceId: id,
    federatedCredentials: [],
  }
}
