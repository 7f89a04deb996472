// Preloaded into the action: prints its peak memory (resident set) when it ends. Plain JavaScript, so that loading it costs nothing.
process.on('exit', () => {
  process.stderr.write(`peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB\n`)
})
