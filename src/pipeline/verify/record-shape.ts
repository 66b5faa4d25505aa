import type { RunRecord, TableRecord } from '../record/run-record.js'

/** Whether a document says all that verifying asks of a run record: one that was edited may say anything. */
export function isRunRecord(document: object): document is RunRecord {
  const { run_id, started_at, finished_at, inputs, tables } = document as Partial<RunRecord>
  return (
    [run_id, started_at, finished_at].every(text => typeof text === 'string') &&
    Array.isArray(inputs) &&
    inputs.every(input => areTexts(input, 'capture_id', 'pipe', 'name')) &&
    Array.isArray(tables) &&
    tables.every(isTable)
  )
}

function isTable(table: unknown): table is TableRecord {
  if (!areTexts(table, 'table', 'contract_version', 'snapshot_id')) return false
  const { snapshot_id, files } = table as unknown as TableRecord
  return /^\d+$/.test(snapshot_id) && Array.isArray(files) && files.every(file => areTexts(file, 'path', 'sha256'))
}

function areTexts<Name extends string>(value: unknown, ...names: Name[]): value is Record<Name, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every(name => typeof (value as Record<string, unknown>)[name] === 'string')
  )
}
