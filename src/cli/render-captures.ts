import type { CaptureRecord } from '../bronze/capture-record.js'
import type { CaptureList } from '../pipeline/captures/captures.js'
import { bytesText, plural } from './figures.js'
import { oneLine } from './one-line.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const SHOWN_ID = 12
const LONGEST_CELL = 100

/** Captures, one a line, the newest first. */
export function renderCaptures({ captures, more }: CaptureList, look: Look): string {
  if (captures.length === 0) return 'No capture fits.\n'
  const columns = [
    { head: 'capture' },
    { head: 'received' },
    { head: 'pipe' },
    { head: 'meaning' },
    { head: 'status', align: 'right' as const },
    { head: 'size', align: 'right' as const },
    { head: 'asked' },
  ]
  const rows = captures.map(capture => [
    capture.id.slice(0, SHOWN_ID),
    capture.receivedAt,
    capture.pipe,
    capture.meaning,
    String(capture.status),
    bytesText(capture.sizeBytes),
    capture.url,
  ])
  const rest = more ? `${look.colors.dim(`the newest ${captures.length}; --limit takes more`)}\n` : ''
  return `${tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL })}\n${rest}`
}

/** What is said of segments that are damaged. */
export function renderBroken(broken: readonly string[]): string {
  if (broken.length === 0) return ''
  const segments = plural(broken.length, 'segment')
  return [`${segments} cannot be read to the end; what can be is listed:`, ...broken.map(key => `  ${key}`), ''].join(
    '\n',
  )
}

/** A capture without its body. */
export function renderCapture(record: CaptureRecord, segment: string, { colors }: Look): string {
  const { request, response, asked } = record
  const headers = (of: Readonly<Record<string, string>>) =>
    Object.entries(of).map(([name, value]) => `${name}: ${oneLine(value)}`)
  const params = Object.entries(record.params).map(([name, value]) => `${name}=${oneLine(value)}`)
  const lines = [
    `${colors.bold(record.id)}  ${record.classification}${record.why === undefined ? '' : `: ${oneLine(record.why)}`}`,
    `pipe ${record.pipe}${params.length === 0 ? '' : ` (${params.join(', ')})`}`,
    ...(asked === undefined ? [] : [`asked for ${asked.interval.join('/')}`]),
    `requested ${record.requestedAt}, received ${record.receivedAt}`,
    `${bytesText(record.sizeBytes)}, sha256 ${record.sha256}`,
    `kept in ${segment}${placeOf(response.body)}`,
    '',
    `${request.method} ${oneLine(request.url)}`,
    ...headers(request.headers),
    '',
    `status ${response.status}`,
    ...headers(response.headers),
  ]
  return `${lines.join('\n')}\n`
}

function placeOf(body: CaptureRecord['response']['body']): string {
  if (body.kind === 'object') return `, its bytes in ${body.key}`
  return body.kind === 'reference' ? `, its bytes only in ${oneLine(body.path)}` : ''
}
