import type { Bend } from './bend-body.js'

/** CSV without quotes round line ends, as all of the simulator's is. */
export function bendCsv(body: string, bend: Bend): string {
  const end = body.includes('\r\n') ? '\r\n' : '\n'
  const [header = '', ...rows] = body.split(end).filter(line => line !== '')
  return [...linesOf(header, rows, bend), ''].join(end)
}

function linesOf(header: string, rows: readonly string[], bend: Bend): string[] {
  if (bend === 'dropped-ids') return [header, ...rows.filter((_, at) => at % 2 === 1)]
  if (bend === 'duplicates') return [header, ...rows.flatMap((row, at) => (at % 2 === 0 ? [row, row] : [row]))]
  if (bend === 'field-renamed') return [`${header}_v2`, ...rows]
  if (bend === 'field-added') return [`${header},unexpected`, ...rows.map(row => `${row},new`)]
  return [header, ...rows].map(line => line.replace(/,[^,]*$/, ''))
}
