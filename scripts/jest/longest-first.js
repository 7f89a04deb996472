import { join, relative, sep } from 'node:path'
import Sequencer from '@jest/test-sequencer'

/**
 * Jest sequencer. Where jest has not run before it begins with the largest files, and the shortest of ours make the most runs: they came
 * last, on one core while the other had nothing to do.
 */

const tests = join(import.meta.dirname, '../../__tests__')

/** Files that take twenty seconds or more, longest first. */
const longest = [
  'faults/thousand-gates.test.ts',
  'attacks/odd-values.test.ts',
  'faults/inference-other-half.test.ts',
  'scenarios/codes-resource-manager.test.ts',
  'local-cloud/cli.test.ts',
  'conformance/cli.test.ts',
  'scenarios/temporary.test.ts',
  'scenarios/network.test.ts',
  'scenarios/kinds.test.ts',
  'local-cloud/package.test.ts',
  'scenarios/codes-inference.test.ts',
  'faults/resource-manager.test.ts',
  'scenarios/codes-entra.test.ts',
  'scenarios/codes-wordings.test.ts',
  'attacks/odd-bodies.test.ts',
  'faults/inference.test.ts',
  'scenarios/probe-app.test.ts',
  'rehearsal/cli.test.ts',
  'attacks/heavy-bodies.test.ts',
  'faults/grant.test.ts',
  'faults/races.test.ts',
  'scenarios/runtime-principals.test.ts',
  'attacks/odd-answers.test.ts',
  'project/bundle-places.test.ts',
  'conformance/run.test.ts',
  'faults/sign-in.test.ts',
  'scenarios/first-run.test.ts',
  'scenarios/also.test.ts',
  'scenarios/runtime-grants.test.ts',
  'project/documents.test.ts',
  'project/setup-files.test.ts',
  'scenarios/codes-posture.test.ts',
  'scenarios/resource.test.ts',
]

const nameOf = ({ path }) => relative(tests, path).split(sep).join('/')

// As JavaScript: the types of the class that it extends are those of another module format than its code.
export default class extends Sequencer {
  sort(files) {
    const byName = new Map(files.map(file => [nameOf(file), file]))
    const first = longest.flatMap(name => byName.get(name) ?? [])
    return [...first, ...super.sort(files.filter(file => !first.includes(file)))]
  }
}
