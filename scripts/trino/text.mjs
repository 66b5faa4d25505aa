export const indent = sql => sql.replace(/^(?=.)/gm, '  ')

/** A double as DuckDB writes it: shortest digits, an exponent below 1e-4 and from 1e16 on. */
export function doubleText(sql) {
  const plain = "regexp_replace(regexp_replace(CAST(CAST(d AS decimal(38, 20)) AS varchar), '0+$', ''), '\\.$', '.0')"
  const mantissa = "regexp_replace(split_part(CAST(d AS varchar), 'E', 1), '\\.0$', '')"
  const exponent = "CAST(split_part(CAST(d AS varchar), 'E', 2) AS integer)"
  const scientific = `${mantissa} || CASE WHEN abs(d) < 1e0 THEN 'e-' ELSE 'e+' END || lpad(CAST(abs(${exponent}) AS varchar), 2, '0')`
  const text = `CASE WHEN d = 0e0 OR abs(d) >= 1e-4 AND abs(d) < 1e16 THEN ${plain} ELSE ${scientific} END`
  return `element_at(transform(ARRAY[${sql}], d -> ${text}), 1)`
}
