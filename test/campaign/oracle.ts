import type { RunRecord } from '../../src/index.js'
import type { Lane } from './lanes.js'
import type { Must, Planted } from './mode.js'
import type { Plant, PlantedLane } from './plant-lane.js'
import { plainNumber, type Row } from './row.js'

/** A row of the lake. */
export interface LakeRow {
  readonly instrument: string
  /** What tells it from the others of its instrument: the start of what it is about, and of a vintage the day. */
  readonly key: string
  readonly figures: Readonly<Record<string, string | null>>
}

export interface RejectedRow extends LakeRow {
  readonly rules: readonly string[]
}

/** What two runs left. */
export interface Found {
  readonly records: readonly RunRecord[]
  readonly silver: readonly LakeRow[]
  readonly quarantine: readonly RejectedRow[]
}

/** What became of one planted mode. */
export interface ModeOutcome {
  readonly mode: string
  readonly verdict: 'caught' | 'missed' | 'passed' | 'uncovered'
  /** How: the rules that named it, or what came of it. */
  readonly how: string
}

export interface LaneOutcome {
  readonly pipe: string
  readonly modes: readonly ModeOutcome[]
  /** What was kept back, or is not there, and is right. */
  readonly alarms: readonly string[]
  /** Rules that counted rows, or figures that warned. */
  readonly flags: readonly string[]
}

/** Judges a lane by what is true, which the product never saw. */
export function judgeLane(planted: PlantedLane, found: Found): LaneOutcome {
  const facts = factsOf(planted, found)
  const judged = planted.plants.map(plant => ({ mode: plant.mode.id, ...verdictOf(plant, planted, facts) }))
  // What should have been refused, and was taken for an answer, is not asked for again: that is one failure, not two.
  const isTaken = planted.plants.some(({ must }, at) => must.kind === 'refuse' && judged[at]!.verdict === 'missed')
  // Nor do the rows come that another mode was planted in.
  const modes = judged.filter((_, at) => !isTaken || planted.plants[at]!.must.kind === 'refuse')
  return { pipe: planted.lane.pipe, modes, alarms: alarmsOf(planted, facts, isTaken), flags: [...facts.flags].sort() }
}

interface Facts {
  /** Silver by key. */
  readonly silver: ReadonlyMap<string, LakeRow>
  readonly truth: ReadonlyMap<string, Row>
  /** Rows of silver that no truth has, by key. */
  readonly poison: ReadonlySet<string>
  /** True rows that wait in quarantine, by key. */
  readonly wronged: ReadonlyMap<string, readonly string[]>
  /** Rules of quarantined rows. */
  readonly rejections: ReadonlySet<string>
  readonly flags: ReadonlySet<string>
  readonly held: boolean
  readonly failures: readonly string[]
  readonly restated: ReadonlySet<string>
}

function factsOf({ lane, truth: rows }: PlantedLane, { records, silver, quarantine }: Found): Facts {
  const truth = new Map(rows.flatMap(row => (row === undefined ? [] : [[keyOf(lane, row.at), row] as const])))
  const own = new Map(silver.filter(row => isOf(lane, row)).map(row => [row.key, row]))
  const rejected = quarantine.filter(row => isOf(lane, row))
  const pipes = records.flatMap(record => record.pipes.filter(({ pipe }) => pipe === lane.pipe))
  const restated = records.flatMap(({ datasets }) =>
    datasets.flatMap(one => (one.restated?.largest ?? []).filter(({ pipe }) => pipe === lane.pipe)),
  )
  return {
    silver: own,
    truth,
    poison: new Set([...own.values()].filter(row => !says(lane, row, truth.get(row.key))).map(({ key }) => key)),
    wronged: new Map(
      rejected.filter(row => says(lane, row, truth.get(row.key))).map(row => [row.key, row.rules] as const),
    ),
    rejections: new Set(rejected.flatMap(({ rules }) => rules)),
    flags: new Set(
      pipes.flatMap(({ rules, findings = [] }) => [...Object.keys(rules), ...findings.map(({ rule }) => rule)]),
    ),
    held: pipes.some(({ held }) => held > 0),
    failures: records.flatMap(({ sources = [] }) =>
      sources.flatMap(({ pipe, state, meaning = '' }) => (pipe === lane.pipe && state === 'failed' ? [meaning] : [])),
    ),
    restated: new Set(restated.map(({ kind }) => kind)),
  }
}

function verdictOf({ must, planted }: Plant, lane: PlantedLane, facts: Facts): Omit<ModeOutcome, 'mode'> {
  const places = [...(planted.rows?.keys() ?? [])]
  // Also what was moved to other days, or is nobody's row: all that is in silver and no truth has.
  const own = new Set(places.flatMap(at => keysAt(lane, planted.rows!, at)))
  const others = new Set(
    lane.plants.flatMap(({ planted: { rows } }) =>
      rows === undefined || rows === planted.rows ? [] : [...rows.keys()].flatMap(at => keysAt(lane, rows, at)),
    ),
  )
  // Of two texts that are rewritten, the one that is not refused is what can be in silver.
  const isSilent = must.kind === 'refuse' && lane.plants.some(one => one.planted.answer && one.must.kind !== 'refuse')
  const isOwn = (key: string): boolean => own.has(key) || (planted.rows === undefined && !others.has(key) && !isSilent)
  const inSilver = [...facts.poison].filter(isOwn)
  const hits = (rules: readonly string[]): string[] => rules.filter(rule => facts.flags.has(rule))
  switch (must.kind) {
    case 'quarantine': {
      if (inSilver.length > 0) return { verdict: 'missed', how: `${inSilver.length} rows in silver` }
      const named = hits(must.rules)
      return { verdict: 'caught', how: named.length > 0 ? named.join('+') : byOthers(facts) }
    }
    case 'flag': {
      const named = hits(must.rules)
      if (named.length > 0) return { verdict: 'caught', how: named.join('+') }
      const isKept = inSilver.length === 0 && hasWrongRows(lane.lane, planted, facts)
      return isKept ? { verdict: 'caught', how: byOthers(facts) } : { verdict: 'missed', how: 'no rule named it' }
    }
    case 'refuse': {
      const meaning = facts.failures.find(one => must.meanings.includes(one))
      if (meaning === undefined) return { verdict: 'missed', how: `taken (${facts.failures.join() || 'answered'})` }
      return inSilver.length > 0
        ? { verdict: 'missed', how: `${meaning}, and ${inSilver.length} rows in silver` }
        : { verdict: 'caught', how: meaning }
    }
    case 'same': {
      const wrong = inSilver.filter(key => !others.has(key))
      return wrong.length > 0
        ? { verdict: 'missed', how: `${wrong.length} rows in silver` }
        : { verdict: 'caught', how: 'read right' }
    }
    case 'restate': {
      const kinds = must.kinds.filter(kind => facts.restated.has(kind))
      if (kinds.length > 0) return { verdict: 'caught', how: kinds.join('+') }
      // What was held with another fault was never published, so nothing of it can be restated.
      return facts.held && inSilver.length === 0
        ? { verdict: 'caught', how: 'held' }
        : { verdict: 'missed', how: `booked as ${[...facts.restated].join() || 'nothing'}` }
    }
    case 'pass':
      return { verdict: 'passed', how: hits(['large_move', 'split_shape', 'volume_anomaly']).join('+') || 'unflagged' }
    case 'uncovered':
      return { verdict: 'uncovered', how: inSilver.length > 0 ? 'in silver' : byOthers(facts) }
  }
}

/** What kept rows out when none of the rules did that are made for it. */
function byOthers({ held, rejections, failures }: Facts): string {
  if (held) return 'held'
  if (rejections.size > 0) return [...rejections].sort().join('+')
  return failures.length > 0 ? failures.join('+') : 'left out'
}

/** Whether it is about rows that are there and wrong, and not about rows that are missing. */
function hasWrongRows(lane: Lane, { rows }: Planted, { truth }: Facts): boolean {
  const isTrue = (row: Row): boolean => {
    const due = truth.get(keyOf(lane, row.at))
    return due !== undefined && lane.figures.every(name => due.cells[name] === row.cells[name])
  }
  return [...(rows?.values() ?? [])].flat().some(row => !isTrue(row))
}

function alarmsOf(planted: PlantedLane, facts: Facts, isTaken: boolean): string[] {
  const { plants, lane, series } = planted
  const musts = plants.map(({ must }) => must)
  const beside = new Set(plants.flatMap(one => (one.planted.beside ?? []).map(at => keyOf(lane, series.rows[at]!.at))))
  const alarms: string[] = []
  const mayHold = musts.some(mayBeHeld)
  if (facts.held && !mayHold) alarms.push(`held (${[...facts.flags].sort().join('+')})`)
  if (facts.failures.length > 0 && !musts.some(mayBeRefused)) alarms.push(`refused (${facts.failures.join()})`)
  const wronged = [...facts.wronged].filter(([key]) => !beside.has(key))
  if (wronged.length > 0 && !wholeAnswerIsBad(planted))
    alarms.push(
      `${wronged.length} right rows quarantined (${[...new Set(wronged.flatMap(([, rules]) => rules))].join('+')})`,
    )
  const planned = new Set(
    plants.flatMap(({ must, planted: { rows } }) =>
      rows === undefined || must.kind === 'pass' ? [] : [...rows.keys()].flatMap(at => keysAt(planted, rows, at)),
    ),
  )
  const isRewritten = plants.some(({ planted: { answer } }) => answer !== undefined)
  const invented = [...facts.poison].filter(key => !planned.has(key))
  if (invented.length > 0 && !isRewritten) alarms.push(`${invented.length} rows say what nobody said`)
  const isKept = isTaken || facts.held || (facts.failures.length > 0 && series.run === 2) || wholeAnswerIsBad(planted)
  // What is real, or read as it is meant, has to be there.
  const touched = new Set(
    plants.flatMap(({ must, planted: { rows } }) => (isThere(must) ? [] : [...(rows?.keys() ?? [])])),
  )
  const lost = planted.truth.filter(
    (row, at) =>
      row !== undefined &&
      !touched.has(at) &&
      !isDropped(plants, at) &&
      !facts.silver.has(keyOf(lane, row.at)) &&
      !facts.wronged.has(keyOf(lane, row.at)),
  )
  if (lost.length > 0 && !isKept) alarms.push(`${lost.length} right rows lost`)
  return alarms
}

function isThere({ kind }: Must): boolean {
  return kind === 'pass' || kind === 'same'
}

function mayBeHeld(must: Must): boolean {
  return ['quarantine', 'restate', 'uncovered'].includes(must.kind) || (must.kind === 'flag' && must.holds === true)
}

function mayBeRefused(must: Must): boolean {
  return must.kind === 'refuse' || must.kind === 'quarantine'
}

/** A text that is bad as a whole may be kept back as a whole. */
function wholeAnswerIsBad({ plants }: PlantedLane): boolean {
  return plants.some(({ must, planted }) => planted.answer !== undefined && must.kind === 'quarantine')
}

function isDropped(plants: readonly Plant[], at: number): boolean {
  return plants.some(({ must, planted }) => must.kind === 'pass' && planted.rows?.get(at)?.length === 0)
}

/** Keys under which what is planted at a place, and the row that it stands for, may be found. */
function keysAt({ lane, series }: PlantedLane, rows: ReadonlyMap<number, readonly Row[]>, at: number): string[] {
  return [series.rows[at]!.at, ...rows.get(at)!.map(row => row.at)].map(text => keyOf(lane, text))
}

/** What tells a row from the others of its lane, as `LakeRow.key`. */
export function keyOf(lane: Lane, at: string): string {
  const ms = lane.form.startMs(at)
  return lane.kind === 'series' ? `${ms}|${at.split('|')[1]}` : String(ms)
}

function isOf({ instrument, alias }: Lane, row: LakeRow): boolean {
  return row.instrument === instrument || alias?.endsWith(`,${row.instrument}`) === true
}

/** Whether a row of the lake says what a true one does. */
function says({ figures }: Lane, row: LakeRow, truth: Row | undefined): boolean {
  if (truth === undefined) return false
  return figures.every(name => {
    const [has, due] = [row.figures[name] ?? '', truth.cells[name] ?? '']
    return plainNumber(has) === plainNumber(due === '.' ? '' : due)
  })
}
