import { testScenariosAt } from './matrix.ts'

testScenariosAt('chatCompletions', 'responses', 'embeddings', 'models', 'classic', 'retiredKey')
