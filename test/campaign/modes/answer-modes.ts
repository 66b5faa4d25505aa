import type { Mode, Must, Planted } from '../mode.js'
import { instead, ofText } from './changes.js'

const REFUSE = (...meanings: readonly string[]): Must => ({ kind: 'refuse', meanings })
const ASKED = ['share', 'coin', 'table', 'reference', 'series', 'ticks', 'vendor'] as const
const JSON_LANES = ['coin', 'table', 'series', 'ticks', 'vendor'] as const
const CSV_LANES = ['share', 'reference'] as const

const PAGE =
  '<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head><body>Checking your browser.</body></html>\n'
const FIGURE_NAMES: Readonly<Record<string, readonly [string, string]>> = {
  share: ['Close', 'Last'],
  reference: ['OBS_VALUE', 'VALUE'],
  table: ['mid', 'rate'],
  series: ['value', 'level'],
  ticks: ['price', 'last'],
  vendor: ['close', 'last'],
}

/** Answers that are, as a whole, not what was asked for, or are written in another way. */
export const answerModes: readonly Mode[] = [
  {
    id: '19 NaN in JSON',
    does: 'NaN or Infinity where JSON has a number',
    lanes: ['table', 'ticks'],
    must: REFUSE('mismatch'),
    plant: ({ lane }, draw) => {
      const word = draw.pick(['NaN', 'Infinity', '-Infinity'])
      const name = lane.kind === 'table' ? 'mid' : 'volume'
      return ofText(body => nth(body, new RegExp(`"${name}":[^,}]+`, 'g'), draw.int(0, 1000), `"${name}":${word}`))
    },
  },
  {
    id: '19 NaN as a text',
    does: 'NaN or inf in the place of a price, in quotes or in CSV',
    lanes: ['share', 'coin', 'reference'],
    must: { kind: 'quarantine', rules: ['type:close', 'required:close', 'type:mid', 'rate_present'] },
    plant: (series, draw) => {
      const at = draw.block(series.from, series.to, 1)
      if (at === undefined) return undefined
      const word = draw.pick(['NaN', 'inf', 'Infinity', 'nan'])
      const row = series.rows[at]!
      return { rows: new Map([[at, [{ ...row, cells: { ...row.cells, [series.lane.figures[0]!]: word } }]]]) }
    },
  },
  {
    id: '21 byte order mark',
    does: 'U+FEFF before the first letter',
    lanes: ASKED,
    must: { kind: 'same' },
    plant: () => ofText(body => `\uFEFF${body}`),
  },
  {
    id: '21 another charset',
    does: 'bytes of Windows-1250, or UTF-16, where UTF-8 is due',
    lanes: ['table', 'share', 'reference'],
    must: REFUSE('mismatch'),
    plant: ({ lane }): Planted => ({
      answer: answer => {
        const bytes =
          lane.kind === 'table'
            ? answer.body.replace(/"currency":"[^"]*"/, '"currency":"funt brytyjski ą"')
            : answer.body
        const isText = /[^\x00-\x7F]/.test(bytes)
        const body = isText
          ? Uint8Array.from(bytes, letter => (letter.charCodeAt(0) < 0x80 ? letter.charCodeAt(0) : 0xb9))
          : Buffer.from(`\uFEFF${bytes}`, 'utf16le')
        return { ...answer, body }
      },
    }),
  },
  {
    id: '22 decimal commas',
    does: 'semicolons between cells and commas in numbers',
    lanes: CSV_LANES,
    must: REFUSE('mismatch'),
    plant: () => ofText(body => body.replaceAll(',', ';').replaceAll('.', ',')),
  },
  {
    id: '22 dates of a locale',
    does: '31.12.2025 for 2025-12-31, in a few rows or in all',
    lanes: ['share'],
    must: { kind: 'quarantine', rules: ['type:event_time'] },
    plant: (series, draw) => {
      const length = draw.chance(0.5) ? draw.int(1, 3) : series.to - series.from
      const at = draw.block(series.from, series.to, length)
      if (at === undefined) return undefined
      return {
        rows: new Map(
          series.rows
            .slice(at, at + length)
            .map((row, step) => [at + step, [{ ...row, at: row.at.split('-').reverse().join('.') }]]),
        ),
      }
    },
  },
  {
    id: '22 grouped digits',
    does: '1 234.56 or 1,234.56 in quotes for 1234.56',
    lanes: ['share', 'coin'],
    must: { kind: 'quarantine', rules: ['type:close', 'type:high', 'type:volume'] },
    plant: (series, draw) => {
      const at = draw.block(series.from, series.to, 1)
      if (at === undefined) return undefined
      const row = series.rows[at]!
      const text = draw.pick(['1 234.56', '1\u00A0234.56', "1'234.56"])
      return { rows: new Map([[at, [{ ...row, cells: { ...row.cells, close: text } }]]]) }
    },
  },
  {
    id: '23 web page',
    does: 'a page for browsers, with 200',
    lanes: ASKED,
    must: REFUSE('blocked'),
    plant: ({ lane }, draw) =>
      instead(
        PAGE,
        draw.chance(0.5) ? 'text/html; charset=utf-8' : lane.form.type === 'csv' ? 'text/csv' : 'application/json',
      ),
  },
  {
    id: '24 text',
    does: 'a sentence in place of records, with 200',
    lanes: ASKED,
    must: REFUSE('rate_limited', 'mismatch', 'refused', 'unavailable'),
    plant: (_, draw) =>
      instead(
        draw.pick([
          'Exceeded the daily hits limit',
          'Przekroczony dzienny limit wywolan',
          'Access denied',
          'Service down',
        ]),
        'text/plain',
      ),
  },
  {
    id: '25 limit as JSON',
    does: 'the provider’s document about its rate limit, with 200',
    lanes: ASKED,
    must: REFUSE('rate_limited', 'mismatch'),
    plant: ({ lane }) =>
      instead(
        lane.kind === 'coin'
          ? '{"code":-1003,"msg":"Too many requests."}'
          : lane.kind === 'series'
            ? '{"error_code":429,"error_message":"Too Many Requests.  Exceeded Rate Limit"}'
            : '{"status":{"error_code":429,"error_message":"You\'ve exceeded the Rate Limit."}}',
        'application/json',
      ),
  },
  {
    id: '26 truncated JSON',
    does: 'the text ends somewhere, as if that were all',
    lanes: JSON_LANES,
    must: REFUSE('truncated'),
    plant: (_, draw) => {
      const share = draw.between(0.1, 0.99)
      return ofText(body => body.slice(0, Math.floor(body.length * share)))
    },
  },
  {
    id: '26 truncated CSV',
    does: 'the text ends somewhere within a line',
    lanes: CSV_LANES,
    must: REFUSE('truncated'),
    plant: (_, draw) => {
      const share = draw.between(0.4, 0.99)
      return ofText(body => {
        const cut = body.slice(0, Math.floor(body.length * share))
        return /[\r\n]$/.test(cut) ? cut.trimEnd().slice(0, -2) : cut
      })
    },
  },
  {
    id: '27 new field',
    does: 'a column that was not there before',
    lanes: ['share'],
    must: { kind: 'flag', rules: ['no_new_fields'] },
    plant: ({ run }) =>
      run === 1
        ? undefined
        : ofText(body =>
            body
              .split('\r\n')
              .map((line, at) => (line === '' ? '' : `${line},${at === 0 ? 'OpenInt' : '0'}`))
              .join('\r\n'),
          ),
  },
  {
    id: '27 renamed field',
    does: 'the column of the price, or the field, has another name',
    lanes: ['share', 'reference', 'table', 'series', 'ticks', 'vendor'],
    must: {
      kind: 'quarantine',
      rules: ['required:close', 'rate_present', 'price_event_has_price', 'columns_stay', 'mismatch', 'error'],
    },
    plant: ({ lane, from, to }, draw) => {
      const [name, other] = FIGURE_NAMES[lane.kind]!
      if (draw.block(from, to, to - from) === undefined) return undefined
      return ofText(body =>
        body.replaceAll(lane.form.type === 'csv' ? name : `"${name}"`, lane.form.type === 'csv' ? other : `"${other}"`),
      )
    },
  },
  {
    id: '27 missing volume',
    does: 'the column of the volume is there no more',
    lanes: ['share'],
    must: { kind: 'flag', rules: ['columns_stay'] },
    plant: ({ run, from, to }, draw) =>
      run === 1 || draw.block(from, to, to - from) === undefined
        ? undefined
        : ofText(body => body.replace(/,[^,\r\n]*(?=\r\n)/g, '')),
  },
  {
    id: '28 columns in another order',
    does: 'columns change places, and the header says so',
    lanes: ['share'],
    must: REFUSE('mismatch'),
    plant: () =>
      ofText(body =>
        body
          .split('\r\n')
          .map(line => {
            const [date, open, high, low, close, volume] = line.split(',')
            return line === '' ? '' : [date, low, high, volume, open, close].join()
          })
          .join('\r\n'),
      ),
  },
  {
    id: '31 answer for another',
    does: 'the answer is about another currency than was asked for, and says so',
    lanes: ['table', 'reference'],
    must: REFUSE('mismatch'),
    plant: ({ lane }) => {
      const code = lane.instrument.slice(lane.kind === 'table' ? -6 : -3).slice(0, 3)
      const other = code === 'SEK' ? 'NOK' : 'SEK'
      return ofText(body =>
        lane.kind === 'table'
          ? body.replace(`"code":"${code}"`, `"code":"${other}"`)
          : body.replaceAll(`.${code}.`, `.${other}.`).replaceAll(`,${code},EUR,`, `,${other},EUR,`),
      )
    },
  },
  {
    id: '33 empty success',
    does: 'an empty list, or a header and no line, with 200, for days that had rows',
    lanes: ['share', 'coin', 'table', 'reference'],
    must: REFUSE('mismatch', 'empty', 'unavailable'),
    plant: ({ lane }) => ofText(body => lane.form.write([], body)),
  },
]

/** The n-th match of a pattern, counted round, becomes another text. */
function nth(body: string, pattern: RegExp, n: number, text: string): string {
  const found = [...body.matchAll(pattern)]
  const one = found[n % Math.max(1, found.length)]
  return one === undefined ? body : body.slice(0, one.index) + text + body.slice(one.index + one[0].length)
}
