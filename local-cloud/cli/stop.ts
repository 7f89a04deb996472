import { isUnbroken, linksToNpm, processTable } from './lineage.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type StopSignal = (typeof SIGNALS)[number]

/** How often we check whether npm is still there, in milliseconds. */
const PACE_MS = 500

/** Resolves at the first signal, or when the npm that started this process has ended. A second signal ends the process as usual. */
export function stopRequested(): Promise<StopSignal> {
  return new Promise(resolve => {
    for (const signal of SIGNALS) process.once(signal, () => resolve(signal))
    const links = linksToNpm(process.pid, processTable)
    if (links.length === 0) return
    const watch = setInterval(() => {
      if (isUnbroken(links, processTable)) return
      clearInterval(watch)
      resolve('SIGTERM')
    }, PACE_MS)
    watch.unref()
  })
}
