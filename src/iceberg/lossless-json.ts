/** Marks a quoted integer while it passes through JSON.parse; a private-use character, doubled where a text really starts with it. */
const MARK = '\uE000'
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|-?\d[\d.eE+-]*/gs

/** Where a number can stand, and so many digits as every integer beyond 2^53 has. Hashes have such runs of digits too, but within a text. */
const LONG_NUMBER = /[:,[]\s*-?(?:\d{17,}|9\d{15})/g

/** JSON text as values, with every integer beyond 2^53 as a bigint. Throws what JSON.parse throws. */
export function parseJson(text: string): unknown {
  // Our own ids are below 2^53: then JSON.parse loses nothing, in a quarter of the time.
  const isLong = (found: string): boolean => !Number.isSafeInteger(Number(found.slice(1)))
  if (!(text.match(LONG_NUMBER) ?? []).some(isLong)) return JSON.parse(text)
  return JSON.parse(
    text.replace(TOKENS, (token, colon: string | undefined) => (colon === undefined ? protect(token) : token)),
    (_key, value: unknown) => (typeof value === 'string' && value[0] === MARK ? unprotect(value) : value),
  )
}

/** Values as JSON text: bigints become plain integers, keys that are undefined are left out. */
export function printJson(value: unknown): string {
  let isLong = false
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'bigint') return item
    const number = Number(item)
    if (!Number.isSafeInteger(number)) isLong = true
    return number
  })
  // As in reading: our own ids are numbers that JSON.stringify prints whole.
  return isLong ? printLong(value) : text
}

function printLong(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${value.map(item => printLong(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${printLong(member)}`).join(',')}}`
}

function protect(token: string): string {
  if (token[0] === '"') return token[1] === MARK || token[1] === '\\' ? protectString(token) : token
  return /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${MARK}${token}"` : token
}

function protectString(token: string): string {
  const value = JSON.parse(token) as string
  return value[0] === MARK ? JSON.stringify(MARK + value) : token
}

function unprotect(value: string): string | bigint {
  return value[1] === MARK ? value.slice(1) : BigInt(value.slice(1))
}
