import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Deployment } from '../world.ts'
import { parseBody } from './bodies.ts'
import type { Call } from './call.ts'
import { requireDeployment, requireOperation } from './deployments.ts'
import { modelHeaders } from './headers.ts'
import { partsOf } from './multipart.ts'
import { deploymentNotFound, invalidRequest } from './refusals.ts'

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

const formats = ['json', 'verbose_json', 'text']
/** The first bytes of the file formats that the models read. */
const sound = /^(ID3|\ufffd|RIFF|OggS|fLaC|.{4}ftyp)/s

/** `POST /openai/deployments/{deployment-id}/audio/transcriptions`: always the same text, whatever the recording says. */
export function createClassicTranscription(call: Call): ServiceReply {
  const deployment = requireDeployment(call.account, call.params.deployment ?? '')
  requireOperation(deployment, 'audio')
  requireKind(deployment, 'transcription')
  const parts = partsOf(call.headers['content-type'] ?? '', call.body)
  const file = parts.get('file')
  if (file === undefined)
    throw invalidRequest("Missing required parameter: 'file'.", 'file', 'missing_required_parameter')
  if (!sound.test(file))
    throw invalidRequest('Audio file might be corrupted or unsupported', 'file', 'invalid_value')
  const format = parts.get('response_format') ?? 'json'
  if (!formats.includes(format)) {
    const supported = formats.map(each => `'${each}'`).join(', ')
    throw invalidRequest(
      `Invalid value: '${format}'. Supported values are: ${supported}.`,
      'response_format',
      'invalid_value',
    )
  }
  const text = deployment.answer ?? 'This is the local cloud listening.'
  const headers = modelHeaders(deployment, 0)
  return format === 'text'
    ? { status: 200, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` }
    : { status: 200, headers, body: { text } }
}

/** `POST /openai/v1/audio/transcriptions`: finds no deployment. Live resources answer so. */
export function createTranscription(): ServiceReply {
  throw deploymentNotFound()
}

/**
 * Speech and transcription models list the same capability. Only the name tells them apart.
 * @throws Refusal
 */
function requireKind(deployment: Deployment, kind: 'speech' | 'transcription'): void {
  const speaks = /tts/i.test(deployment.model.name)
  if (speaks === (kind === 'speech')) return
  throw invalidRequest(`The model ${deployment.model.name} does not support ${kind}.`, 'model', null)
}

/** Half a second of silence: frames of MPEG 2, layer III, 24 kHz, 32 kbit/s, mono; 96 bytes for 24 milliseconds. */
function silence(): Buffer {
  const frame = Buffer.alloc(96)
  Buffer.from([0xff, 0xf3, 0x44, 0xc4]).copy(frame)
  return Buffer.concat(Array.from({ length: 21 }, () => frame))
}
