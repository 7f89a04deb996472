import { apis } from '../../src/services/inference/apis/index.ts'
import { testScenariosAt } from './matrix.ts'

testScenariosAt(...apis, 'retiredKey')
