import { sha256Hex } from '../core/ids.js'
import type { Contract } from './contract.js'

/** Lower-case hex sha256 of what a contract says: its layout on disk, its comments and its place do not count. */
export function contractHash(contract: Omit<Contract, 'hash' | 'file' | 'sqlPlaces'>): string {
  return sha256Hex(canonicalText(contract))
}

/** What a contract says as one JSON text, the same whatever its layout: the text behind its hash. */
export function canonicalText(contract: Omit<Contract, 'hash' | 'file' | 'sqlPlaces'>): string {
  const { hash: _hash, file: _file, sqlPlaces: _places, ...content } = contract as Contract
  return JSON.stringify(sorted(content))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]))
}
