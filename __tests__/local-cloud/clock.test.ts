import { createClock } from '../../local-cloud/clock.ts'

const patient = new AbortController().signal

/** The names of sleeps, in the order in which they end. */
function sleepersOf(clock: ReturnType<typeof createClock>) {
  const ended: string[] = []
  const sleep = (name: string, ms: number) => clock.sleep(ms, patient).then(() => ended.push(name))
  return { ended, sleep }
}

test('a sleep ends in real time', async () => {
  const clock = createClock()
  await clock.sleep(5, patient)
  expect(clock.sleeping).toBe(0)
})

test('advancing the clock ends the sleeps that are due, and no others', async () => {
  const clock = createClock(() => 0)
  const { ended, sleep } = sleepersOf(clock)
  const [short] = [
    sleep('short', 60_000),
    sleep('long', 120_000),
    sleep('for ever', Number.POSITIVE_INFINITY),
  ]
  expect(clock.sleeping).toBe(3)

  clock.advance(60_000)
  await short
  expect(ended).toEqual(['short'])
  expect(clock.sleeping).toBe(2)

  clock.advance(86_400_000)
  await new Promise(setImmediate)
  expect(ended).toEqual(['short', 'long'])
})

test('an aborted sleep rejects with the reason', async () => {
  const clock = createClock()
  const caller = new AbortController()
  const sleep = expect(clock.sleep(60_000, caller.signal)).rejects.toThrow('left')
  caller.abort(new Error('left'))
  await sleep
  await expect(clock.sleep(60_000, caller.signal)).rejects.toThrow('left')
  expect(clock.sleeping).toBe(0)
})

test('the clock cannot go back', () => {
  expect(() => createClock().advance(-1)).toThrow(RangeError)
})
