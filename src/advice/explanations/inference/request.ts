import { accountOptions, inputs, show } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from '../explanation.ts'
import { valuesOf } from '../values.ts'
import { showEndpoints } from './denial.ts'
import { listDeployments } from './deployments.ts'
import { anotherApi, otherApis } from './other-apis.ts'
import { accessIsFine, calledAt, refusedCall } from './refused-call.ts'

export const requestExplanations = {
  'operation-unsupported': {
    title: 'The model does not serve this API',
    why: told =>
      paragraph(
        'The deployment exists, but its model does not serve this kind of call.',
        calledAt(told),
        accessIsFine,
      ),
    unlike:
      'A missing path is `endpoint-not-found`; a parameter that the model does not take, `parameter-unsupported`.',
    fixes: told => [...otherApis(told), listDeployments(told)],
  },
  'api-version-unsupported': {
    title: 'The endpoint does not take this API version',
    why: told => paragraph('The resource does not know this route in this version.', calledAt(told)),
    unlike: 'An API that the model does not serve is `operation-unsupported`.',
    fixes: told => [
      ...anotherApi('Use an API that needs no version', told, 'chat-completions', 'responses'),
      advice('Set `api-version` to the version that your own calls use.', 'Or'),
      showEndpoints(told),
    ],
  },
  'parameter-unsupported': {
    title: 'The model does not take the request as it is',
    about:
      'The model refuses a parameter, or its value. The gate adapts by itself if the refusal is about the name or the size of the token budget.',
    why: told =>
      paragraph(
        adaptationsOf(told).length === 0
          ? 'The model refused a parameter, or its value, and the gate knows no other way to ask.'
          : `The gate adapted the request to what the model asked for (${adaptationsOf(told).join('; ')}), and the model refused it again.`,
        told.failure.details?.parameter && `The parameter is ${told.failure.details.parameter}.`,
        accessIsFine,
      ),
    unlike: 'An API that the model does not serve at all is `operation-unsupported`.',
    fixes: told => [
      ...moreRoom(told),
      ...anotherApi('Use another API', told, 'responses', 'chat-completions'),
      advice(
        "The model needs requests in its own form: prove access with another deployment of the resource, and look up the parameters in the vendor's documentation.",
        'If none of these helps',
      ),
    ],
  },
  'content-filtered': {
    title: 'The content filter stopped the smoke call',
    why: () => `It stopped the prompt or the answer. ${accessIsFine}`,
    unlike: 'An answer that does not match `expect` is `answer-unexpected`.',
    fixes: told => [
      inputs('Ask something simpler', { prompt: 'Answer with the one word ready.' }),
      inputs('Ask something else', { prompt: 'What is two plus two?' }),
      show('See which filter the deployment has', 'cognitiveservices account deployment show', {
        ...accountOptions(valuesOf(told)),
        'deployment-name': valuesOf(told).deployment,
        query: '{filter:properties.raiPolicyName}',
      }),
    ],
  },
} satisfies Partial<Explanations<'inference'>>

/** The changes that the run made to its request before the final refusal. */
const adaptationsOf = (told: ExplainContext) => refusedCall(told)?.adaptations ?? []

function moreRoom({ failure }: ExplainContext): Fix[] {
  const isAboutBudget =
    /tokens/.test(failure.details?.parameter ?? '') || /output limit/i.test(failure.said.message)
  return (isAboutBudget ? ['2048', '4096'] : []).map(tokens =>
    inputs('Give the model more room', { 'max-output-tokens': tokens }),
  )
}
