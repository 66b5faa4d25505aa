import type { Judgement } from './meaning.js'

export interface CsvExpectation {
  readonly header?: RegExp
  readonly delimiter?: string | undefined
  /** Whether a last line without an end was cut off, however many columns it has. */
  readonly endsLines?: boolean
}

/** What a text means where CSV with a header line is due. */
export function csvShape(text: string, { header, delimiter = ',', endsLines = false }: CsvExpectation): Judgement {
  const body = text.replace(/^\s+/, '')
  const [first = ''] = body.split(/\r?\n/, 1)
  if (header !== undefined && first.search(header) === -1) {
    return { meaning: 'mismatch', why: `the first line is not the header that is due: ${first.slice(0, 80)}` }
  }
  if (/^[[{]/.test(body)) return { meaning: 'mismatch', why: 'JSON came where CSV is due' }
  if (body.slice(first.length).trim() === '') {
    return header === undefined ? { meaning: 'data', why: 'CSV' } : { meaning: 'empty', why: 'a header and no lines' }
  }
  if (endsLines && !body.endsWith('\n')) return { meaning: 'truncated', why: 'the last line has no end' }
  const [has, due] = [columnsOf(lastOpenLine(body), delimiter), columnsOf(first, delimiter)]
  if (has !== undefined && due !== undefined && has < due) {
    return { meaning: 'truncated', why: `the last line has ${has} of ${due} columns and no end` }
  }
  return { meaning: 'data', why: 'CSV' }
}

/** The last line when no line end follows it: only such a line may have been cut off. */
function lastOpenLine(body: string): string | undefined {
  return body.endsWith('\n') ? undefined : body.slice(body.lastIndexOf('\n') + 1)
}

function columnsOf(line: string | undefined, delimiter: string): number | undefined {
  return line?.replace(/"[^"]*"/g, '').split(delimiter).length
}
