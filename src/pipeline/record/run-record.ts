import type { Overrun } from '../../finops/budget.js'
import type { UsageEstimate } from '../../finops/estimate-usage.js'
import type { Verdict } from '../../quality/gate.js'

/** What one run did: the last object it writes, `_runs/<run_id>.json`. Holds figures and hashes, never a row's values. */
export interface RunRecord {
  readonly record_version: 1
  readonly run_id: string
  readonly status: RunStatus
  /** This run was done before: the record is the first one's. Never stored. */
  readonly repeated?: true
  readonly started_at: string
  readonly finished_at: string
  readonly sluice_version: string
  readonly engine_version: string
  readonly node_version: string
  readonly platform: string
  readonly options: { readonly allow_dq_breach: boolean; readonly replace: boolean; readonly select: readonly string[] }
  readonly config_hash: string
  readonly input_hash: string
  /** Of a run that asks providers: names the work without what they answered. */
  readonly work_hash?: string
  readonly contracts: Readonly<Record<string, string>>
  /** Contracts that are others than those under which the tables were last written. */
  readonly contract_changes?: readonly ContractChangeRecord[]
  /** Datasets whose new major began in this run without the rows of the older one: `sluice contract migrate` brings them. */
  readonly to_migrate?: readonly string[]
  readonly inputs: readonly InputRecord[]
  /** Captures of processes that died before they were in the lake; `torn`: the last one of the segment was cut and is lost. */
  readonly salvaged?: readonly { readonly segment: string; readonly captures: number; readonly torn: boolean }[]
  /** Of a run that carried out what a person decided, or a note of it. */
  readonly decision?: DecisionRecord
  /** Data breakers that changed. */
  readonly breakers?: readonly BreakerRecord[]
  /** Batches that were held back. */
  readonly holds?: readonly HoldRecord[]
  /** One entry per pipe that asks a provider. */
  readonly sources?: readonly SourceRecord[]
  /** Of a run that asked nobody and read captures of the lake again. */
  readonly replay?: ReplayRecord
  /** Of a run that asked nobody and made tables again from the captures of the lake. */
  readonly rebuilt?: RebuiltRecord
  /** Of a run that only derived gold. */
  readonly derivation?: DerivationRecord
  /** Of a run that is a part of a backfill: its name, and the interval of this part. Its gold is left to the end of the backfill. */
  readonly backfill?: { readonly name: string; readonly interval: string }
  /** One entry per (pipe, dataset); in = accepted + duplicate + quarantined + held + not_final. */
  readonly pipes: readonly PipeRecord[]
  readonly datasets: readonly DatasetRecord[]
  readonly tables: readonly TableRecord[]
  /** Gold tables that are left as they were, and why: the next run derives what they lack. */
  readonly stale?: readonly StaleRecord[]
  readonly steps: readonly StepRecord[]
  readonly usage: UsageRecord
  /** What it was expected to use before it began: of a run that asks providers, or has a budget. */
  readonly estimate?: EstimateRecord
  /** Limits of the budget that the estimate broke, where the budget only warns. */
  readonly over_budget?: readonly Overrun[]
  /** Of a project that tells somebody. */
  readonly events?: EventsRecord
  /** Of a project that tells lineage. */
  readonly lineage?: EventsRecord
}

/** An estimate, with what it was priced at: exact decimals. */
export interface EstimateRecord extends UsageEstimate {
  readonly price_list: string
  readonly currency: string
  readonly once: string
}

/** Events that every sink of the project has, and those that some sink has not, with why. */
export interface EventsRecord {
  readonly sent: number
  readonly failed: number
  readonly why?: string
}

/**
 * `published`: all of it. `partial`: something was published and something was held or failed.
 * `held`: a gate failed or a breaker is open, and nothing was published. `failed`: no provider answered and nothing was published. `nothing_due`: there was nothing to do. `planned`: a dry run. `decided`: a decision was noted and nothing published.
 */
export type RunStatus = 'published' | 'partial' | 'held' | 'failed' | 'nothing_due' | 'planned' | 'decided'

/** What a run asked of a provider for one pipe, and what came of it. */
export interface SourceRecord {
  readonly pipe: string
  readonly source: string
  readonly provider: string
  /** The contract's; not in records of the first lakes. */
  readonly dataset?: string
  /**
   * `answered`: everything. `failed`: something was not, see `meaning` and `why`. `not finished`: the time was up, the next run goes
   * on. `leased`: another run has the pipe. `not due`, `done`, `waiting after a failure`, `only the present` (an interval was asked for):
   * there was nothing to ask.
   */
  readonly state:
    | 'answered'
    | 'failed'
    | 'not finished'
    | 'leased'
    | 'not due'
    | 'done'
    | 'waiting after a failure'
    | 'only the present'
    | 'out of reach'
  /** What was asked for, ISO 8601. */
  readonly intervals: readonly string[]
  readonly requests: number
  /** What the answers took of the provider's credits; not in records of the first lakes. */
  readonly credits?: number
  /** As they came over the wire. */
  readonly bytes: number
  /** Answers that brought nothing new: not changed, or the same bytes as before. They are not stored again. */
  readonly repeated: number
  readonly meaning?: string
  readonly why?: string
  readonly again_at?: string
  /** When its lease ran out, ISO 8601, if that was before the run was done and another run took the pipe meanwhile. */
  readonly lease_lost_at?: string
}

/** What a person decided, and how much it was about. */
export interface DecisionRecord {
  readonly move: 'replay' | 'release' | 'discard' | 'trip' | 'reset'
  readonly by: string
  readonly reason?: string
  /** Rows that it was about, quarantined ones and those of held batches that would be published, and those of them whose waiting it ended. */
  readonly rows: number
  readonly rows_moved: number
  /** Holds that it was about, by id. */
  readonly holds: readonly string[]
  readonly captures: readonly string[]
  /** What was in these holds. */
  readonly batches?: readonly DecidedBatch[]
}

/** A held batch about which a person decided. */
export interface DecidedBatch {
  readonly hold: string
  readonly dataset: string
  readonly pipe: string
  /** Rows that would be published. */
  readonly rows: number
  readonly captures: readonly string[]
}

export interface BreakerRecord {
  readonly dataset: string
  readonly pipe: string
  readonly at: string
  readonly from: string
  readonly to: string
  readonly why: string
}

export interface HoldRecord {
  readonly id: string
  readonly dataset: string
  readonly pipe: string
  readonly by: 'gate' | 'breaker'
  readonly why: string
  readonly rows: number
  readonly captures: number
}

export interface InputRecord {
  readonly pipe: string
  readonly capture_id: string
  readonly name: string
  readonly sha256: string
  readonly bytes: number
  /** Whether the lake holds the bytes, or only their hash and where they were: the pipe's `capture`. */
  readonly capture: 'copy' | 'reference'
  /** The gate kept this capture back. */
  readonly held?: true
}

/** What a run read again, and what of it could not be read. */
export interface ReplayRecord {
  readonly dataset: string
  /** Why: `migration` to a new major of the contract. */
  readonly reason: 'migration'
  /** `1.4.0`, under which the records were last written, and the version that judges them now. */
  readonly before: string
  readonly after: string
  /** Captures that are not in the table now, each with the reason. */
  readonly lost: readonly {
    readonly capture_id: string
    readonly pipe: string
    readonly name: string
    readonly why: string
  }[]
  /** Where people had decided about some of it: how many rows that holds for. */
  readonly decisions?: KeptDecisionsRecord
}

/** What a replay made again, and what it left as it was. */
export interface RebuiltRecord {
  readonly datasets: readonly {
    readonly dataset: string
    /** Partitions of silver that were replaced, those whose bytes came out the same, and those that hold rows of captures that were not read. */
    readonly replaced: number
    readonly unchanged: number
    readonly kept: number
    /** Captures that wait, or were given up, and were not looked at. */
    readonly withheld: number
    /** Why nothing of it was replaced. */
    readonly refused?: string
  }[]
  /** Earlier partitions were left as they were, ISO 8601. */
  readonly from?: string
  /** Captures that cannot be read again, each with the reason. */
  readonly lost: ReplayRecord['lost']
}

/** Rows for which a decision holds that a person took under an older contract, and those that wait in spite of one. */
export interface KeptDecisionsRecord {
  /** Accepted rows of batches that were released: no gate held them again. */
  readonly released_batches: number
  /** Single rows that were released, and pass. */
  readonly released: number
  /** Rows that were discarded, by themselves or with their batch. */
  readonly discarded: number
  /** Rows that were released, and break other rules now. */
  readonly waiting: number
  readonly waiting_for: readonly string[]
}

/** What was asked of a run that only derived gold. */
export interface DerivationRecord {
  /** `gold.price_bars`, in the order in which they are derived. */
  readonly tables: readonly string[]
  /**
   * `owed`: what runs before left, and models that are new or changed. `full`: all of it as well. `interval`: a time of it as well. `known`:
   * nothing of gold itself, but what was known at a time, kept as `gold_<into>`.
   */
  readonly scope: 'owed' | 'full' | 'interval' | 'known'
  /** ISO 8601, of scope `interval`. */
  readonly interval?: string
  /** Of scope `known`. */
  readonly as_known_at?: string
  readonly into?: string
  readonly strict?: boolean
}

/** How a contract changed since its table was last written. */
export interface ContractChangeRecord {
  readonly dataset: string
  readonly before: string
  readonly after: string
  readonly grade: 'none' | 'compatible' | 'breaking'
  /** The version that says so, when the contract has a lower one. */
  readonly needs?: string
  /** What changed in this grade: `rule price_positive`. */
  readonly subjects: readonly string[]
}

export interface PipeRecord {
  readonly pipe: string
  readonly dataset: string
  readonly in: number
  readonly accepted: number
  readonly duplicate: number
  readonly quarantined: number
  readonly held: number
  readonly not_final: number
  /** Rows per broken rule; a row that breaks two rules counts in both. */
  readonly rules: Readonly<Record<string, number>>
  /** The same of rules that rows broke and that a person waived for them: these rows are in none of the other figures of errors. */
  readonly released?: Readonly<Record<string, number>>
  /** What the gate said of this pipe's rows; not in records of the first lakes. */
  readonly verdict?: Verdict['verdict']
  /** Why it failed or warns; left out when it does neither. */
  readonly findings?: readonly FindingRecord[]
}

/** A limit that was broken, with its figures in `text`. */
export interface FindingRecord {
  readonly rule: string
  readonly severity: string
  readonly text: string
  /** Who let the batch pass all the same. */
  readonly released_by?: string
}

export interface DatasetRecord {
  readonly dataset: string
  /** The worst of the dataset's own and those of its pipes. */
  readonly verdict: Verdict['verdict']
  /** Whether the accepted rows were published in spite of a failed gate. */
  readonly breach_allowed: boolean
  /** Of the rows of all its pipes together; each pipe has its own. */
  readonly findings: readonly FindingRecord[]
  /** Of a dataset of pipes. */
  readonly moved?: MovedRecord
  /** Of a dataset of pipes, where something else was said of the past than was known. */
  readonly restated?: RestatedRecord
}

/** What providers restated: `gold.restatements` has each change. Rows that were held count too. */
export interface RestatedRecord {
  readonly series: number
  readonly rows: number
  /** Of these rows: vintages that the provider announced. */
  readonly announced: number
  readonly changes: number
  /** The unannounced ones first, by their rows. */
  readonly largest: readonly {
    readonly pipe: string
    readonly series: string
    readonly kind: string
    readonly announced: boolean
    readonly rows: number
    readonly first_event: string
    readonly last_event: string
    /** New over known, the median; null where no figure has one. */
    readonly ratio: number | null
    readonly columns: string
    /** What became of the rows: version, replaced, conflict or held. */
    readonly fate: string
  }[]
}

/**
 * Rows that changed place beside the run's own. Over all runs, the rows of silver are all accepted + `silver.entered` - `silver.left`,
 * and the rows that wait in quarantine are all `waiting.entered` - `waiting.left`.
 */
export interface MovedRecord {
  /** Rows of earlier runs that came into silver, or left it: replaced, in conflict, or rejected by today's contract. */
  readonly silver: { readonly entered: number; readonly left: number }
  /** Rows of any run that began to wait in quarantine, or ceased to, because their record was judged anew. */
  readonly waiting: { readonly entered: number; readonly left: number }
}

export interface StaleRecord {
  readonly table: string
  readonly outcome: 'held' | 'failed' | 'waiting'
  readonly why: string
}

export interface TableRecord {
  /** `silver.market_events` */
  readonly table: string
  readonly contract_version: string
  readonly snapshot_id: string
  /** The time of the snapshot: later than the end of the run where an earlier commit was made by a later clock. Not in records of the first lakes. */
  readonly committed_at?: string
  /** The metadata file that has the snapshot, `v<version>.metadata.json`; not in records of the first lakes. */
  readonly metadata?: { readonly version: number; readonly sha256: string }
  readonly operation: string
  readonly rows_added: number
  readonly rows_removed: number
  readonly bytes_added: number
  readonly files: readonly {
    readonly path: string
    readonly rows: number
    readonly bytes: number
    readonly sha256: string
  }[]
}

export interface StepRecord {
  readonly step: string
  readonly detail: string
  /** From the begin of the run to that of the step; not in records of the first lakes. */
  readonly after_seconds?: number
  readonly seconds: number
  readonly cpu_seconds: number
  readonly rows: number
  /** Requests to the store by class, none where there was none, and bytes; not in records of the first lakes. */
  readonly store_requests?: Readonly<Record<string, number>>
  readonly bytes_read?: number
  readonly bytes_written?: number
}

export interface UsageRecord {
  readonly wall_seconds: number
  readonly cpu_seconds: number
  readonly peak_memory_bytes: number
  readonly store_requests: Readonly<Record<string, number>>
  readonly bytes_read: number
  readonly bytes_written: number
  readonly http_requests: number
}
