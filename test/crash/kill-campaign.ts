import { seededRandom } from '../../src/core/random.js'
import { judgeDeath, type Scenario } from './campaign.js'

/** `SLUICE_KILLS=1000 SLUICE_SEED=7` is another campaign; the same seed kills at the same changes. */
const KILLS = Number(process.env['SLUICE_KILLS'] ?? 100)
const SEED = Number(process.env['SLUICE_SEED'] ?? 1)
/** Half of the kills come up to so long after a change: code that is not JavaScript may be at work by then. */
const MOST_AFTER_MS = 30

export interface Killed {
  readonly kills: number
  /** How many found the command alive: a late one may find it at its end. */
  readonly died: number
  readonly faults: readonly string[]
}

/** Kills the command of a scenario at random moments, `percent` of the campaign's kills but at least once, and judges each. Says what it did. */
export async function killAtRandom(name: string, scenario: Scenario, percent: number): Promise<Killed> {
  const kills = Math.max(1, Math.round((KILLS * percent) / 100))
  const random = seededRandom(SEED)
  const faults: string[] = []
  let died = 0
  for (let kill = 0; kill < kills; kill++) {
    const at = 1 + Math.floor(random() * scenario.changes)
    const afterMs = random() < 0.5 ? undefined : Math.floor(random() * MOST_AFTER_MS)
    const judged = await judgeDeath(scenario, { at, fault: 'kill-after', ...(afterMs !== undefined && { afterMs }) })
    if (judged.died) died += 1
    const moment = `seed ${SEED}, kill ${kill + 1}: change ${at} of ${scenario.changes}, ${afterMs ?? 0} ms later`
    faults.push(...judged.faults.map(fault => `${moment}: ${fault}`))
  }
  console.log(`KILLS ${name}: ${kills} from seed ${SEED} on, ${died} found it alive, ${faults.length} faults`)
  return { kills, died, faults }
}
