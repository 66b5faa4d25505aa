export type FileFormat = 'ndjson' | 'json' | 'csv' | 'parquet'

/**
 * The format of a text by how it begins. More than the first line is looked at: one line of another program's output must not
 * turn NDJSON into something else; such a line is quarantined by itself.
 */
export function guessFormat(start: string): Exclude<FileFormat, 'parquet'> {
  const text = start.trimStart()
  if (text.startsWith('{')) return 'ndjson'
  const [first = '', ...lines] = text.split('\n').map(line => line.trim())
  const others = lines.filter(line => line !== '')
  const objects = others.filter(line => /^\{.*\}$/.test(line)).length
  // The last line may have been cut off.
  const whole = others.at(-1)?.endsWith('}') ? others.length : others.length - 1
  // Between the lines of an array that is written on many of them stand commas and brackets.
  if (text.startsWith('[')) return /^\[$|,$/.test(first) || objects === 0 || objects < whole ? 'json' : 'ndjson'
  return objects > 0 && objects > whole / 2 ? 'ndjson' : 'csv'
}
