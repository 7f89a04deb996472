import { annotate, stateOf } from './runner.ts'
import { start } from './start.ts'
import { stop } from './stop.ts'

/** The setup action: the main step starts the cloud, the post step, which finds what that left, ends it. */

const running = stateOf('pid')
try {
  if (running === '') await start()
  else await stop(Number(running))
} catch (error) {
  annotate(error instanceof Error ? error.message : String(error))
  // A job does not fail for what is cleared away.
  if (running === '') process.exitCode = 1
}
