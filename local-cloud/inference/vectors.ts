import { createHash } from 'node:crypto'

/** Length of the vectors of a model. */
export function vectorSize(modelName: string): number {
  if (/text-embedding-3-large/i.test(modelName)) return 3072
  if (/text-embedding/i.test(modelName)) return 1536
  return 1024
}

/** Only the third generation can shorten its vectors. */
export const canShorten = (modelName: string) => /text-embedding-3/i.test(modelName)

/**
 * A unit vector that follows from model and text alone. A shorter one is the beginning of the full one, scaled to length one, as
 * in the real models.
 */
export function vectorOf(modelName: string, text: string, dimensions = vectorSize(modelName)): number[] {
  const random = pseudoRandom(createHash('sha256').update(`${modelName}\n${text}`).digest().readUInt32LE())
  const raw = Array.from({ length: dimensions }, () => random() - 0.5)
  const length = Math.hypot(...raw)
  return raw.map(value => value / length)
}

/** The bytes of 32-bit floats, little-endian: `encoding_format: base64`. */
export const base64Of = (vector: readonly number[]) =>
  Buffer.from(new Float32Array(vector).buffer).toString('base64')

/** mulberry32: the seed decides the numbers, which are in [0, 1). */
function pseudoRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
