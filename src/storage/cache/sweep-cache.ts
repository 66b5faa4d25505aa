import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TEMP_PREFIX } from '../object-key.js'
import { entryTraits } from './cache-entry.js'

export interface SweepOptions {
  readonly maxBytes: number
  readonly graceMs: number
  readonly nowMs: number
}

/** Unfinished files of processes that died go after this time. */
const UNFINISHED_MS = 86_400_000
/** Room for what comes, so that not every fetch has to sweep. */
const LOW_WATER = 0.9

interface Kept {
  readonly folder: string
  readonly sizeBytes: number
  readonly usedMs: number
}

/**
 * Removes what was not used for longest until nine tenths of the limit are left, when there is more than the limit. What was used within the time
 * of grace stays, so that the cache may be larger for a while.
 */
export async function sweepCache(folder: string, { maxBytes, graceMs, nowMs }: SweepOptions): Promise<void> {
  const kept: Kept[] = []
  for (const name of await namesIn(folder)) {
    if (name.startsWith(TEMP_PREFIX)) await dropUnfinished(join(folder, name), nowMs)
    else for (const slot of await namesIn(join(folder, name))) kept.push(...(await entriesIn(join(folder, name, slot))))
  }
  let total = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (total <= maxBytes) return
  for (const { folder: entry, sizeBytes, usedMs } of kept.toSorted((a, b) => a.usedMs - b.usedMs)) {
    if (total <= maxBytes * LOW_WATER || nowMs - usedMs < graceMs) return
    await rm(entry, { recursive: true, force: true })
    await rmdir(dirname(entry)).catch(() => undefined)
    total -= sizeBytes
  }
}

async function entriesIn(slot: string): Promise<Kept[]> {
  const found: Kept[] = []
  for (const name of await namesIn(slot)) {
    const traits = entryTraits(name)
    const status = await stat(join(slot, name)).catch(() => undefined)
    if (traits !== undefined && status !== undefined)
      found.push({ folder: join(slot, name), sizeBytes: traits.sizeBytes, usedMs: status.mtimeMs })
  }
  return found
}

async function dropUnfinished(path: string, nowMs: number): Promise<void> {
  const status = await stat(path).catch(() => undefined)
  if (status !== undefined && nowMs - status.mtimeMs > UNFINISHED_MS) await rm(path, { recursive: true, force: true })
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
