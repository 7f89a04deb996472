import { onePage } from '../../../src/services/inference/one-page.ts'
import { toneOfASecond } from '../../../src/services/inference/tone.ts'

/** What the action sends of its own making, checked against the formats. */

test('the tone is a WAVE file of one second', () => {
  const bytes = Buffer.from(toneOfASecond())
  const text = (from: number, to: number) => bytes.toString('latin1', from, to)
  const [rate, bytesASecond] = [bytes.readUInt32LE(24), bytes.readUInt32LE(28)]

  expect([text(0, 4), text(8, 16), text(36, 40)]).toEqual(['RIFF', 'WAVEfmt ', 'data'])
  expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
  expect(bytes.readUInt32LE(16)).toBe(16)
  expect([bytes.readUInt16LE(20), bytes.readUInt16LE(22)]).toEqual([1, 1])
  expect([bytes.readUInt16LE(32), bytes.readUInt16LE(34)]).toEqual([2, 16])
  expect(bytesASecond).toBe(rate * 2)
  expect(bytes.readUInt32LE(40)).toBe(bytesASecond)
  expect(bytes).toHaveLength(44 + bytesASecond)
})

test('the tone is audible: it has 440 periods', () => {
  const bytes = Buffer.from(toneOfASecond())
  const samples = Array.from({ length: (bytes.length - 44) / 2 }, (_, index) =>
    bytes.readInt16LE(44 + index * 2),
  )
  const rises = samples.filter((sample, index) => sample >= 0 && (samples[index - 1] ?? 0) < 0)

  expect(Math.max(...samples)).toBeGreaterThan(10_000)
  expect(rises).toHaveLength(439)
})

test('the page is a PDF: its table has the offset of every object and of itself', () => {
  const text = onePage('Ready')
  const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1])
  const [, count = 0, table = ''] =
    /^xref\n0 (\d+)\n((?:\d{10} \d{5} [fn] \n)+)trailer/.exec(text.slice(start)) ?? []
  const entries = table.split('\n').filter(line => line !== '')

  expect(text).toMatch(/^%PDF-1\.4\n/)
  expect(entries).toHaveLength(Number(count))
  for (const [number, entry] of entries.entries()) {
    if (number > 0) expect(text.slice(Number(entry.slice(0, 10)))).toMatch(new RegExp(`^${number} 0 obj\n`))
  }
  const [, length, stream = ''] = /\/Length (\d+) >>\nstream\n(.*)\nendstream/.exec(text) ?? []
  expect(stream).toHaveLength(Number(length))
  expect(stream).toContain('(Ready) Tj')
})
