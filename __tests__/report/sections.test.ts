import fc from 'fast-check'
import { fitted } from '../../src/report/sections.ts'

const a = { name: 'a', text: 'aaaa' }
const b = { name: 'b', text: 'bbbb', expendable: 1 }
const c = { name: 'c', text: 'cccc', expendable: 2 }

test('what fits stays as it is, in its order, and empty sections leave no gap', () => {
  expect(fitted([c, a, { name: 'none', text: '' }, b], 100)).toBe('cccc\n\naaaa\n\nbbbb')
})

test('the most expendable goes first, and is named', () => {
  const long = { ...c, text: 'c'.repeat(200) }

  expect(fitted([long, a, b], 150)).toBe(
    'aaaa\n\nbbbb\n\nLeft out here, for it would be too long: c. The JSON report has all of it.',
  )
})

test('what must stay, stays', () => {
  expect(fitted([a, b, c], 1)).toBe(
    'aaaa\n\nLeft out here, for it would be too long: c, b. The JSON report has all of it.',
  )
})

test('whatever fits without its expendable parts, fits; sections are there whole or not at all', () => {
  const section = fc.record({
    name: fc.constantFrom('x', 'y', 'z'),
    text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 }),
    expendable: fc.nat(5),
  })
  fc.assert(
    fc.property(
      fc.array(section, { maxLength: 12 }),
      fc.integer({ min: 150, max: 2000 }),
      (sections, maxBytes) => {
        const text = fitted([a, ...sections], maxBytes)

        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes)
        const whole = ['aaaa', ...sections.map(section => section.text)].join('\n\n')
        if (Buffer.byteLength(whole) <= maxBytes) expect(text).toBe(whole)
      },
    ),
  )
})
