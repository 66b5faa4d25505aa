import { type Project, query, type RunRecord } from '../../src/index.js'
import type { Lane } from './lanes.js'
import type { Found, LakeRow, RejectedRow } from './oracle.js'

type SqlRow = Readonly<Record<string, unknown>>

/** What silver and quarantine hold after the runs, in one query: each opens an engine. */
export async function readLake(
  project: Project,
  records: readonly RunRecord[],
  lanes: readonly Lane[],
): Promise<Found> {
  const written = new Set(records.flatMap(({ tables }) => tables.map(({ table }) => table.replace(/_versions$/, ''))))
  const datasets = new Map(lanes.map(lane => [lane.dataset, lane]))
  const asks = [...datasets].flatMap(([dataset, { figures }]) => [
    ...(written.has(`silver.${dataset}`) ? [silverSql(dataset, longest(lanes, dataset, figures))] : []),
    ...(written.has(`quarantine.${dataset}`) ? [quarantineSql(dataset)] : []),
  ])
  const { rows } = await query(project, asks.join('\nUNION ALL\n'))
  return {
    records,
    silver: rows.filter(row => row['rules'] === null).map(row => silverRow(row)),
    quarantine: rows.filter(row => row['rules'] !== null).flatMap(row => rejectedRow(row)),
  }
}

/** Lanes of one dataset have some figures more or less. */
function longest(lanes: readonly Lane[], dataset: string, figures: readonly string[]): readonly string[] {
  return [...new Set([...figures, ...lanes.flatMap(lane => (lane.dataset === dataset ? lane.figures : []))])]
}

function silverSql(dataset: string, figures: readonly string[]): string {
  const isVintage = dataset === 'macro_observations'
  const key = `epoch_ms(event_time)::VARCHAR${isVintage ? ` || '|' || vintage_date::VARCHAR` : ''}`
  const content = `json_object(${figures.map(name => `'${name}', ${name}::VARCHAR`).join(', ')})::VARCHAR`
  const view = isVintage ? `${dataset}_versions` : dataset
  return `SELECT instrument_id, ${key} AS key, ${content} AS content, NULL::VARCHAR AS rules FROM silver.${view}`
}

function quarantineSql(dataset: string): string {
  return `SELECT NULL, NULL, coalesce(record, '{}'), array_to_string(rules, ',') FROM quarantine.${dataset}`
}

function silverRow(row: SqlRow): LakeRow {
  return {
    instrument: String(row['instrument_id']),
    key: String(row['key']),
    figures: JSON.parse(String(row['content'])),
  }
}

/** A record as it came, or as it was read. One without a time has no key. */
function rejectedRow(row: SqlRow): RejectedRow[] {
  const record = JSON.parse(String(row['content'])) as Record<string, string | null>
  const at = msOf(record['event_time'] ?? '')
  const vintage = record['vintage_date']
  return [
    {
      instrument: record['instrument_id'] ?? '',
      key: vintage === undefined || vintage === null ? String(at) : `${at}|${vintage}`,
      figures: record,
      rules: String(row['rules']).split(','),
    },
  ]
}

/** `2025-01-31`, `2025-01-31 00:00:00+00`, `2025-01-31T00:00:00Z`, all of UTC. */
function msOf(text: string): number {
  const plain = text.replace(' ', 'T').replace(/(\.\d+)?([+-]00(:?00)?|Z)?$/, '')
  return Date.parse(plain.length === 10 ? plain : `${plain}Z`)
}
