/** Name of the column that holds a contract column as it came. */
export function rawColumn(name: string): string {
  return `_raw_${name}`
}
