/** Texts are passed over; quoted and plain names are taken, unless a function is called or a type named. */
const PART = /'(?:[^']|'')*'|"((?:[^"]|"")+)"|(::\s*)?(?<![\w.$>'])([A-Za-z_]\w*)(?=(\s*\()?)|\{[a-z][a-z0-9_]*\}/g

/** Words that cannot be plain names of columns, types that seldom are, and what maps see beside columns. */
const WORDS = new Set(
  `all and any array as asc between bigint boolean by case cast collate decimal desc distinct double else end false for from hugeint in
  integer interval is lambda like not null or order over params some struct then timestamptz true try_cast using varchar when
  where with interval_start interval_end received_at pipe capture`.split(/\s+/),
)

/**
 * The names that a map's expressions may take for columns of a source whose columns nobody declares. May name too many: what a
 * record lacks is NULL. Words of SQL are columns only in double quotes.
 */
export function mapColumns(map: Readonly<Record<string, string>>): string[] {
  const names = Object.values(map).flatMap(sql =>
    [...sql.matchAll(PART)].flatMap(([, quoted, type, plain, call]) => {
      if (quoted !== undefined) return [quoted.replaceAll('""', '"')]
      const isName = plain !== undefined && type === undefined && call === undefined
      return isName && !WORDS.has(plain.toLowerCase()) ? [plain] : []
    }),
  )
  return [...new Set(names)]
}
