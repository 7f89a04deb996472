import { crc32, deflateSync } from 'node:zlib'
import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Deployment } from '../world.ts'
import { optional, parseBody } from './bodies.ts'
import type { Call } from './call.ts'
import { requireHarmless } from './content-filter.ts'
import { requireDeployment, requireOperation } from './deployments.ts'
import { modelHeaders } from './headers.ts'
import { invalidRequest, unknownModel } from './refusals.ts'

const imageRequest = v.looseObject({
  prompt: v.pipe(v.string(), v.nonEmpty()),
  n: optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10))),
  size: optional(v.string()),
  quality: optional(v.string()),
})

const sizes = ['auto', '1024x1024', '1024x1536', '1536x1024']
const qualities = ['auto', 'low', 'medium', 'high']

/** `POST /openai/v1/images/generations`: the deployment is named in the body. */
export function createImage(call: Call): ServiceReply {
  const { model } = parseBody(v.looseObject({ model: v.string() }), call.body)
  return draw(call, requireDeployment(call.account, model))
}

/** `POST /openai/deployments/{deployment-id}/images/generations` */
export function createClassicImage(call: Call): ServiceReply {
  return draw(call, requireDeployment(call.account, call.params.deployment ?? ''))
}

function draw(call: Call, deployment: Deployment): ServiceReply {
  requireOperation(deployment, 'imageGenerations')
  const request = parseBody(imageRequest, call.body)
  requireHarmless(request.prompt)
  requireOneOf('size', request.size, sizes)
  requireOneOf('quality', request.quality, qualities)
  return drawn(call, deployment, request.n ?? 1, {
    size: request.size ?? '1024x1024',
    quality: request.quality ?? 'high',
  })
}

/** @throws Refusal 400 for what the model does not take */
function requireOneOf(param: string, value: string | null | undefined, known: readonly string[]): void {
  if (typeof value !== 'string' || known.includes(value)) return
  const supported = known.map(each => `'${each}'`).join(', ')
  throw invalidRequest(
    `Invalid value: '${value}'. Supported values are: ${supported}.`,
    param,
    'invalid_value',
  )
}

const sized = v.looseObject({
  model: v.string(),
  prompt: v.pipe(v.string(), v.nonEmpty()),
  width: optional(v.pipe(v.number(), v.integer(), v.minValue(64))),
  height: optional(v.pipe(v.number(), v.integer(), v.minValue(64))),
})

/** `POST /providers/blackforestlabs/v1/{model}` and `POST /mai/v1/images/generations`, which take width and height. */
export function createImageOfMaker(call: Call): ServiceReply {
  const { model, prompt } = parseBody(sized, call.body)
  const deployment = call.account.deployments.find(({ name }) => name.toLowerCase() === model.toLowerCase())
  if (deployment === undefined) throw unknownModel(model)
  requireOperation(deployment, 'imageGenerations')
  requireHarmless(prompt)
  return drawn(call, deployment, 1, {})
}

function drawn(call: Call, deployment: Deployment, count: number, said: object): ServiceReply {
  return {
    status: 200,
    headers: modelHeaders(deployment, 0),
    body: {
      created: Math.floor(call.now / 1000),
      data: Array.from({ length: count }, () => ({ b64_json: onePixel().toString('base64') })),
      ...said,
    },
  }
}

/** A white PNG of one pixel, whatever the prompt. */
function onePixel(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])
  const pixels = deflateSync(Buffer.from([0, 255]))
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
