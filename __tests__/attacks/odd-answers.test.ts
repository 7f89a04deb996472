import { modelHops } from './odd-replies.ts'
import { testOddValuesAt } from './play-odd-replies.ts'

testOddValuesAt(modelHops)
