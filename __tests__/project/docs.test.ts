import { withGenerated } from '../../scripts/docs.ts'

const table = { path: 'PAGE.md', marker: 'table', generate: () => 'new' }

test('a generated text replaces only the text between its markers', () => {
  const page = '# Page\n<!-- table -->\nold\n<!-- /table -->\n\nend <!-- /table -->\n'

  expect(withGenerated(page, table)).toBe(
    '# Page\n<!-- table -->\n\nnew\n\n<!-- /table -->\n\nend <!-- /table -->\n',
  )
})

test('generating twice changes nothing the second time', () => {
  const once = withGenerated('<!-- table --><!-- /table -->', table)

  expect(withGenerated(once, table)).toBe(once)
})

test.each(['', '<!-- table -->', '<!-- /table --><!-- table -->'])(
  'a page without both markers, in order, is refused: %j',
  page => {
    expect(() => withGenerated(page, table)).toThrow(
      'PAGE.md must have <!-- table --> and, below it, <!-- /table -->',
    )
  },
)

test('a text without a marker is the whole file', () => {
  expect(withGenerated('old', { path: 'PAGE.md', generate: () => 'new\n' })).toBe('new\n')
})
