/** A type as DuckDB writes it, such as `STRUCT(a DOUBLE, "b c" VARCHAR[])`: `id`, and what belongs to it. */
export function parseType(text) {
  const list = /^(.*)\[\d*\]$/s.exec(text)
  if (list !== null) return { id: 'LIST', item: parseType(list[1]) }
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(text)
  if (decimal !== null) return { id: 'DECIMAL', width: Number(decimal[1]), scale: Number(decimal[2]) }
  const struct = /^STRUCT\((.*)\)$/s.exec(text)
  if (struct !== null) {
    const fields = splitFields(struct[1]).map(one => /^(?:"((?:[^"]|"")*)"|(\S+)) (.*)$/s.exec(one))
    return {
      id: 'STRUCT',
      names: fields.map(one => one[1]?.replaceAll('""', '"') ?? one[2]),
      items: fields.map(one => parseType(one[3])),
    }
  }
  return { id: { 'TIMESTAMP WITH TIME ZONE': 'TIMESTAMP_TZ', '"NULL"': 'NULL' }[text] ?? text }
}

function splitFields(text) {
  const fields = ['']
  let depth = 0
  for (const token of text.match(/"(?:[^"]|"")*"|[^"]/g) ?? []) {
    if (token === '(') depth++
    if (token === ')') depth--
    if (token === ',' && depth === 0) fields.push('')
    else fields[fields.length - 1] += token
  }
  return fields.map(one => one.trim())
}

/** The same from the tree of a cast. */
export function castType({ id, type_info }) {
  if (id === 'DECIMAL') return { id, width: type_info?.width ?? 18, scale: type_info?.scale ?? 3 }
  if (id === 'LIST') return { id, item: castType(type_info.child_type) }
  if (id === 'STRUCT') {
    const children = type_info.child_types
    return { id, names: children.map(({ first }) => first), items: children.map(({ second }) => castType(second)) }
  }
  if (id === 'TIMESTAMP WITH TIME ZONE') return { id: 'TIMESTAMP_TZ' }
  return { id }
}

const NAMES = {
  BOOLEAN: 'boolean',
  TINYINT: 'tinyint',
  SMALLINT: 'smallint',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  UTINYINT: 'smallint',
  USMALLINT: 'integer',
  UINTEGER: 'bigint',
  UBIGINT: 'decimal(20, 0)',
  HUGEINT: 'decimal(38, 0)',
  FLOAT: 'real',
  DOUBLE: 'double',
  VARCHAR: 'varchar',
  DATE: 'date',
  TIMESTAMP: 'timestamp(6)',
  TIMESTAMP_TZ: 'timestamp(6) with time zone',
  NULL: 'varchar',
}

export function trinoType(type, quote) {
  if (type.id === 'DECIMAL') return `decimal(${type.width}, ${type.scale})`
  if (type.id === 'LIST') return `array(${trinoType(type.item, quote)})`
  if (type.id === 'STRUCT')
    return `row(${type.names.map((name, at) => `${quote(name)} ${trinoType(type.items[at], quote)}`).join(', ')})`
  const name = NAMES[type.id]
  if (name === undefined) throw new Error(`Trino has no type for ${type.id}`)
  return name
}

const WHOLE = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'HUGEINT',
])
export const isWhole = type => type !== undefined && WHOLE.has(type.id)
