import { type Clock, systemClock } from '../core/clock.js'
import { type Ids, randomIds } from '../core/ids.js'
import { type Random, systemRandom } from '../core/random.js'
import { systemWait, type Wait } from '../core/wait.js'

/** What a run takes from outside: time, ids, chance, and the environment that may hold keys of providers. */
export interface Deps {
  readonly clock: Clock
  readonly ids: Ids
  readonly wait: Wait
  readonly random: Random
  readonly env: Readonly<Record<string, string | undefined>>
}

export const systemDeps: Deps = {
  clock: systemClock,
  ids: randomIds,
  wait: systemWait,
  random: systemRandom,
  env: process.env,
}
