import { groupBy } from '../core/group-by.js'
import type { ChangedRow } from '../pipeline/diff/compare-rows.js'
import type { DerivedVerdict, Fault, TableVerdict, Verification } from '../pipeline/verify/verification.js'
import { bytesText, countText, plural } from './figures.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

/** What was looked at, what is wrong and where, and how each table came out when it was derived again. */
export function renderVerification(verification: Verification, look: Look): string {
  const { faults, tables } = verification
  const sections = [
    headText(verification, look),
    ...(faults.length === 0 ? [] : [faultsText(faults, look)]),
    ...(tables.length === 0 ? [] : [tablesText(tables, look)]),
    ...tables.flatMap(table => differenceText(table, look)),
    verdictText(verification, look),
  ]
  return `${sections.join('\n\n')}\n`
}

function headText({ scope, checked }: Verification, { colors }: Look): string {
  const { captures, segments, tables, snapshots, columns } = checked
  const lines = [
    `${plural(captures, 'capture')} in ${plural(segments, 'segment')}, ${bytesText(checked.capture_bytes)}`,
    `${plural(tables, 'table')}: ${plural(snapshots, 'snapshot')}, ${plural(checked.manifests, 'manifest')}, ${plural(checked.data_files, 'data file')}, ${bytesText(checked.data_bytes)}`,
    ...(columns === 0 ? [] : [`bounds and counts of ${countText(columns)} columns of files`]),
  ]
  return [
    `${colors.bold('verified')}  ${scope === 'lake' ? 'the lake' : scope}`,
    ...lines.map(line => `  ${line}`),
  ].join('\n')
}

/** Ten thousand damaged captures are told by the first of them, and by JSON. */
const SHOWN_FAULTS = 50

function faultsText(faults: readonly Fault[], look: Look): string {
  const { bold, red, yellow } = look.colors
  const rows = faults
    .slice(0, SHOWN_FAULTS)
    .map(({ kind, code, subject, file, place, what }) => [
      kind === 'odd' || kind === 'lost' ? yellow(kind) : red(kind),
      code,
      subject,
      [file, place].filter(part => part !== '').join(', '),
      what,
    ])
  const columns = [{ head: 'kind' }, { head: 'code' }, { head: 'of' }, { head: 'where' }, { head: 'what' }]
  const more = faults.length > SHOWN_FAULTS ? `\n… ${countText(faults.length - SHOWN_FAULTS)} more: --output json` : ''
  return `${bold(plural(faults.length, 'finding'))}\n${tableText(columns, rows, look)}${more}`
}

const WORDS: Readonly<Record<DerivedVerdict, string>> = {
  exact: 'exact',
  equal_rows: 'equal rows',
  differs: 'differs',
  not_replayable: 'not replayable',
}

function tablesText(tables: readonly TableVerdict[], look: Look): string {
  const { bold, green, red, yellow } = look.colors
  const rows = merged(tables).map(({ table, verdict, partitions, why, outdated }) => {
    const colour =
      verdict === 'exact' || verdict === 'equal_rows'
        ? green
        : verdict === 'differs' && outdated === undefined
          ? red
          : yellow
    const counts = Object.entries(partitions).map(([own, count]) => `${count} ${WORDS[own as DerivedVerdict]}`)
    return [table, colour(WORDS[verdict]), counts.join(', '), why ?? outdated ?? '']
  })
  const columns = [{ head: 'table' }, { head: 'derived again' }, { head: 'partitions' }, { head: 'why' }]
  return `${bold('Tables')}\n${tableText(columns, rows, look)}`
}

/** Tables that cannot be derived for one reason, such as a damaged one that all are made of, are one line: the first of them, and how many more. */
function merged(tables: readonly TableVerdict[]): TableVerdict[] {
  const groups = groupBy(tables, ({ table, verdict, why }) => (verdict === 'not_replayable' ? `not ${why}` : table))
  return [...groups.values()].map(([first, ...more]) =>
    more.length === 0 ? first! : { ...first!, table: `${first!.table} and ${plural(more.length, 'table')} more` },
  )
}

function differenceText({ table, counts, inexact, first_difference: first }: TableVerdict, look: Look): string[] {
  if (counts === undefined) return []
  const { bold } = look.colors
  const partition = inexact.find(({ verdict }) => verdict === 'differs')?.partition ?? ''
  const head = `${bold(table)} differs first in ${partition}: of the rows that were derived ${countText(counts.added)} are not in the table, ${countText(counts.removed)} of the table were not derived, ${countText(counts.changed)} have other values`
  return [first === undefined ? head : `${head}\n${changeLines(first, 'in the table', 'derived').join('\n')}`]
}

/** A row that differs, as lines: its key, then each column with both values. */
export function changeLines({ change, key, columns }: ChangedRow, before: string, after: string): string[] {
  const keyText = Object.entries(key)
    .map(([name, value]) => `${name} = ${value ?? 'null'}`)
    .join(', ')
  return [
    `  ${change}  ${keyText}`,
    ...columns.map(own => {
      if (change === 'added') return `    ${own.column}: ${own.after ?? 'null'}`
      if (change === 'removed') return `    ${own.column}: ${own.before ?? 'null'}`
      return `    ${own.column}: ${own.before ?? 'null'} ${before}, ${own.after ?? 'null'} ${after}`
    }),
  ]
}

function verdictText({ verdict, faults, tables }: Verification, { colors }: Look): string {
  if (verdict === 'damaged')
    return `${colors.red('damaged')}  Restore what is named from a backup. Nothing was changed.`
  if (verdict === 'outdated')
    return `${colors.yellow('outdated')}  Nothing is damaged. Tables are not what the contracts and models of today give: \`sluice replay\`.`
  const lost = faults.filter(({ kind }) => kind === 'lost').length
  const open = tables.filter(own => own.verdict === 'not_replayable').length
  const but = [
    ...(lost === 0 ? [] : [`${plural(lost, 'capture')} by reference cannot be read again`]),
    ...(open === 0 ? [] : [`${plural(open, 'table')} cannot be derived again`]),
  ]
  return `${colors.green('ok')}  Nothing is damaged${but.length === 0 ? '' : `; ${but.join(', ')}`}.`
}
