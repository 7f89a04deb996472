import type { Readable } from 'node:stream'
import { errorCode, errorText, NetworkFailure, responseTooLarge, unknownEncoding } from './network-failure.ts'

/** A list of role assignments is the largest reply: some 1 kB per assignment, a few thousand at most. */
const maxBodyBytes = 8 * 1024 * 1024

/** @throws NetworkFailure if the body is larger than any reply; the stream's error if it breaks off */
export function readBounded(body: Readable, host: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    body.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size > maxBodyBytes) body.destroy(tooLarge(host))
    })
    body.once('end', () => resolve(Buffer.concat(chunks)))
    body.once('error', reject)
  })
}

const tooLarge = (host: string) =>
  new NetworkFailure(responseTooLarge, host, `${host} sent more than ${maxBodyBytes} bytes`)

const decoders = { gzip: 'gunzipSync', deflate: 'inflateSync', br: 'brotliDecompressSync' } as const
const isKnownEncoding = (name: string): name is keyof typeof decoders => Object.hasOwn(decoders, name)

/**
 * The text of a body. We ask for plain text, but some proxies and gateways compress it anyway.
 * @param encoding Value of `content-encoding`.
 * @throws NetworkFailure if it cannot be read
 */
export async function decode(bytes: Buffer, encoding = 'identity', host: string): Promise<string> {
  const name = encoding.trim().toLowerCase().replace(/^x-/, '')
  if (name === 'identity' || name === '' || bytes.length === 0) return textOf(bytes)
  if (!isKnownEncoding(name))
    throw new NetworkFailure(unknownEncoding, host, `${host} sent its reply in the encoding ${encoding}`)
  // Hardly ever needed, and never before the first reply.
  const zlib = await import('node:zlib')
  try {
    return textOf(zlib[decoders[name]](bytes, { maxOutputLength: maxBodyBytes }))
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(host)
    throw new NetworkFailure(code, host, `${host} sent a body that is not ${name}: ${errorText(error)}`)
  }
}

/**
 * Everything that we request is UTF-8; a gateway in between may use another encoding, and marks it with the first two bytes.
 */
function textOf(bytes: Buffer): string {
  const mark = bytes.toString('hex', 0, 2)
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}
