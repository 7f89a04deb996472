import { azLine, bash, show } from '../commands.ts'
import { advice, type Explanations } from '../explanation.ts'
import { valuesOf } from '../values.ts'

export const applicationExplanations = {
  'application-not-found': {
    title: 'The client id is not known in the tenant',
    why: told => {
      const { clientId, tenantId } = valuesOf(told)
      return `Entra finds no application ${clientId} in tenant ${tenantId}. One of the two ids is wrong. Usual mistakes: the object id instead of the client id, or the tenant of another subscription.`
    },
    unlike:
      'If the tenant does not exist either, the code is `tenant-not-found`; if the application is registered but has no service principal, `service-principal-missing`.',
    fixes: told => {
      const { clientId } = valuesOf(told)
      const query = '{name:displayName, clientId:appId, objectId:id}'
      return [
        show('See what the id belongs to (and which is its client id)', 'ad sp show', {
          id: clientId,
          query,
        }),
        show('See whether it is the object id of an app registration', 'ad app show', {
          id: clientId,
          query,
        }),
        show('List the client ids of your managed identities', 'identity list', {
          query: '[].{name:name, clientId:clientId, tenantId:tenantId}',
        }),
      ]
    },
  },
  'application-disabled': {
    title: 'The application is disabled',
    why: told => `Sign-in is switched off for the service principal of ${valuesOf(told).clientId}.`,
    unlike: 'A Conditional Access policy shows as `conditional-access-blocked`.',
    fixes: told => [
      bash(
        'Switch sign-in on again',
        azLine('ad sp update', { id: valuesOf(told).clientId, set: 'accountEnabled=true' }),
      ),
      advice('Somebody switched it off: ask why first, or use another identity.', 'Note'),
    ],
  },
  'application-not-assigned': {
    title: 'The identity is not assigned to the application that the token is for',
    why: () =>
      'The application that the token is for accepts only identities that are assigned to it. Azure Resource Manager and the models do not require that, so the audience is probably your own application.',
    unlike: 'An audience that the tenant does not know at all is `token-scope-invalid`.',
    fixes: () => [
      advice(
        'Check the inputs `cloud`, `authority-host` and `resource-manager-endpoint`: they decide what the token is for. If that is right, switch `Assignment required` off under Enterprise applications › Properties of that application, or assign the identity to it.',
      ),
    ],
  },
  'application-is-public-client': {
    title: 'The client id is that of a public client',
    why: told =>
      `A public client signs in people and cannot prove its own identity: Entra refuses a federated credential of ${valuesOf(told).clientId}. Either "Allow public client flows" is on for the app registration, or the client id is that of a tool, such as Azure CLI's own.`,
    unlike: 'A client id that the tenant does not know is `application-not-found`.',
    fixes: told => {
      const { clientId } = valuesOf(told)
      return [
        show('See what the client id belongs to', 'ad app show', {
          id: clientId,
          query: '{name:displayName, clientId:appId, publicClientFlows:isFallbackPublicClient}',
        }),
        bash(
          'If it is the pipeline’s own, switch public client flows off',
          azLine('ad app update', { id: clientId, set: 'isFallbackPublicClient=false' }),
        ),
      ]
    },
  },
  'service-principal-missing': {
    title: 'The application has no service principal in the tenant',
    why: told =>
      `The application ${valuesOf(told).clientId} is registered. It signs in and holds roles through its service principal, which does not exist.`,
    unlike: 'A client id that is not registered at all is `application-not-found`.',
    fixes: told => [bash('Create it', azLine('ad sp create', { id: valuesOf(told).clientId }))],
  },
} satisfies Partial<Explanations<'entra'>>
