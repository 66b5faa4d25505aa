import { writeFiles } from '../support/write-files.js'

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: marks
version: 1.0.0
status: active
schema:
  - name: marks
    logicalType: object
    properties:
      - { name: instrument_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: event_time, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2 }
      - { name: version, logicalType: integer, required: true }
      - { name: run, logicalType: string, required: true }
customProperties:
  - { property: layer, value: silver }
  - { property: eventTime, value: event_time }
  - { property: partition, value: day }
  - { property: mergePolicy, value: latest }
  - { property: mergeOrderBy, value: version }
`

const GOLD_CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: daily_marks
version: 1.0.0
status: active
schema:
  - name: daily_marks
    logicalType: object
    properties:
      - { name: instrument_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: date, logicalType: date, required: true, primaryKey: true, primaryKeyPosition: 2 }
      - { name: marks, logicalType: integer, required: true }
      - { name: newest, logicalType: integer, required: true }
customProperties:
  - { property: layer, value: gold }
  - { property: eventTime, value: date }
  - { property: partition, value: day }
  - { property: mergePolicy, value: latest }
`

const MODEL = `/*---
table: daily_marks
grain: one row per instrument and day
partition: date
lookback: P1D
description: How many marks a day has, and the highest version.
---*/
SELECT instrument_id, event_time::DATE AS date, count(*) AS marks, max(version) AS newest, max(_known_at) AS _known_at
FROM silver.marks
GROUP BY ALL
`

/** Days that every run writes to, so that all of them meet in the same partitions. */
export const DAYS = ['2026-03-02', '2026-03-03']
/** The instrument whose keys all writers fill. */
export const SHARED = 'shared'

/** One run of one writer. Its rows: a key of its own on each day, and the shared key of each day with its version. */
export interface WriterRun {
  readonly id: string
  readonly file: string
  /** Higher wins the shared keys; no two runs have the same. */
  readonly version: number
}

/** A project, and the files of the runs of each writer. */
export async function writeWritersProject(folder: string, writers: number, runs: number): Promise<WriterRun[][]> {
  const files: Record<string, string> = {
    'sluice.yaml': 'lake: data_lake\nengine:\n  threads: 1\n  memory_limit: 256MB\n',
    'contracts/marks.odcs.yaml': CONTRACT,
    'contracts/daily_marks.odcs.yaml': GOLD_CONTRACT,
    'models/gold/daily_marks.sql': MODEL,
  }
  const plan = Array.from({ length: writers }, (_, writer) =>
    Array.from({ length: runs }, (_unused, at): WriterRun => {
      const [id, version] = [`w${writer}-${at}`, at * writers + writer]
      return { id, file: `${id}.ndjson`, version }
    }),
  )
  for (const { id, file, version } of plan.flat()) {
    const rows = DAYS.flatMap(day => [
      { instrument_id: id, event_time: `${day}T10:00:00Z`, version, run: id },
      { instrument_id: SHARED, event_time: `${day}T10:00:00Z`, version, run: id },
    ])
    files[file] = rows.map(row => `${JSON.stringify(row)}\n`).join('')
  }
  await writeFiles(folder, files)
  return plan
}
