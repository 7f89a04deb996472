import { operations } from '../../inference/operations.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { gatewayError } from '../errors.ts'
import { sameName } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'

const COLLECTION = '/providers/Microsoft.Authorization/providerOperations'

interface Action {
  name: string
  isDataAction: boolean
}

/**
 * The actions that roles can name, as far as the local cloud serves them; Azure has many more. Azure's descriptions of them are
 * not repeated.
 */
export function providerOperationRoutes(gateway: Gateway): Route[] {
  function allActions(): Action[] {
    const control = [...gateway.actions].map(name => ({ name, isDataAction: false }))
    const data = Object.values(operations).map(({ dataAction }) => ({
      name: `Microsoft.CognitiveServices/accounts/${dataAction}`,
      isDataAction: true,
    }))
    return distinct([...control, ...data]).filter(({ name }) => /^Microsoft\.\w+\//.test(name))
  }

  function list(): ServiceReply {
    const actions = allActions()
    const namespaces = new Set(actions.map(({ name }) => namespaceOf(name)))
    return { status: 200, body: { value: [...namespaces].map(name => providerBody(name, actions)) } }
  }

  function get({ params }: Call): ServiceReply {
    const { namespace = '' } = params
    const actions = allActions()
    const known = actions.map(({ name }) => namespaceOf(name)).find(name => sameName(name, namespace))
    if (known) return { status: 200, body: providerBody(known, actions) }
    throw gatewayError(404, 'ProviderNotFound', `The provider '${namespace}' was not found.`)
  }

  return gateway.routes([
    ['providerOperations.list', 'GET', COLLECTION, 'ProviderOperationsMetadata_List', list],
    ['providerOperations.get', 'GET', `${COLLECTION}/{namespace}`, 'ProviderOperationsMetadata_Get', get],
  ])
}

const namespaceOf = (action: string) => action.split('/')[0] ?? ''
const typeOf = (action: string) => action.split('/').slice(1, -1).join('/')

const distinct = (actions: readonly Action[]) => [
  ...new Map(actions.map(action => [`${action.isDataAction} ${action.name}`, action])).values(),
]

function providerBody(namespace: string, actions: readonly Action[]) {
  const own = actions.filter(({ name }) => namespaceOf(name) === namespace)
  const types = new Set(own.map(({ name }) => typeOf(name)))
  return {
    id: `/providers/Microsoft.Authorization/providerOperations/${namespace}`,
    type: 'Microsoft.Authorization/providerOperations',
    name: namespace,
    displayName: namespace,
    resourceTypes: [...types].map(type => ({
      name: type,
      displayName: type,
      operations: own.filter(({ name }) => typeOf(name) === type).map(operationBody),
    })),
    operations: [],
  }
}

const operationBody = ({ name, isDataAction }: Action) => ({
  name,
  displayName: name,
  description: '',
  origin: 'user,system',
  properties: null,
  isDataAction,
})
