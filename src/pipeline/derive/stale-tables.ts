import { groupBy } from '../../core/group-by.js'
import { untilText } from '../../quality/pipe-breaker.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { Deps } from '../deps.js'
import { openPipeBreakers } from '../holding/breaker-book.js'
import { readDebts } from './stale-gold.js'

/** Tables whose rows are the last good ones, with why: gold that could not be derived, silver whose pipes are held by breakers. */
export async function staleTables(
  store: ObjectStore,
  { wait, random }: Pick<Deps, 'wait' | 'random'>,
): Promise<ReadonlyMap<string, string>> {
  const stale = new Map<string, string>()
  for (const { table, runId, why } of await readDebts(store))
    stale.set(table, `run ${runId} could not derive it${why === undefined ? '' : `: ${why}`}`)
  const breakers = Object.values(await openPipeBreakers({ store, wait, random }).read())
  const open = breakers.filter(({ breaker }) => breaker.state !== 'closed')
  for (const [dataset, own] of groupBy(open, entry => entry.dataset)) {
    const told = own.slice(0, MOST).map(({ pipe, breaker }) => `${pipe} ${untilText(breaker)}`)
    const more = own.length > MOST ? ` and ${own.length - MOST} more` : ''
    stale.set(`silver.${dataset}`, `breakers hold ${told.join(', ')}${more}`)
  }
  return stale
}

const MOST = 3
