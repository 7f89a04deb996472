import { testScenariosAt } from './matrix.ts'

testScenariosAt('account', 'deployments', 'assignments', 'permissions')
