import type { Operator } from './contract.js'
import type { OdcsQuality } from './odcs.js'

const COMPARISONS = {
  mustBe: 'be',
  mustNotBe: 'notBe',
  mustBeGreaterThan: 'beGreaterThan',
  mustBeGreaterOrEqualTo: 'beGreaterOrEqualTo',
  mustBeLessThan: 'beLessThan',
  mustBeLessOrEqualTo: 'beLessOrEqualTo',
} as const
const RANGES = { mustBeBetween: 'beBetween', mustNotBeBetween: 'notBeBetween' } as const

export const OPERATOR_KEYS: readonly string[] = [...Object.keys(COMPARISONS), ...Object.keys(RANGES)]

/** The one operator of a quality entry, or what is wrong with it. The published schema has seen to it that there is exactly one. */
export function readOperator(entry: OdcsQuality): Operator | string {
  for (const [key, op] of Object.entries(COMPARISONS)) {
    if (entry[key] === undefined) continue
    return typeof entry[key] === 'number' ? { op, value: entry[key] } : `${key} must be a number`
  }
  for (const [key, op] of Object.entries(RANGES)) {
    if (!Array.isArray(entry[key])) continue
    const [low, high] = entry[key] as [number, number]
    return low < high ? { op, low, high } : `${key} must have the smaller number first`
  }
  return `needs exactly one operator: ${OPERATOR_KEYS.join(', ')}`
}
