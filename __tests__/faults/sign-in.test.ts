import { testScenariosAt } from './matrix.ts'

testScenariosAt('oidc', 'discovery', 'inferenceToken', 'managementToken')
