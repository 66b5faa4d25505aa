import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contract } from '../../contract/contract.js'
import { settlingOrder } from '../../contract/settling-order.js'
import { shapesOf } from '../../contract/tables.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { putEmptyCopy } from '../../lake/empty-copy.js'
import { fileCatalog } from '../../lake/file-catalog.js'
import { type Lake, openLakeOn } from '../../lake/lake.js'
import { tableKey } from '../../lake/table-location.js'
import { TABLE_NAMES } from '../../lake/table-names.js'
import { localStore } from '../../storage/local-store.js'
import { overlayStore } from '../../storage/overlay-store.js'
import { ROW_MARKS } from '../derive/derived-marks.js'
import { NO_HOLDS } from '../holding/hold-stage.js'
import type { RunContext } from '../run-context.js'
import type { ReleasedBy } from '../settle/judge-pipes.js'
import type { Reading } from '../settle/reading.js'
import { type DatasetOutcome, settleDataset } from '../settle/settle-dataset.js'
import { type LostCapture, rereadCaptures, type WantedCaptures } from './reread-captures.js'
import { type SettledCapture, settledCaptures } from './settled-captures.js'
import { silentAnswers } from './silent-answers.js'

/** Tables as captures and today's contracts make them, in a lake of its own that nobody else sees: `outcome.commits` are its commits. */
export interface RebuiltDataset {
  readonly contract: Contract
  readonly captures: readonly SettledCapture[]
  /** Captures that gates and breakers hold, or people gave up: they are landed, and not looked at. */
  readonly withheld: ReadonlySet<string>
  readonly lost: readonly LostCapture[]
  readonly reading: Reading
  /** Undefined when no capture of it can be read. */
  readonly outcome: DatasetOutcome | undefined
}

/**
 * A lake over the run's own in which tables begin empty, with the columns and field ids that they have; `hides` are the folders of tables
 * that begin new. Its writes go to a new folder of the run.
 */
export async function rebuildingLake(
  tables: readonly LoadedTable[],
  hidden: readonly string[],
  { workspace, deps }: RunContext,
): Promise<Lake> {
  const top = localStore(join(workspace.spool, `rebuilt-${deps.ids.uuid()}`))
  const folders = [...hidden, '_state/', '_runs/', ...tables.map(({ name }) => `${tableKey(name)}/`)]
  // Which tables there are is not of the past that is made again.
  const hides = (key: string): boolean => !key.startsWith(TABLE_NAMES) && folders.some(folder => key.startsWith(folder))
  const store = overlayStore({ base: workspace.lake.store, top, hides })
  for (const table of tables) await putEmptyCopy(table, store, ROW_MARKS)
  return openLakeOn({ store, catalog: fileCatalog({ store, clock: deps.clock }), ...deps })
}

/** The run as it works in another lake: no breaker is asked, nothing is held. */
export function inLake(lake: Lake, run: RunContext): RunContext {
  const { workspace, runId } = run
  return {
    ...run,
    workspace: { ...workspace, lake },
    holding: NO_HOLDS,
    decidedIn: workspace.lake,
    writer: table => ({ lake, table, runId, spool: workspace.spool }),
  }
}

/**
 * Makes bronze, silver and quarantine of datasets again from the captures that finished runs took for them under the major of today's contract.
 * What a gate held stays held, unless a person released it. Nothing is written to the run's own lake.
 */
export async function rebuildDatasets(
  contracts: readonly Contract[],
  run: RunContext,
): Promise<{ readonly lake: Lake; readonly datasets: readonly RebuiltDataset[] }> {
  const shapes = contracts.flatMap(shapesOf)
  const loaded = await Promise.all(shapes.map(({ name }) => run.workspace.lake.catalog.load(name)))
  const hidden = shapes.map(({ name }) => `${tableKey(name)}/`)
  const lake = await rebuildingLake(
    loaded.filter(table => table !== undefined),
    hidden,
    run,
  )
  const datasets: RebuiltDataset[] = []
  for (const contract of settlingOrder([...contracts])) datasets.push(await rebuildDataset(contract, lake, run))
  return { lake, datasets }
}

async function rebuildDataset(contract: Contract, lake: Lake, run: RunContext): Promise<RebuiltDataset> {
  const { project, workspace, timeline } = run
  const { store } = workspace.lake
  const { major } = contract.version
  const settled = await settledCaptures(contract.dataset, store)
  const captures = settled.captures.filter(({ seen }) => seen.has(major))
  const spool = join(workspace.spool, `reread-${contract.dataset}`)
  await mkdir(spool, { recursive: true })
  const { reading, lost } = await timeline.measure(
    'reread',
    contract.dataset,
    () => rereadCaptures(wantedOf(captures), { project, contract, store, engine: workspace.engines[0]!, spool }),
    read => read.reading.fetched.length,
  )
  const withheld = new Set(captures.filter(isWithheld).map(({ id }) => id))
  const base = { contract, captures, withheld, reading }
  if (reading.fetched.length === 0) return { ...base, lost, outcome: undefined }
  const outcome = await settleDataset(reading, {
    ...inLake(lake, run),
    released: releasedOf(captures),
    withheld,
  })
  return { ...base, outcome, lost: [...lost, ...silentAnswers(reading, outcome)] }
}

/** No gate let it pass, and nobody released it. */
function isWithheld({ passed, released }: SettledCapture): boolean {
  return passed.size === 0 && released === undefined
}

function wantedOf(captures: readonly SettledCapture[]): WantedCaptures {
  const wanted = new Map<string, { pipe: string; name: string }[]>()
  for (const { id, pipe, name } of captures) wanted.set(id, [...(wanted.get(id) ?? []), { pipe, name }])
  return { captures: wanted, wants: () => true }
}

function releasedOf(captures: readonly SettledCapture[]): ReadonlyMap<string, ReleasedBy> {
  return new Map(captures.flatMap(({ id, released }) => (released === undefined ? [] : [[id, released] as const])))
}
