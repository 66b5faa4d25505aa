import type { PipePast } from '../../finops/estimate-usage.js'
import { sumUsage, type Usage, usageOf } from '../../finops/usage.js'
import type { RunRecord, SourceRecord } from '../record/run-record.js'

/** What one run used, all of it. */
export function usageOfRun({ usage, sources = [] }: Pick<RunRecord, 'usage' | 'sources'>): Usage {
  const { store_requests: store } = usage
  const of = (...classes: readonly string[]) => classes.reduce((sum, name) => sum + (store[name] ?? 0), 0)
  return {
    invocations: 1,
    provider_requests: sources.reduce((sum, { requests }) => sum + requests, 0),
    credits: sources.reduce((sum, source) => sum + creditsOf(source), 0),
    bytes_received: sources.reduce((sum, { bytes }) => sum + bytes, 0),
    bytes_written: usage.bytes_written,
    bytes_read: usage.bytes_read,
    store_puts: of('put', 'create', 'adopt'),
    store_lists: of('list'),
    store_gets: of('get', 'range', 'open'),
    store_heads: of('head'),
    store_deletes: of('delete'),
    wall_ms: Math.round(usage.wall_seconds * 1000),
    cpu_ms: Math.round(usage.cpu_seconds * 1000),
  }
}

/** What the records of runs tell of each pipe, by the rule of `ledger.usage`: its own requests, and a share of the rest by rows. */
export function pastUsage(records: readonly RunRecord[]): ReadonlyMap<string, PipePast> {
  const past = new Map<string, PipePast>()
  for (const record of records) {
    const whole = usageOfRun(record)
    const parts = partsOf(record)
    const weight = parts.reduce((sum, { rows }) => sum + rows + 1, 0)
    for (const { pipe, rows, source } of parts) {
      const own: Partial<Usage> = {
        provider_requests: source?.requests ?? 0,
        credits: source === undefined ? 0 : creditsOf(source),
        bytes_received: source?.bytes ?? 0,
      }
      const share = usageOf(name => own[name] ?? (whole[name] * (rows + 1)) / weight)
      const before = past.get(pipe)
      past.set(pipe, {
        runs: (before?.runs ?? 0) + 1,
        asks: (before?.asks ?? 0) + (source === undefined ? 0 : Math.max(1, source.intervals.length)),
        usage: before === undefined ? share : sumUsage([before.usage, share]),
      })
    }
  }
  return past
}

interface RunPart {
  readonly pipe: string
  readonly rows: number
  readonly source: SourceRecord | undefined
}

/** Pipes that asked or read something. */
function partsOf({ sources = [], pipes }: RunRecord): RunPart[] {
  const asked = new Map(sources.filter(({ requests }) => requests > 0).map(source => [source.pipe, source]))
  const rows = new Map(pipes.map(record => [record.pipe, record.in]))
  return [...new Set([...asked.keys(), ...rows.keys()])].map(pipe => ({
    pipe,
    rows: rows.get(pipe) ?? 0,
    source: asked.get(pipe),
  }))
}

/** Records of the first lakes have no credits: a request was one. */
function creditsOf({ credits, requests }: SourceRecord): number {
  return credits ?? requests
}
