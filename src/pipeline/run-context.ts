import type { Clock } from '../core/clock.js'
import type { LoadedTable } from '../lake/catalog.js'
import type { Lake } from '../lake/lake.js'
import type { FileWriter } from '../lake/write-files.js'
import type { Deps } from './deps.js'
import type { HoldStage } from './holding/hold-stage.js'
import type { Recall } from './holding/recall.js'
import type { Project } from './project/project.js'
import type { RunOptions } from './run.js'
import type { ReleasedBy } from './settle/judge-pipes.js'
import type { Timeline } from './timeline.js'
import type { Workspace } from './workspace.js'

/** What the steps of one run share. */
export interface RunContext {
  readonly project: Project
  readonly options: RunOptions
  readonly deps: Deps
  /** Real time, also when the run is made for another. */
  readonly wallClock: Clock
  readonly workspace: Workspace
  readonly timeline: Timeline
  readonly runId: string
  /** Names what the run works on: inputs, contracts, pipes. A run id stands for one of it. */
  readonly inputHash: string
  /** What keeps batches back. */
  readonly holding: HoldStage
  /** What a person decided about; undefined for a run that fetches. */
  readonly recall?: Recall | undefined
  /** Captures of the dataset that is settled whose batch passes whatever its gate says, because a person released it. */
  readonly released?: ReadonlyMap<string, ReleasedBy> | undefined
  /** Captures that are landed and not looked at, whatever breakers say: they were held, or given up. */
  readonly withheld?: ReadonlySet<string> | undefined
  /** The lake that knows what people decided about records; undefined: that of the workspace. */
  readonly decidedIn?: Lake | undefined
  writer(table: LoadedTable): FileWriter
}
