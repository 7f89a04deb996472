import { testScenariosAt } from './matrix.ts'

testScenariosAt('chatCompletions', 'responses', 'embeddings', 'models', 'messages', 'classic', 'retiredKey')
