// Preloaded into the action: reports its peak memory (resident set) when it ends. Plain JavaScript, so that loading it costs nothing.
import { writeSync } from 'node:fs'

process.on('exit', () => {
  // Written without the stream, which the action silences.
  writeSync(process.stderr.fd, `peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB\n`)
})
