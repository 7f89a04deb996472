import { inTime } from '../../src/core/in-time.ts'
import type { Clock } from '../../src/core/ports.ts'

/** Its time is up when `passes` is called. */
function clockOf() {
  const stopped: boolean[] = []
  let passes = (): void => {}
  const clock: Pick<Clock, 'after'> = {
    after(_, then) {
      passes = then
      return () => stopped.push(true)
    },
  }
  return { clock, stopped, passes: () => passes() }
}

test('what comes in time is returned, and the clock is stopped: no timer keeps the process alive', async () => {
  const { clock, stopped } = clockOf()

  expect(await inTime(clock, Promise.resolve('read'), 'otherwise', 1000)).toBe('read')
  expect(stopped).toEqual([true])
})

test('what fails in time fails, and the clock is stopped', async () => {
  const { clock, stopped } = clockOf()

  await expect(inTime(clock, Promise.reject(new Error('no')), 'otherwise', 1000)).rejects.toThrow('no')
  expect(stopped).toEqual([true])
})

test('what does not come is not waited for', async () => {
  const { clock, passes } = clockOf()
  const result = inTime<string>(clock, new Promise<string>(() => {}), 'otherwise', 1000)
  passes()

  expect(await result).toBe('otherwise')
})
