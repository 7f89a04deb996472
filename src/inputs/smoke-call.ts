import { isHostOfAzure, opensMicrosoft } from '../azure/clouds.ts'
import { isDatedVersion } from '../azure/endpoint.ts'
import { guidPattern } from '../azure/resource-id.ts'
import type { Settings, Target } from '../gate/settings.ts'
import { parseExpression, wholeNumber } from './formats.ts'
import { type Problem, quoted, type Reader } from './reader.ts'

/** The inputs that decide what the call says. */
export const readContent = (
  reader: Reader,
): Pick<Settings['smoke'], 'prompt' | 'maxOutputTokens' | 'expect'> => ({
  prompt: reader.text('prompt') ?? 'Answer with the one word ready.',
  maxOutputTokens: reader.parsed('max-output-tokens', wholeNumber(1, 4096)) ?? 16,
  expect: reader.parsed('expect', parseExpression),
})

/** With a token for a gateway, inputs about roles and keys are refused: the call says nothing about the resource behind it. */
export function readTokenAudience(reader: Reader, place: Target): string | undefined {
  const audience = reader.parsed('token-audience', parseAudience)
  if (audience === undefined || place.endpoint === '') return audience
  if (place.kind !== 'endpoint')
    reader.refuse(
      'token-audience',
      'is for a gateway, so it goes with `endpoint` alone: a call with such a token proves nothing about a resource. Gate the resource in a separate step',
    )
  else if (isHostOfAzure(new URL(place.endpoint).hostname))
    reader.refuse('token-audience', 'is for a gateway, but the host of `endpoint` belongs to Azure')
  if (reader.text('retired-key') !== undefined)
    reader.refuse(
      'retired-key',
      'is a key of the resource, but the call would go to the gateway, whose answer says nothing about that key',
    )
  return audience
}

function parseAudience(text: string): string | Problem {
  const audience = text.replace(/\/\.default$/, '')
  if (!guidPattern.test(audience) && !/^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]+$/i.test(audience))
    return { problem: 'is not an audience such as `api://NAME` or a GUID' }
  return opensMicrosoft(audience)
    ? { problem: 'is the audience of a Microsoft service: a token for it must not reach a gateway' }
    : audience
}

export function parseVersion(text: string): string | Problem {
  return isDatedVersion(text)
    ? text
    : { problem: 'is not a version such as `2024-10-21` or `2025-04-01-preview`' }
}

/** @param other The version in the address in `endpoint`. */
export function requireOneVersion(
  reader: Reader,
  given: string | undefined,
  other: string | undefined,
): void {
  if (given === undefined || other === undefined || given === other) return
  reader.refuse(
    'api-version',
    `is ${quoted(given)}, and \`endpoint\` says ${quoted(other)}; remove one of the two`,
  )
}
