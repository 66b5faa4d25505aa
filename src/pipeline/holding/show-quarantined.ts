import type { CaptureFacts } from '../../bronze/capture-record.js'
import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import { DISCARDED_RULE } from '../../silver/decided-rows.js'
import { findCapture } from '../captures/find-capture.js'
import { type Deps, systemDeps } from '../deps.js'
import { lakeStore } from '../lake-store.js'
import type { Project } from '../project/project.js'
import { DECISIONS_FOLDER, type DecisionNote } from './decision-notes.js'
import { listQuarantine, type QuarantinedRow } from './find-quarantined.js'
import type { Hold } from './hold-book.js'

/** One hold, or what a record is in quarantine for, and the way to its bytes. */
export type ShownQuarantine =
  | { readonly kind: 'hold'; readonly hold: Hold }
  | {
      readonly kind: 'row'
      /** One for each set of rules that the record has broken. */
      readonly rows: readonly QuarantinedRow[]
      readonly rules: readonly { readonly rule: string; readonly asks: string }[]
      readonly capture: CaptureFacts
      readonly segment: string
      /** Who ended its waiting, when and why. */
      readonly decisions: readonly DecisionNote[]
    }

/** Shows a hold by its id, or a quarantined record by `capture:position`. Throws SLUICE_QUARANTINE_UNKNOWN. */
export async function showQuarantined(project: Project, id: string, deps: Deps = systemDeps): Promise<ShownQuarantine> {
  const { holds, rows } = await listQuarantine(project, { ids: [id], state: 'all' }, MOST_ROWS, deps)
  const [hold] = holds
  if (hold !== undefined) return { kind: 'hold', hold }
  const [row] = rows
  if (row === undefined) throw new SluiceError('SLUICE_QUARANTINE_UNKNOWN', `There is no quarantined row ${id}.`)
  const { record, segment } = await findCapture(project, row.capture_id)
  const { body: _, ...response } = record.response
  const contract = project.contracts.find(({ dataset }) => dataset === row.dataset)
  const broken = [...new Set(rows.flatMap(({ rules }) => rules))]
  const store = await lakeStore(project)
  const decided = rows.flatMap(({ decision }) => (decision === undefined ? [] : [decision]))
  const notes = await Promise.all([...new Set(decided)].map(run => store.get(`${DECISIONS_FOLDER}${run}.json`)))
  return {
    kind: 'row',
    rows,
    rules: broken.map(rule => ({ rule, asks: asks(rule, contract) })),
    capture: { ...record, response },
    segment,
    decisions: notes.flatMap(note => (note === undefined ? [] : [JSON.parse(note.toString('utf8')) as DecisionNote])),
  }
}

const MOST_ROWS = 100

const OWN_RULES: Readonly<Record<string, string>> = {
  unreadable: 'the line must be a record',
  conflict: 'a key that is published, or comes at the same moment, may not come with other content',
  [DISCARDED_RULE]: 'a person discarded the record: it stays out although it breaks no rule today',
}

function asks(rule: string, contract: Contract | undefined): string {
  const [kind, column] = rule.split(':')
  if (kind === 'type' && column !== undefined) return `${column} must have the type that the contract gives it`
  if (kind === 'required' && column !== undefined) return `${column} must have a value`
  return OWN_RULES[rule] ?? contract?.rules.find(({ id }) => id === rule)?.description ?? ''
}
