import { testScenariosAt } from './matrix.ts'

testScenariosAt('account', 'deployments', 'modelList', 'assignments', 'permissions')
