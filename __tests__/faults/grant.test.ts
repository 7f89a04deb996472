import { testScenariosAt } from './matrix.ts'

testScenariosAt('grant', 'grantDone', 'denied', 'waiting')
