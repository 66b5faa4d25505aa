import { z } from 'zod'

const counted = z.int().min(0)
const span = z.strictObject({ months: counted, ms: counted })

/** Pipes that are asked side by side, in runs of one length. */
const lane = z.strictObject({ pipes: z.array(z.string()), window: span.nullable() })

const part = z.strictObject({
  /** Counts the record's `lanes` from 0. */
  lane: counted,
  /** ISO 8601, half-open. */
  interval: z.string(),
  state: z.enum(['pending', 'running', 'done', 'partial', 'held', 'failed']),
  /** The runs that worked on it, in order. */
  run_ids: z.array(z.string()),
  attempts: counted,
  /** So many requests were sent, retries and further pages included. */
  requests: counted,
  /** Rows that were accepted. */
  rows: counted,
  /** What is still to do, pipe by pipe. */
  open: z.array(z.strictObject({ pipe: z.string(), why: z.string() })).optional(),
})

const overrun = z.strictObject({
  span: z.enum(['run', 'month']),
  of: z.enum(['money', 'credits', 'requests']),
  /** Decimal text, and so are the others. */
  most: z.string(),
  currency: z.string().optional(),
  spent: z.string(),
  estimate: z.string(),
})

const estimate = z.strictObject({
  requests: counted,
  credits: counted,
  bytes: counted.nullable(),
  rows: counted.nullable(),
  /** As earlier runs took it, and at least so long as the providers' rates make it. */
  seconds: z.number(),
  /** What the runs for the intervals would cost on AWS, exact decimal text. Not in records of the first backfills. */
  cost: z
    .strictObject({
      once: z.string(),
      currency: z.string(),
      price_list: z.string(),
      basis: z.enum(['history', 'part', 'defaults']),
    })
    .optional(),
  /** Limits of the budget that it would break, where the budget only warns. */
  over_budget: z.array(overrun).optional(),
})

const hashes = z.record(z.string(), z.string())

/** What of a project decides what a backfill asks and what becomes of it, each by a short hash. */
const makings = z.strictObject({ pipes: hashes, contracts: hashes, references: hashes, providers: hashes })

export const backfillRecord = z.strictObject({
  record_version: z.literal(1),
  /** `backfill-<start>-<end>`, with `-<hash8>` when a selection narrows it. */
  backfill: z.string(),
  /** `planned`: a dry run, which is not stored. */
  status: z.enum(['planned', 'running', 'complete', 'partial', 'held', 'failed', 'interrupted']),
  /** ISO 8601, half-open. */
  interval: z.string(),
  select: z.array(z.string()),
  exclude: z.array(z.string()),
  params: z.record(z.string(), z.string()),
  started_at: z.string(),
  updated_at: z.string(),
  made_of: makings,
  /** Before the first request. */
  estimate,
  lanes: z.array(lane),
  /** What cannot be asked for, and why. */
  skipped: z.array(z.strictObject({ pipe: z.string(), interval: z.string(), why: z.string() })),
  /** In order of lanes and times. */
  intervals: z.array(part),
  /** So many intervals are not in the list because they have not begun, of a backfill of very many. */
  intervals_unlisted: counted,
  /** Gold is derived when the intervals are through. */
  gold: z.strictObject({ state: z.enum(['none', 'owed', 'derived', 'held']), run_id: z.string().nullable() }),
})

/** The record of a backfill, `_runs/<name>.json`. Unlike that of a run it is rewritten while the backfill goes on. */
export type BackfillRecord = z.infer<typeof backfillRecord>
export type PartRecord = z.infer<typeof part>
export type LaneRecord = z.infer<typeof lane>
export type Makings = z.infer<typeof makings>
/** What a backfill will take, as far as can be told before it begins. */
export type BackfillEstimate = z.infer<typeof estimate>
