import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Deployment } from '../world.ts'
import { optional, parseBody, tokenCount } from './bodies.ts'
import { requireDeployment, requireOperation } from './deployments.ts'
import { modelHeaders } from './headers.ts'
import { tokenize } from './model.ts'
import type { Call } from './pipeline.ts'
import { invalidRequest } from './refusals.ts'
import { base64Of, canShorten, vectorOf, vectorSize } from './vectors.ts'

const tokenIds = v.array(v.number())

const embeddingRequest = v.looseObject({
  input: v.union([v.string(), v.array(v.string()), tokenIds, v.array(tokenIds)]),
  dimensions: tokenCount(1),
  encoding_format: optional(v.string()),
})

type Input = v.InferOutput<typeof embeddingRequest>['input']

/** `POST /openai/v1/embeddings`: the deployment is named in the body. */
export function createEmbeddings(call: Call): ServiceReply {
  const { model } = parseBody(v.looseObject({ model: v.string() }), call.body)
  return embed(call, requireDeployment(call.account, model))
}

/** `POST /openai/deployments/{deployment-id}/embeddings` */
export function createClassicEmbeddings(call: Call): ServiceReply {
  return embed(call, requireDeployment(call.account, call.params.deployment ?? ''))
}

export function embed(call: Call, deployment: Deployment): ServiceReply {
  requireOperation(deployment, 'embeddings')
  const request = parseBody(embeddingRequest, call.body)
  const inputs = separateInputs(request.input)
  const { name } = deployment.model
  const dimensions = requireDimensions(name, request.dimensions ?? undefined)
  const encode = encoder(request.encoding_format)

  const tokens = inputs.reduce((sum, { tokenCount }) => sum + tokenCount, 0)
  return {
    status: 200,
    headers: modelHeaders(deployment, tokens),
    body: {
      object: 'list',
      data: inputs.map(({ text }, index) => ({
        object: 'embedding',
        index,
        embedding: encode(vectorOf(name, text, dimensions)),
      })),
      model: name,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
  }
}

interface EmbeddingInput {
  text: string
  tokenCount: number
}

/**
 * One entry a vector: numbers in a row are the tokens of a single input.
 * @throws Refusal for an input without content
 */
function separateInputs(input: Input): EmbeddingInput[] {
  const list = typeof input === 'string' ? [input] : input
  const [first] = list
  const separate = typeof first === 'number' ? [list] : list
  const inputs = separate.map(entry =>
    typeof entry === 'string'
      ? { text: entry, tokenCount: tokenize(entry).length }
      : { text: String(entry), tokenCount: Array.isArray(entry) ? entry.length : 1 },
  )
  if (inputs.length === 0 || inputs.some(({ text }) => text === '')) {
    throw invalidRequest(
      "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
      null,
      null,
    )
  }
  return inputs
}

/** @throws Refusal where the model cannot make vectors of that length */
function requireDimensions(modelName: string, dimensions: number | undefined): number | undefined {
  if (dimensions === undefined) return undefined
  if (!canShorten(modelName))
    throw invalidRequest('This model does not support specifying dimensions.', null, null)
  if (dimensions > vectorSize(modelName)) {
    throw invalidRequest(
      `Invalid value for 'dimensions' = ${dimensions}. Must be less than or equal to ${vectorSize(modelName)}.`,
      null,
      null,
    )
  }
  return dimensions
}

/** @throws Refusal for a format that is neither `float` nor `base64` */
function encoder(format: string | null | undefined): (vector: number[]) => number[] | string {
  switch (format ?? 'float') {
    case 'float':
      return vector => vector
    case 'base64':
      return base64Of
    default:
      throw invalidRequest(
        `Invalid value: '${format}'. Supported values are: 'float' and 'base64'.`,
        'encoding_format',
        'invalid_value',
      )
  }
}
