import type { PipeRecord, RunRecord } from '../pipeline/run-record.js'
import { countText, secondsText } from './figures.js'
import { type TableColumn, tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const RIGHT = 'right' as const

/** The runs of a lake, one a line, in the given order. */
export function renderRuns(records: readonly RunRecord[], look: Look): string {
  if (records.length === 0) return 'No run has finished yet. Next: npx sluice run\n'
  const columns: TableColumn[] = [
    { head: 'run' },
    { head: 'status' },
    { head: 'started' },
    { head: 'took', align: RIGHT },
    { head: 'in', align: RIGHT },
    { head: 'accepted', align: RIGHT },
    { head: 'quarantined', align: RIGHT },
    { head: 'tables', align: RIGHT },
  ]
  const sum = (record: RunRecord, pick: (pipe: PipeRecord) => number) =>
    countText(record.pipes.reduce((total, pipe) => total + pick(pipe), 0))
  const rows = records.map(record => [
    record.run_id,
    record.status,
    record.started_at,
    secondsText(record.usage.wall_seconds),
    sum(record, pipe => pipe.in),
    sum(record, pipe => pipe.accepted),
    sum(record, pipe => pipe.quarantined),
    countText(record.tables.length),
  ])
  return `${tableText(columns, rows, look)}\n`
}

/** Where the time of a run went. */
export function renderSteps(record: RunRecord, look: Look): string {
  const columns: TableColumn[] = [
    { head: 'step' },
    { head: 'detail' },
    { head: 'time', align: RIGHT },
    { head: 'CPU', align: RIGHT },
    { head: 'rows', align: RIGHT },
  ]
  const rows = record.steps.map(step => [
    step.step,
    step.detail,
    secondsText(step.seconds),
    secondsText(step.cpu_seconds),
    countText(step.rows),
  ])
  return `${look.colors.bold('Steps')}\n${tableText(columns, rows, { ...look, cellWidth: 60 })}\n`
}
