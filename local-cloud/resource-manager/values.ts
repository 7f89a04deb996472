import { createHash } from 'node:crypto'

/** Values that must look like Azure's. */

export const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The creation time of everything whose seed gives none. */
export const LONG_AGO = '2024-05-21T09:12:43.5170284Z'

/**
 * A time as Azure writes it, with seven decimals.
 * @param ms milliseconds since the epoch
 * @param ticks the four digits below the millisecond
 */
export function azureInstant(ms: number, ticks: string): string {
  return new Date(ms).toISOString().replace('Z', `${ticks}Z`)
}

/** A time in the US format of Azure's older parts: `11/24/2025 11:31:00 PM`. */
export function usInstant(ms: number): string {
  const at = new Date(ms)
  const two = (number: number) => String(number).padStart(2, '0')
  const hours = at.getUTCHours()
  const date = `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`
  return `${date} ${hours % 12 || 12}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} ${hours < 12 ? 'AM' : 'PM'}`
}

/** 32 hexadecimal digits that follow from the text and do not reveal it. */
export function stableHex(text: string): string {
  return createHash('sha256').update(text.toLowerCase()).digest('hex').slice(0, 32)
}

/** An entity tag. It changes with the value. */
export function etagOf(value: unknown): string {
  const hex = stableHex(JSON.stringify(value))
  return `"${hex.slice(0, 8)}-0000-0500-0000-${hex.slice(8, 16)}0000"`
}
