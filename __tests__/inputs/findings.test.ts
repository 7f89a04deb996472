import { isReadAs, isRefused, type Texts } from './given.ts'

test.each<[string, Texts, object]>([['findings that fail', { 'fail-on': ' Medium' }, { failOn: 'medium' }]])(
  '%s',
  isReadAs,
)

test.each<[string, Texts, RegExp]>([
  [
    'a severity that is none',
    { 'fail-on': 'all' },
    /^`fail-on` is "all", which is not one of `high`, `medium`, `low`$/,
  ],
])('%s is refused', isRefused)
