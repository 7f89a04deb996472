import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Deployment } from '../world.ts'
import { parseBody } from './bodies.ts'
import { requireDeployment, requireOperation } from './deployments.ts'
import { modelHeaders } from './headers.ts'
import type { Call } from './pipeline.ts'
import { invalidRequest } from './refusals.ts'

const speechRequest = v.looseObject({
  input: v.pipe(v.string(), v.nonEmpty()),
  voice: v.union([v.string(), v.looseObject({})]),
})

/** `POST /openai/v1/audio/speech`: the deployment is named in the body. */
export function createSpeech(call: Call): ServiceReply {
  const { model } = parseBody(v.looseObject({ model: v.string() }), call.body)
  return speak(call, requireDeployment(call.account, model))
}

/** `POST /openai/deployments/{deployment-id}/audio/speech` */
export function createClassicSpeech(call: Call): ServiceReply {
  return speak(call, requireDeployment(call.account, call.params.deployment ?? ''))
}

function speak(call: Call, deployment: Deployment): ServiceReply {
  requireOperation(deployment, 'audio')
  requireKind(deployment, 'speech')
  parseBody(speechRequest, call.body)
  return {
    status: 200,
    headers: { ...modelHeaders(deployment, 0), 'content-type': 'audio/mpeg' },
    body: silence(),
  }
}

/** Both kinds of audio model list the same capability; only their names tell which way they go. @throws Refusal */
function requireKind(deployment: Deployment, kind: 'speech' | 'transcription'): void {
  const speaks = /tts/i.test(deployment.model.name)
  if (speaks === (kind === 'speech')) return
  throw invalidRequest(`The model ${deployment.model.name} does not support ${kind}.`, 'model', null)
}

/** Half a second of nothing: frames of MPEG 2, layer III, 24 kHz, 32 kbit/s, mono; 96 bytes for 24 milliseconds. */
function silence(): Buffer {
  const frame = Buffer.alloc(96)
  Buffer.from([0xff, 0xf3, 0x44, 0xc4]).copy(frame)
  return Buffer.concat(Array.from({ length: 21 }, () => frame))
}
