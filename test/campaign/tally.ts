import type { WorldOutcome } from './campaign.js'
import { modeCells } from './describe-mode.js'
import type { Mode } from './mode.js'
import { CATALOGUE } from './modes/catalogue.js'
import type { LaneOutcome, ModeOutcome } from './oracle.js'

/** What became of a mode in all worlds, alone or in pairs. */
export interface Counts {
  caught: number
  missed: number
  passed: number
  uncovered: number
  /** Lanes in which something right was kept back, or was not there. */
  alarms: number
}

const NONE: Readonly<Counts> = { caught: 0, missed: 0, passed: 0, uncovered: 0, alarms: 0 }

export interface Tally {
  readonly worlds: number
  /** Lanes with no mode, one or two, and those of them with a false alarm. */
  readonly clean: { lanes: number; alarms: number; flagged: number }
  readonly alone: ReadonlyMap<string, Counts>
  readonly pairs: ReadonlyMap<string, Counts>
  /** How many lanes had two modes, and how many different pairs these were. */
  readonly paired: { readonly lanes: number; readonly kinds: number }
  /** How each mode was caught, by the words of the oracle. */
  readonly how: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Every miss and every false alarm, with the seed that repeats it. */
  readonly failures: readonly string[]
}

export function tallyOf(outcomes: readonly WorldOutcome[]): Tally {
  const lanes = outcomes.flatMap(({ seed, lanes }) => lanes.map(lane => ({ seed, lane })))
  const [alone, pairs] = [new Map<string, Counts>(), new Map<string, Counts>()]
  const how = new Map<string, Map<string, number>>()
  for (const { lane } of lanes) {
    for (const one of lane.modes) {
      count(lane.modes.length > 1 ? pairs : alone, one, lane)
      const words = how.get(one.mode) ?? new Map<string, number>()
      how.set(one.mode, words.set(one.how, (words.get(one.how) ?? 0) + 1))
    }
  }
  const clean = lanes.filter(({ lane }) => lane.modes.length === 0)
  const paired = lanes.filter(({ lane }) => lane.modes.length > 1)
  return {
    worlds: outcomes.length,
    clean: {
      lanes: clean.length,
      alarms: clean.filter(({ lane }) => lane.alarms.length > 0).length,
      flagged: clean.filter(({ lane }) => lane.flags.length > 0).length,
    },
    alone,
    pairs,
    paired: { lanes: paired.length, kinds: new Set(paired.map(({ lane }) => nameOf(lane))).size },
    how,
    failures: lanes.flatMap(({ seed, lane }) => failuresOf(seed, lane)),
  }
}

/** A table in Markdown: a line for each mode, alone and in pairs. What failed, with its seed, stands below it. */
export function tallyText({ worlds, clean, alone, pairs, paired, failures }: Tally): string {
  const rows = CATALOGUE.map(mode => `| ${[...modeCells(mode), cell(alone, mode), cell(pairs, mode)].join(' | ')} |`)
  return [
    `${worlds} worlds, ${2 * worlds} runs. ${clean.lanes} clean series: ${clean.alarms} with something held or quarantined, ${clean.flagged} with a warning.`,
    `${paired.lanes} series with two modes, ${paired.kinds} different pairs.`,
    '',
    '| mode | what is planted | what has to become of it | alone | in pairs |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...(failures.length === 0 ? ['No miss and no false alarm.'] : failures),
  ].join('\n')
}

/** Caught or passed / missed / not covered / false alarms. */
function cell(counts: ReadonlyMap<string, Counts>, { id }: Mode): string {
  const { caught, missed, passed, uncovered, alarms } = counts.get(id) ?? NONE
  return [caught + passed, missed, uncovered, alarms].join(' / ')
}

function count(counts: Map<string, Counts>, { mode, verdict }: ModeOutcome, lane: LaneOutcome): void {
  const one = counts.get(mode) ?? { ...NONE }
  one[verdict]++
  if (lane.alarms.length > 0) one.alarms++
  counts.set(mode, one)
}

function failuresOf(seed: number, lane: LaneOutcome): string[] {
  const where = `seed ${seed}, ${lane.pipe} [${nameOf(lane)}]`
  const missed = lane.modes.filter(({ verdict }) => verdict === 'missed').map(one => `missed ${one.mode}: ${one.how}`)
  return [...missed, ...lane.alarms.map(alarm => `false alarm: ${alarm}`)].map(
    what => `${where}: ${what}; flagged by ${lane.flags.join(', ') || 'nothing'}`,
  )
}

function nameOf({ modes }: LaneOutcome): string {
  return modes.map(({ mode }) => mode).join(' & ') || 'clean'
}
