import { addressSecrets, shownAddress } from '../../../src/services/app/address.ts'

test.each([
  ['https://shop.example/probe', 'https://shop.example/probe'],
  ['https://shop.example/probe?code=secret', 'https://shop.example/probe?***'],
  ['https://shop.example/probe#secret', 'https://shop.example/probe?***'],
  ['https://shop.example/probe?a=b?c=d\nsecret', 'https://shop.example/probe?***'],
])('%j is shown as %s', (url, shown) => {
  expect(shownAddress(url)).toBe(shown)
})

test.each<[string, string[]]>([
  ['https://shop.example/probe', []],
  ['https://shop.example/probe?', []],
  ['https://shop.example/probe?a=1', []],
  [
    'https://shop.example/probe?code=abcdefgh%3D&v=1',
    ['code=abcdefgh%3D&v=1', 'code=abcdefgh=&v=1', 'abcdefgh%3D', 'abcdefgh='],
  ],
  ['https://shop.example/probe?abcdefgh==', ['abcdefgh==']],
  ['https://shop.example/probe?bareSecret', ['bareSecret']],
  ['https://shop.example/probe?k=not%zzdecodable', ['k=not%zzdecodable', 'not%zzdecodable']],
  ['no address?code=abcdefgh#rest', ['code=abcdefgh', 'abcdefgh']],
])('secrets of %s', (url, secrets) => {
  expect(addressSecrets(url).toSorted()).toEqual(secrets.toSorted())
})
