import type { Contract } from '../contract/contract.js'
import { NEVER_CLOSED, type SlotColumn } from '../contract/detectors/detector.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import { SESSIONS } from './sessions.js'

/** Bars of more than an hour are cut through the break of a session. */
const LONGEST_WITHIN_BREAKS = 3600

/**
 * SQL of the same rows with a column for each of `slots`: the number of the row's window among those of the sessions of its `_calendar`, which
 * has as many windows as its step fits into the session, the last cut short by the close. A window may begin at the clock or at the open. NULL outside
 * sessions, for steps without seconds, and without a calendar. `batch` names the rows whose steps count.
 */
export async function withSlots(
  rows: string,
  batch: string,
  contract: Contract,
  slots: readonly SlotColumn[],
  calendars: readonly string[],
  engine: Engine,
): Promise<string> {
  const closing = calendars.filter(calendar => !NEVER_CLOSED.includes(calendar))
  let numbered = rows
  for (const { name, secondsSql } of slots) {
    const found = await engine.rows(
      `SELECT DISTINCT ${secondsSql} AS step FROM ${batch} WHERE ${secondsSql} IS NOT NULL ORDER BY 1`,
    )
    const steps = closing.length === 0 ? [] : found.map(row => Number(row['step']))
    numbered =
      steps.length === 0
        ? `SELECT *, NULL::BIGINT AS ${quoteIdent(name)} FROM (${numbered})`
        : withSlot(numbered, contract, { name, secondsSql }, partsSql(steps, closing))
  }
  return numbered
}

/** Each part of a session, by calendar and step, with how many windows it has and how many there were before it. */
function partsSql(steps: readonly number[], calendars: readonly string[]): string {
  const named = `FROM ${SESSIONS} WHERE mic IN (${calendars.map(quoteText).join(', ')})`
  const parts = `SELECT mic, false AS whole, open, coalesce(break_start, close) AS close ${named}
    UNION ALL SELECT mic, false, break_end, close ${named} AND break_start IS NOT NULL
    UNION ALL SELECT mic, true, open, close ${named}`
  return `SELECT mic, step, epoch_us(open) AS open, slots, sum(slots) OVER (PARTITION BY mic, step ORDER BY open) - slots AS before
    FROM (SELECT mic, step, open, ceil((epoch_us(close) - epoch_us(open)) / (step * 1000000))::BIGINT AS slots
      FROM (${parts}) JOIN (SELECT unnest([${steps.join(', ')}])::BIGINT AS step) ON whole = (step > ${LONGEST_WITHIN_BREAKS}))`
}

/** A row belongs to the last part of a session that opens before its window ends. */
function withSlot(rows: string, { eventTime }: Contract, { name, secondsSql }: SlotColumn, parts: string): string {
  const at = `epoch_us(${quoteIdent(eventTime)}::TIMESTAMPTZ)`
  const nth = '(_at - p.open + _step * 1000000 - 1) // (_step * 1000000)'
  return `SELECT r.* EXCLUDE (_at, _step), CASE WHEN ${nth} < p.slots THEN p.before + ${nth} END AS ${quoteIdent(name)}
    FROM (SELECT *, ${at} AS _at, (${secondsSql})::BIGINT AS _step FROM (${rows})) r
    ASOF LEFT JOIN (${parts}) p ON p.mic = r._calendar AND p.step = r._step AND r._at + r._step * 1000000 > p.open`
}
