import { SluiceError } from '../../core/errors.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { Deps } from '../deps.js'
import { openLeases } from '../fetch/leases.js'
import type { Project } from '../project/project.js'

/** One process works on a backfill, and once. */
export interface BackfillLease {
  /** Says that the work goes on. Throws SLUICE_BACKFILL_RUNNING when another took it for dead. */
  renew(): Promise<void>
  release(): Promise<void>
}

/** So much longer than a run may ask may it take, before others take a backfill for dead; on one machine they know. */
const LEASE_MARGIN_MS = 6 * 3_600_000

/** What this process is at: its leases tell it from others, not from itself. */
const atWork = new Set<string>()

/** Throws SLUICE_BACKFILL_RUNNING. */
export async function takeBackfill(
  name: string,
  project: Project,
  store: ObjectStore,
  deps: Deps,
): Promise<BackfillLease> {
  const own = `${store.root} ${name}`
  if (atWork.has(own)) throw running(name, process.pid)
  atWork.add(own)
  const leases = openLeases({ store, wait: deps.wait, random: deps.random })
  const take = async () => {
    const nowMs = deps.clock.now()
    const untilMs = nowMs + project.config.fetch.deadlineMs + LEASE_MARGIN_MS
    return (await leases.take([name], name, { nowMs, untilMs })).get(name)
  }
  const renew = async () => {
    const other = await take()
    if (other !== undefined) throw running(name, other.process.pid)
  }
  try {
    await renew()
  } catch (cause) {
    atWork.delete(own)
    throw cause
  }
  return {
    renew,
    release: async () => {
      atWork.delete(own)
      // A disk that is full does not take it back either: it ends with the process.
      await leases.release(name).catch(() => undefined)
    },
  }
}

function running(name: string, pid: number): SluiceError {
  return new SluiceError('SLUICE_BACKFILL_RUNNING', `The process ${pid} is at ${name} now. Nothing was asked.`, { pid })
}
