import { expect } from 'expect'
import { bind } from 'jest-each'
import Mocha from 'mocha'

/**
 * Gives Mocha the words of Jest that the tests are written in. Stryker's runner of Mocha keeps the tests loaded and switches one
 * mutant after the other on, in milliseconds; in Jest every mutant takes a run of its own, in seconds.
 */
const { bdd } = Mocha.interfaces
Mocha.interfaces.bdd = suite => {
  bdd(suite)
  suite.on('pre-require', words => {
    const { it, describe, before, after } = words
    it.each = bind(it, false)
    describe.each = bind(describe, false)
    Object.assign(words, { expect, test: it, beforeAll: before, afterAll: after })
  })
}
