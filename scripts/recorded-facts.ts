import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { factsOfRecordings, recordedFactsFile } from '../__tests__/local-cloud/recorded-facts.ts'
import { repositoryRoot } from './tools.ts'

/** Reads the recorded exchanges, which are not in the repository, and writes the facts that the local cloud must agree with. */
const lines = factsOfRecordings().map(fact => `  ${JSON.stringify(fact)}`)
writeFileSync(join(repositoryRoot, recordedFactsFile), `[\n${lines.join(',\n')}\n]\n`)
