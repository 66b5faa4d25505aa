import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A lake as sluice.yaml names it: a bucket as it is, a folder absolute. */
export function resolveAddress(folder: string, lake: string): string {
  return isBucket(lake) ? lake : resolve(folder, lake)
}

/** An address as a URI. */
export function uriOf(address: string): string {
  return isBucket(address) ? address : pathToFileURL(address).href
}

/** Whether an address names a server rather than a folder. */
export function isBucket(address: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(address)
}
