/** A SQL identifier in double quotes. Every name that enters SQL goes through here. */
export function quoteIdent(name: string): string {
  if (name.includes('\0')) throw new RangeError('a SQL name cannot hold a NUL character')
  return `"${name.replaceAll('"', '""')}"`
}

/** A SQL text literal. */
export function quoteText(text: string): string {
  if (text.includes('\0')) throw new RangeError('a SQL text cannot hold a NUL character')
  return `'${text.replaceAll("'", "''")}'`
}

/** A TIMESTAMPTZ literal from milliseconds since the epoch. */
export function instant(ms: number): string {
  return `make_timestamptz(${Math.round(ms * 1000)})`
}
