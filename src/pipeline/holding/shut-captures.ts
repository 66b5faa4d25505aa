import type { Verdict } from '../../quality/gate.js'
import type { Admission } from '../../quality/pipe-breaker.js'
import { countOf, type Tally } from '../../silver/count-batch.js'
import type { Fetched } from '../fetch/fetched.js'
import type { RunContext } from '../run-context.js'
import { type HoldReason, heldBatch, holdReason } from '../settle/judge-pipes.js'
import type { Reading } from '../settle/reading.js'

/** What breakers say of pipes, by name; `pass` is left out. */
export type Admissions = ReadonlyMap<string, Admission>

const SUMMARY = 'sluice.breakers'

/** What the breakers say of the pipes of captures, as it stands in the summary of a commit. */
export function admissionsSummary(fetched: readonly Fetched[], { holding }: RunContext): Record<string, string> {
  const pipes = new Map(fetched.map(({ pipe }) => [pipe.name, holding.admission(pipe.contract, pipe.name)]))
  const told = [...pipes].filter(([, admission]) => admission !== 'pass')
  return told.length === 0 ? {} : { [SUMMARY]: JSON.stringify(Object.fromEntries(told)) }
}

export function admissionsIn(summary: Readonly<Record<string, string>>): Admissions {
  return new Map(Object.entries(JSON.parse(summary[SUMMARY] ?? '{}') as Record<string, Admission>))
}

/** The captures that breakers hold, and those that a run leaves held, with why. */
export function shutCaptures(
  { contract, fetched }: Reading,
  { admissions }: { readonly admissions: Admissions },
  { holding, withheld }: RunContext,
): ReadonlyMap<string, HoldReason> {
  const waiting = fetched.filter(({ id }) => withheld?.has(id))
  const shut = fetched.filter(({ pipe }) => admissions.get(pipe.name) === 'hold')
  const why = (pipe: string): string => holding.why(contract.dataset, pipe) || `the breaker of ${pipe} is open`
  const batchOf = (id: string): string | undefined => {
    const hold = holding.holdOf(contract.dataset, id)
    return hold && heldBatch(hold)
  }
  return new Map([
    ...waiting.map(({ id }) => [id, holdReason('gate', 'it was held before', undefined)] as const),
    ...shut.map(({ id, pipe }) => [id, holdReason('breaker', why(pipe.name), batchOf(id))] as const),
  ])
}

/** Of every pipe that a breaker holds, that it fails, and why. */
export function verdictsOf(
  shut: ReadonlyMap<string, HoldReason>,
  fetched: readonly Fetched[],
): ReadonlyMap<string, Verdict> {
  return new Map(
    fetched.flatMap(({ id, pipe }) => {
      const { by, why: text } = shut.get(id) ?? {}
      if (by !== 'breaker' || text === undefined) return []
      const finding = { rule: 'breaker', severity: 'hold', failed: 0, share: 0, limit: 'none', text } as const
      return [[pipe.name, { verdict: 'fail', findings: [finding] }] as const]
    }),
  )
}

/** Counts the records of captures that were not looked at: all of them are held, but for the lines that are no records. */
export function countUnseen(tally: Tally, records: ReadonlyMap<string, number>, captures: Iterable<string>): void {
  for (const id of captures) {
    const count = countOf(tally, id)
    count.accepted = (records.get(id) ?? 0) - count.quarantined
  }
}
