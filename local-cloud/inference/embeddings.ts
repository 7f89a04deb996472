import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Deployment } from '../world.ts'
import { optional, parseBody, parseKnown, tokenCount, unrecognizedArguments } from './bodies.ts'
import type { Call } from './call.ts'
import { requireDeployment, requireOperation } from './deployments.ts'
import { modelHeaders } from './headers.ts'
import { tokenize } from './model.ts'
import { invalidRequest } from './refusals.ts'
import { base64Of, canShorten, vectorOf, vectorSize } from './vectors.ts'

const MOST_INPUTS = 2048

const tokenIds = v.array(v.number())

export const embeddingRequest = v.looseObject({
  model: optional(v.string()),
  input: v.pipe(
    v.union([v.string(), v.array(v.string()), tokenIds, v.array(tokenIds)]),
    v.maxLength(MOST_INPUTS),
  ),
  dimensions: tokenCount(1),
  encoding_format: optional(v.picklist(['float', 'base64'])),
  user: optional(v.string()),
})

type EmbeddingRequest = v.InferOutput<typeof embeddingRequest>

type Input = EmbeddingRequest['input']

/** `POST /openai/v1/embeddings`: the deployment is named in the body. */
export function createEmbeddings(call: Call): ServiceReply {
  const { model } = parseBody(v.looseObject({ model: v.string() }), call.body)
  return embed(call, requireDeployment(call.account, model))
}

/** `POST /openai/deployments/{deployment-id}/embeddings` */
export function createClassicEmbeddings(call: Call): ServiceReply {
  return embed(call, requireDeployment(call.account, call.params.deployment ?? ''))
}

const parseEmbedding = (body: string) => parseKnown(embeddingRequest, body, unrecognizedArguments)

export function embed(call: Call, deployment: Deployment, parse = parseEmbedding): ServiceReply {
  requireOperation(deployment, 'embeddings')
  const request = parse(call.body)
  const inputs = separateInputs(request.input)
  const { name } = deployment.model
  const dimensions = requireDimensions(name, request.dimensions ?? undefined)
  const encode = request.encoding_format === 'base64' ? base64Of : (vector: number[]) => vector

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
 * One vector per entry. A row of numbers is the tokens of a single input.
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

/** @throws Refusal if the model has no vectors of that length */
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
