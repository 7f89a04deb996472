import { apis } from '../../src/services/inference/apis/choices.ts'
import { testScenariosAt } from './matrix.ts'

testScenariosAt(...apis.filter((_, index) => index % 2 === 1), 'retiredKey')
