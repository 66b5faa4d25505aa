import { type Clock, systemClock } from '../core/clock.js'
import { type Ids, randomIds } from '../core/ids.js'

/** What a run takes from outside: time and ids. */
export interface Deps {
  readonly clock: Clock
  readonly ids: Ids
}

export const systemDeps: Deps = { clock: systemClock, ids: randomIds }
