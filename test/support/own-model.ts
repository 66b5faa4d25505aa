/** A gold model of a project's own: each close carried on for up to three days, until the next one. Rows stand on days that have no input. */
export const CARRIED_SQL = `/*---
table: carried_closes
grain: one row per instrument and day
partition: date
lookback: P3D
description: The newest close of at most three days ago.
---*/
WITH closes AS (
  SELECT instrument_id, event_time::DATE AS day, close, _known_at FROM silver.bars WHERE bar_interval = '1d'
),
carried AS (
  SELECT instrument_id, day + age::INTEGER AS date, age, close, _known_at FROM closes, range(4) AS ages(age)
)
SELECT instrument_id, date, arg_min(close, age) AS close, min(age) AS age, arg_min(_known_at, age) AS _known_at
FROM carried
GROUP BY instrument_id, date
`

export const CARRIED_CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: carried_closes
version: 1.0.0
status: active
schema:
  - name: carried_closes
    logicalType: object
    properties:
      - { name: instrument_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: date, logicalType: date, required: true, primaryKey: true, primaryKeyPosition: 2 }
      - { name: close, logicalType: number, physicalType: "decimal(38,18)", required: true }
      - { name: age, logicalType: integer, required: true }
    quality:
      - { id: close_below_thousand, type: custom, engine: sluice, implementation: close < 1000, severity: error }
customProperties:
  - { property: layer, value: gold }
  - { property: eventTime, value: date }
  - { property: partition, value: day }
  - { property: mergePolicy, value: latest }
`
