import { serviceHops } from './odd-replies.ts'
import { testOddValuesAt } from './play-odd-replies.ts'

testOddValuesAt(serviceHops)
