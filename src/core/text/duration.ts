/** A duration as people read it: `0.6 s`, `42 s`, `5 min 12 s`, `2 h 5 min`. */
export function inWords(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`.replace(' 0 s', '')
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`.replace(' 0 min', '')
}
