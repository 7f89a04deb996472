import type { Context } from '../../context.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { AsyncOperation } from '../async-operations.ts'
import { gatewayError } from '../errors.ts'
import { type Call, type Gateway, queryParameter } from '../gateway.ts'
import { LOCATION_PATH, PROVIDER } from './account-access.ts'

/** The version in the addresses of running operations (recordings). */
const VERSION = 'api-version=2017-04-18'

const addressOf = ({ endpoints }: Context, location: string, { id, subscriptionId }: AsyncOperation) =>
  `${endpoints.resourceManager}/subscriptions/${subscriptionId}/providers/${PROVIDER}/locations/${encodeURIComponent(location)}` +
  `/operationResults/${id}?${VERSION}`

/** Where the caller polls the state of its operation. */
export function asyncHeaders(context: Context, location: string, operation: AsyncOperation) {
  return { 'azure-asyncoperation': addressOf(context, location, operation) }
}

/** The same for a 202, which has a second address for the operation's result. */
export function acceptedHeaders(context: Context, location: string, operation: AsyncOperation) {
  const address = addressOf(context, location, operation)
  return { 'azure-asyncoperation': address, location: `${address}&operationResultResponseType=Location` }
}

/** The state of writes that take a while. */
export function operationResultRoutes(gateway: Gateway): Route[] {
  const { operations } = gateway

  function get({ params, request }: Call): ServiceReply {
    const operation = operations.find(params.subscription ?? '', params.operation ?? '')
    if (!operation) throw gatewayError(404, 'NotFound', `The operation '${params.operation}' was not found.`)
    const isDone = operations.isDone(operation)
    if (queryParameter(request.url, 'operationResultResponseType') === 'Location') {
      return { status: isDone ? 200 : 202 }
    }
    return { status: 200, body: operationBody(request.url.pathname, operation, isDone) }
  }

  return gateway.routes([
    [
      'operationResults.get',
      'GET',
      `${LOCATION_PATH}/operationResults/{operation}`,
      'recordings of az: cognitiveservices, test_cognitiveservices_deployment',
      get,
    ],
  ])
}

const seconds = (ms: number) => new Date(ms).toISOString().replace(/\.\d+/, '')

function operationBody(id: string, { id: name, doing, startedAt, endsAt }: AsyncOperation, isDone: boolean) {
  const startTime = seconds(startedAt)
  if (!isDone) return { id, name, status: doing, startTime }
  return { id, name, status: 'Succeeded', startTime, endTime: seconds(endsAt) }
}
