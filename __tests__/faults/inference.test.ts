import { apis } from '../../src/services/inference/apis/choices.ts'
import { testScenariosAt } from './matrix.ts'

/** One half of the APIs: they are many, and the other core of a machine takes the other half. */
testScenariosAt(...apis.filter((_, index) => index % 2 === 0))
