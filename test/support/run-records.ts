import type { PipeRecord, RunRecord, TableRecord } from '../../src/pipeline/record/run-record.js'

/** A run record with nothing in it but what a test is about. */
export function runRecord(parts: Partial<RunRecord> = {}): RunRecord {
  return {
    record_version: 1,
    run_id: 'demo-001',
    status: 'published',
    started_at: '2026-11-22T12:00:00.000Z',
    finished_at: '2026-11-22T12:00:01.500Z',
    sluice_version: '0.1.0',
    engine_version: '1',
    node_version: 'v20',
    platform: 'linux-x64',
    options: { allow_dq_breach: false, replace: false, select: [] },
    config_hash: '',
    input_hash: '',
    contracts: {},
    inputs: [],
    pipes: [],
    datasets: [],
    tables: [],
    steps: [],
    usage: {
      wall_seconds: 1.5,
      cpu_seconds: 2,
      peak_memory_bytes: 250_000_000,
      store_requests: {},
      bytes_read: 0,
      bytes_written: 12_345,
      http_requests: 0,
    },
    ...parts,
  }
}

export function pipeRecord(parts: Partial<PipeRecord> = {}): PipeRecord {
  const counts = { in: 0, accepted: 0, duplicate: 0, quarantined: 0, held: 0, not_final: 0 }
  return { pipe: 'sample-bars', dataset: 'bars', ...counts, rules: {}, ...parts }
}

export function tableRecord(parts: Partial<TableRecord> = {}): TableRecord {
  return {
    table: 'silver.bars',
    contract_version: 'v1',
    snapshot_id: '1',
    operation: 'append',
    rows_added: 10,
    rows_removed: 0,
    bytes_added: 2_048,
    files: [],
    ...parts,
  }
}
