const rate = 8000
const hertz = 440
/** A third of the maximum volume. */
const loudness = 0x2aaa

/** A second of a tone as WAVE: 8,000 samples of 16 bits, one channel. */
export function toneOfASecond(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + rate * 2)
  const view = new DataView(bytes.buffer)
  const name = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at)
  name(0, 'RIFF')
  view.setUint32(4, bytes.length - 8, true)
  name(8, 'WAVEfmt ')
  // Length of the format: plain samples, one channel, rate, bytes a second, bytes and bits a sample.
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, rate, true)
  view.setUint32(28, rate * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  name(36, 'data')
  view.setUint32(40, rate * 2, true)
  for (let index = 0; index < rate; index += 1) {
    view.setInt16(44 + index * 2, loudness * Math.sin((2 * Math.PI * hertz * index) / rate), true)
  }
  return bytes
}
