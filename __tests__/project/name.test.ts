import { isUnnamed, named, publishedFiles } from '../../scripts/name.ts'
import { textOf } from '../support/documents.ts'

/** The command that says who publishes: it leaves no placeholder, and nothing else is another after it. */

const publisher = { account: 'contoso', author: 'Contoso: "Gates" & $&' }

test('it replaces the placeholder in every published file, and changes nothing else', () => {
  for (const path of publishedFiles()) {
    const text = textOf(path)
    const after = named(text, publisher)

    expect(isUnnamed(after)).toBe(false)
    expect(after.replaceAll('contoso', '').replace(/^author: .*$/m, '')).toBe(
      text
        .replaceAll('contoso', '')
        .replaceAll('OWNER/key-less-gate', '/key-less-gate')
        .replaceAll(/(?<=\s)@OWNER\b/g, '@')
        .replace(/^author: .*$/m, ''),
    )
  }
})

test.each([
  ['the action', 'uses: OWNER/key-less-gate@v1', 'uses: contoso/key-less-gate@v1'],
  ['who reviews', '* @OWNER\n', '* @contoso\n'],
  ['the author', 'author: OWNER\n', 'author: "Contoso: \\"Gates\\" & $&"\n'],
])('%s', (_, text, expected) => {
  expect(isUnnamed(text)).toBe(true)
  expect(named(text, publisher)).toBe(expected)
})

test.each([
  'repo:OWNER/REPO:environment:production',
  '--repository OWNER/REPO',
  'repo:OWNER@OWNER_ID/REPO@REPO_ID',
])('an example of a user’s own repository stays one: %s', text => {
  expect(named(text, publisher)).toBe(text)
  expect(isUnnamed(text)).toBe(false)
})
