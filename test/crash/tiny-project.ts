import { join } from 'node:path'
import { writeFiles } from '../support/write-files.js'

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: ticks
version: 1.0.0
status: active
schema:
  - name: ticks
    logicalType: object
    properties:
      - { name: instrument_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: event_time, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2 }
      - { name: price, logicalType: number, physicalType: "decimal(18,4)", required: true }
    quality:
      - { id: price_positive, type: custom, engine: sluice, implementation: price > 0, severity: error }
customProperties:
  - { property: layer, value: silver }
  - { property: eventTime, value: event_time }
  - { property: partition, value: day }
  - { property: mergePolicy, value: latest }
`

const GOLD_CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: daily_ticks
version: 1.0.0
status: active
schema:
  - name: daily_ticks
    logicalType: object
    properties:
      - { name: instrument_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: date, logicalType: date, required: true, primaryKey: true, primaryKeyPosition: 2 }
      - { name: ticks, logicalType: integer, required: true }
      - { name: high, logicalType: number, physicalType: "decimal(18,4)", required: true }
customProperties:
  - { property: layer, value: gold }
  - { property: eventTime, value: date }
  - { property: partition, value: day }
  - { property: mergePolicy, value: latest }
`

const MODEL = `/*---
table: daily_ticks
grain: one row per instrument and day
partition: date
lookback: P1D
description: Ticks and highest price of each day.
---*/
SELECT instrument_id, event_time::DATE AS date, count(*) AS ticks, max(price) AS high, max(_known_at) AS _known_at
FROM silver.ticks
GROUP BY ALL
`

/** What the lake of the tiny project has when all is done, and the key of each table that has one. */
export const TINY_KEYS: Readonly<Record<string, string>> = {
  'silver.ticks': 'instrument_id, event_time',
  'gold.daily_ticks': 'instrument_id, date',
}

/** A project that a run takes through every stage in a fraction of a second. The second day's file corrects and rejects. */
export async function writeTinyProject(folder: string): Promise<void> {
  const files: Record<string, string> = {
    'sluice.yaml': 'lake: data_lake\nengine:\n  threads: 1\n  memory_limit: 256MB\n',
    'contracts/ticks.odcs.yaml': CONTRACT,
    'contracts/daily_ticks.odcs.yaml': GOLD_CONTRACT,
    'models/gold/daily_ticks.sql': MODEL,
    'first.ndjson': lines([
      ['a', '2026-03-02T10:00:00Z', 10],
      ['a', '2026-03-02T11:00:00Z', 11],
      ['b', '2026-03-02T11:00:00Z', 20.5],
      ['b', '2026-03-02T12:00:00Z', -1],
    ]),
    'second.ndjson': lines([
      ['a', '2026-03-02T11:00:00Z', 11.25],
      ['a', '2026-03-03T10:00:00Z', 12],
      ['a', '2026-03-03T10:00:00Z', 12],
      ['b', '2026-03-03T10:00:00Z', 0],
      ['b', '2026-03-03T11:00:00Z', 21],
    ]),
  }
  await writeFiles(folder, files)
}

/** The command line that takes one of the project's files through it. */
export function tinyRun(project: string, input: 'first' | 'second', runId: string): string[] {
  const now = ['--now', '2026-03-04T00:00:00Z']
  const what = ['--input', join(project, `${input}.ndjson`), '--contract', 'ticks', '--run-id', runId]
  return ['run', '--project', project, ...what, ...now]
}

function lines(rows: readonly (readonly [string, string, number])[]): string {
  return rows
    .map(([instrument_id, event_time, price]) => `${JSON.stringify({ instrument_id, event_time, price })}\n`)
    .join('')
}
