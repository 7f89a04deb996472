import { expect } from 'expect'
import { bind } from 'jest-each'
import Mocha from 'mocha'

/**
 * Gives Mocha the functions of Jest that the tests use. Stryker's Mocha runner keeps the tests loaded and switches on one
 * mutant after the other, in milliseconds each. With Jest every mutant takes a separate run of seconds.
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
