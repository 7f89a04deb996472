// Preloaded into the action: tells its peak memory (resident set) when it ends. Plain JavaScript, so that loading it costs nothing.
import { writeSync } from 'node:fs'

process.on('exit', () => {
  // Not through the stream, which the action keeps silent.
  writeSync(process.stderr.fd, `peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB\n`)
})
