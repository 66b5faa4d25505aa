import { isUtf8 } from 'node:buffer'
import type { TriedPipe } from '../pipeline/pipes/try-pipe.js'
import type { TriedRecords } from '../pipeline/pipes/try-records.js'
import { bytesText, countText, plural, secondsText } from './figures.js'
import { oneLine } from './one-line.js'
import { rowsText } from './render-rows.js'
import type { Colors, Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const LONGEST_CELL = 60
const BEGINNING_BYTES = 600
const HEX_BYTES = 64

/** What one request came to: meaning, request, headers that matter, the beginning of the body, the first records. */
export function renderTried(tried: TriedPipe, look: Look): string {
  const { colors } = look
  const isGood = tried.meaning === 'data' || tried.meaning === 'empty'
  const meaning = (isGood ? colors.green : colors.red)(tried.meaning)
  const head = [
    `${colors.bold(tried.pipe)}  ${meaning}: ${oneLine(tried.why)}`,
    ...(tried.interval === null ? [] : [`asked for ${tried.interval}`]),
    `GET ${oneLine(tried.request.url)}`,
    ...headerLines(tried.request.headers),
    ...(tried.breaker === null ? [] : [colors.yellow(`a run would not ask now: the breaker is ${tried.breaker}`)]),
  ]
  const sections = [head.join('\n'), answerText(tried, colors), recordsText(tried, look), colors.dim(NOTHING_WRITTEN)]
  return `${sections.filter(section => section !== '').join('\n\n')}\n`
}

const NOTHING_WRITTEN = 'Nothing was written to the lake.'

/** The beginning of a body as text, or as hexadecimal digits where it is none. */
export function beginningOf(body: Buffer): string {
  const start = body.subarray(0, BEGINNING_BYTES)
  // A character may be cut at the end.
  const isText = [0, 1, 2, 3].some(cut => isUtf8(start.subarray(0, Math.max(0, start.length - cut))))
  const text = new TextDecoder('utf-8').decode(start, { stream: true })
  if (isText && !text.includes('\0')) return text
  return `${body.subarray(0, HEX_BYTES).toString('hex')} (hexadecimal)`
}

function answerText({ answer }: TriedPipe, colors: Colors): string {
  if (answer === null) return ''
  const { status, sizeBytes, wireBytes, seconds, headers, body } = answer
  const packed = wireBytes === sizeBytes ? '' : ` (${bytesText(wireBytes)} over the wire)`
  const lines = [
    `${colors.bold(`Status ${status}`)}  ${bytesText(sizeBytes)}${packed} in ${secondsText(seconds)}`,
    ...headerLines(headers),
  ]
  const begins = beginningOf(body)
    .split('\n')
    .map(line => `  ${oneLine(line.replace(/\r$/, ''))}`)
  const rest = body.length > BEGINNING_BYTES ? '\n  …' : ''
  return `${lines.join('\n')}\n\n${colors.bold('The body begins')}\n${begins.join('\n')}${rest}`
}

function headerLines(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).map(([name, value]) => `  ${name}: ${oneLine(value)}`)
}

function recordsText({ records, recordsFault, mayHoldNone }: TriedPipe, look: Look): string {
  const { bold, red } = look.colors
  if (recordsFault !== null) return `${bold('Records')}  ${red('none could be read')}: ${oneLine(recordsFault)}`
  if (records === null) return ''
  if (records.records === 0)
    return mayHoldNone
      ? `${bold('Records')}  none, which is legitimate here`
      : `${bold('Records')}  ${red('none was found')}: a run would take that for no answer`
  const sections = [`${bold('Records')}  ${sumText(records)}`]
  if (records.broken.length > 0)
    sections.push(records.broken.map(({ rule, rows }) => `  ${rule}: ${plural(rows, 'row')}`).join('\n'))
  sections.push(rowsText(filled(records), { ...look, cellWidth: LONGEST_CELL }))
  const rejected = records.rejected.map(row => `  ${oneLine(String(row['broken']))}: ${oneLine(String(row['record']))}`)
  if (rejected.length > 0) sections.push(`${bold('The first that break a rule, as they came')}\n${rejected.join('\n')}`)
  return sections.join('\n')
}

function sumText({ records, accepted, notFinal, unreadable }: TriedRecords): string {
  const rejected = records - accepted - notFinal - unreadable
  const parts = [
    `${countText(accepted)} the contract would accept`,
    ...(rejected > 0 ? [`${countText(rejected)} it would reject`] : []),
    ...(notFinal > 0 ? [`${countText(notFinal)} not final yet`] : []),
    ...(unreadable > 0 ? [`${countText(unreadable)} unreadable`] : []),
  ]
  return `${countText(records)}: ${parts.join(', ')}`
}

/** Columns that say nothing in the first records are left out. */
function filled({ columns, first }: TriedRecords) {
  const telling = columns.filter(({ name }) => first.some(row => row[name] !== null && row[name] !== undefined))
  return { columns: telling, rows: first, more: false }
}
