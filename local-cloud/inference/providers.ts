import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Account, Deployment } from '../world.ts'
import { optional, parseBody } from './bodies.ts'
import type { Call } from './call.ts'
import { requireOperation, servedDeployment } from './deployments.ts'
import { modelHeaders } from './headers.ts'
import { invalidRequest, unknownModel } from './refusals.ts'

/** Routes in the format of the model's maker. */

const rerankRequest = v.looseObject({
  model: v.string(),
  query: v.pipe(v.string(), v.nonEmpty()),
  documents: v.pipe(v.array(v.union([v.string(), v.looseObject({ text: v.string() })])), v.nonEmpty()),
  top_n: optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
})

/** `POST /providers/cohere/v2/rerank`: the document that shares the longest beginning with the query ranks first. */
export function rerank(call: Call): ServiceReply {
  const { model, query, documents, top_n } = parseBody(rerankRequest, call.body)
  const deployment = requireModel(call.account, model)
  requireOperation(deployment, 'rerank')
  const results = documents
    .map((document, index) => ({
      index,
      relevance_score: likeness(query, typeof document === 'string' ? document : document.text),
    }))
    .toSorted((a, b) => b.relevance_score - a.relevance_score)
  return {
    status: 200,
    headers: modelHeaders(deployment, 0),
    body: {
      id: randomUUID(),
      results: results.slice(0, top_n ?? results.length),
      meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
    },
  }
}

function likeness(query: string, text: string): number {
  const [a, b] = [query.toLowerCase(), text.toLowerCase()]
  const common = [...a].findIndex((character, index) => character !== b[index])
  return (common < 0 ? a.length : common) / Math.max(a.length, b.length)
}

const ocrRequest = v.looseObject({
  model: v.string(),
  document: v.union([
    v.looseObject({ type: v.literal('document_url'), document_url: v.string() }),
    v.looseObject({ type: v.literal('image_url'), image_url: v.string() }),
  ]),
})

/** `POST /providers/mistral/azure/ocr`: one page, with the answer that the seed gives the model. */
export function recognize(call: Call): ServiceReply {
  const { model, document } = parseBody(ocrRequest, call.body)
  const deployment = requireModel(call.account, model)
  requireOperation(deployment, 'ocr')
  const url = document.type === 'document_url' ? document.document_url : document.image_url
  // URLs are not fetched: a document must be in the request.
  if (!/^data:[\w/+.-]+;base64,[\w+/]+=*$/.test(url))
    throw invalidRequest('Only base64 encoded documents are supported.', 'document', null)
  const bytes = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
  return {
    status: 200,
    headers: modelHeaders(deployment, 0),
    body: {
      pages: [
        {
          index: 0,
          markdown: deployment.answer ?? 'This is the local cloud speaking.',
          images: [],
          dimensions: { dpi: 200, height: 278, width: 556 },
        },
      ],
      model: deployment.model.name,
      document_annotation: null,
      usage_info: { pages_processed: 1, doc_size_bytes: bytes.length },
    },
  }
}

function requireModel(account: Account, name: string): Deployment {
  const deployment = servedDeployment(account, name)
  if (!deployment) throw unknownModel(name)
  return deployment
}
