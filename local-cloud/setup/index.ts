import { annotate, stateOf } from './runner.ts'
import { start } from './start.ts'
import { stop } from './stop.ts'

/** The setup action: the main step starts the cloud, and the post step ends it. */

const running = stateOf('pid')
try {
  if (running === '') await start()
  else await stop(Number(running))
} catch (error) {
  annotate(error instanceof Error ? error.message : String(error))
  // A job does not fail because of its clean-up.
  if (running === '') process.exitCode = 1
}
