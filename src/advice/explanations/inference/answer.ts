import { inWords } from '../../../core/text/duration.ts'
import { isAnthropic } from '../../../services/inference/model-kind.ts'
import { accountOptions, inputs, show, statusPage, takeTurns } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, paragraph } from '../explanation.ts'
import { valuesOf } from '../values.ts'
import { showEndpoints } from './denial.ts'
import { gatewayOf, whereBehindGateway } from './gateways.ts'
import { anotherApi, modelOf } from './other-apis.ts'
import { calledAt, refusedRoute } from './refused-call.ts'

export const answerExplanations = {
  'inference-throttled': {
    title: 'The deployment throttles its callers',
    why: told =>
      paragraph(
        gatewayOf(told) === undefined
          ? `The quota of ${valuesOf(told).deployment} was used up for longer than this run waits.`
          : `It is ${gatewayOf(told)} that throttles: what it gives this caller was used up for longer than this run waits. The deployment itself was not asked.`,
        told.failure.retryAfterMs === undefined
          ? undefined
          : `It asks to be left alone for ${inWords(told.failure.retryAfterMs)}.`,
        'That is not a denial, but it does not prove access either.',
      ),
    unlike: 'A denial is `access-denied`; a service that is down, `inference-unavailable`.',
    fixes: told => [
      ...whereBehindGateway(
        told,
        gateway => `Raise what ${gateway} gives this caller, or run the job again when the period is over.`,
      ),
      show('See its capacity', 'cognitiveservices account deployment show', {
        ...accountOptions(valuesOf(told)),
        'deployment-name': valuesOf(told).deployment,
        query: '{sku:sku.name, capacity:sku.capacity}',
      }),
      takeTurns,
      advice('Raise the capacity of the deployment, or run the job again later.'),
    ],
  },
  'inference-unavailable': {
    title: 'The inference endpoint did not answer as expected',
    why: told =>
      paragraph(
        isClassicForOthers(told)
          ? 'The classic route serves the models of OpenAI only, and answers for the model of another maker with a failure of its own.'
          : 'It failed several times, with an error of its own.',
        calledAt(told),
      ),
    unlike:
      'Refusals (400 to 499) have their own codes; an answer that is not from the model is `answer-invalid`.',
    fixes: told => [
      ...(isClassicForOthers(told)
        ? anotherApi('Call it by a route for models of every maker', told, 'models', 'chat-completions')
        : []),
      statusPage,
    ],
  },
  'inference-rejected': {
    title: 'The inference endpoint refused the call',
    why: told =>
      paragraph('This action does not know the reason: see what the service said.', calledAt(told)),
    unlike: 'Refusals with a known cause have their own codes.',
    fixes: told => [
      advice('Look at what the service said, and at the inputs `api` and `endpoint`.'),
      showEndpoints(told),
    ],
  },
  'answer-invalid': {
    title: 'The endpoint answered, but not with an answer of the model',
    why: told =>
      paragraph(
        'The status is success, but the reply is not one that this API has just made: something between runner and service may have answered instead.',
        calledAt(told),
      ),
    unlike: 'A real answer that does not match `expect` is `answer-unexpected`.',
    fixes: told => [
      advice('Look at the reply, and look for a proxy or a gateway between runner and service.'),
      advice(
        'If a gateway or a cache on the way answers from memory, exempt this call: a remembered answer shows nothing about access now. A server that writes one id or one old time into every answer, as mocks do, looks the same: have it write them anew.',
        'Or',
      ),
      showEndpoints(told),
    ],
  },
  'answer-unexpected': {
    title: 'The model answered, and the answer does not match `expect`',
    why: () =>
      'Access works; only the text of the answer differs from what `expect` wants. Models do not always use the same words.',
    unlike: 'An answer that the content filter stopped is `content-filtered`.',
    fixes: () => [
      inputs('Ask for one word, and accept it capitalised or not', {
        prompt: 'Answer with the one word ready.',
        expect: '[Rr]eady',
      }),
      advice('Leave `expect` out: proof of access does not need it.', 'Or'),
    ],
  },
} satisfies Partial<Explanations<'inference'>>

const classicFailure = /backend returned unexpected response/i

function isClassicForOthers(told: ExplainContext): boolean {
  const format = modelOf(told)?.format
  const isOther = format === undefined ? classicFailure.test(told.failure.said.message) : format !== 'OpenAI'
  return refusedRoute(told)?.api === 'azure-openai' && isOther && !isAnthropic(format)
}
