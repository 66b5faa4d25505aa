import { type Place, SluiceError } from '../core/errors.js'
import { sha256Hex } from '../core/ids.js'
import type { PlacedSql } from './dependencies.js'

/** One formula: a scalar SQL macro. `sql` and `sqlPlace` are its body alone, so that it can be checked as `SELECT <body>`. */
export interface Macro extends PlacedSql {
  readonly name: string
  /** What stands between the parentheses: names, and defaults of those that have one. */
  readonly parameters: string
  /** The whole statement, without its semicolon. */
  readonly statement: string
}

const HEADER = /^CREATE\s+OR\s+REPLACE\s+MACRO\s+([a-z_][a-z0-9_]*)\s*\(([^()]*)\)\s+AS\s+(?!TABLE\b)/i

/**
 * Reads a file of macros: `CREATE OR REPLACE MACRO name(…) AS expression;`, nothing else. Pure; bodies are not parsed here.
 * Throws SLUICE_MODEL_INVALID with the place of the first statement that is something else.
 */
export function loadMacros(text: string, file: string): Macro[] {
  return statementsOf(text).map(({ statement, offset }) => {
    const header = HEADER.exec(statement)
    if (header === null) {
      const message = 'A macro file holds only `CREATE OR REPLACE MACRO name(…) AS expression;`.'
      throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: placeAt(text, offset, file) })
    }
    const sql = statement.slice(header[0].length)
    const [opening, name, parameters] = header as unknown as [string, string, string]
    const sqlPlace = placeAt(text, offset + opening.length, file)
    return { name: name.toLowerCase(), parameters, statement, sql, sqlPlace }
  })
}

/** Each macro after those that its body can call, whichever files they stand in; otherwise as given. A circle stays as it is: the engine names it. */
export function orderMacros(macros: readonly Macro[]): Macro[] {
  const names = new Set(macros.map(({ name }) => name))
  const ordered: Macro[] = []
  let left = macros.map(macro => {
    const words = new Set(macro.sql.toLowerCase().match(/\w+/g))
    return { macro, calls: [...names].filter(name => name !== macro.name && words.has(name)) }
  })
  while (left.length > 0) {
    const waiting = new Set(left.map(({ macro }) => macro.name))
    const ready = left.filter(({ calls }) => !calls.some(name => waiting.has(name)))
    if (ready.length === 0) return [...ordered, ...left.map(({ macro }) => macro)]
    ordered.push(...ready.map(({ macro }) => macro))
    left = left.filter(entry => !ready.includes(entry))
  }
  return ordered
}

/** Changes when any formula does: part of what decides the bytes of every gold table. */
export function macrosHash(macros: readonly Macro[]): string {
  return sha256Hex(JSON.stringify(macros.map(macro => macro.statement).sort()))
}

/** Comments, quoted texts and names, and what separates statements. */
const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|;|\s+/g

function statementsOf(text: string): { statement: string; offset: number }[] {
  const found: { statement: string; offset: number }[] = []
  let start = 0
  let started = false
  const add = (end: number): void => {
    if (started) found.push({ statement: text.slice(start, end).trimEnd(), offset: start })
    started = false
  }
  let position = 0
  for (const token of text.matchAll(TOKEN)) {
    const between = text.slice(position, token.index) !== ''
    if (!started && (between || /^['"]/.test(token[0]))) {
      start = between ? position : token.index
      started = true
    }
    if (token[0] === ';') add(token.index)
    position = token.index + token[0].length
  }
  if (!started && position < text.length) {
    start = position
    started = true
  }
  add(text.length)
  return found
}

function placeAt(text: string, offset: number, file: string): Required<Place> {
  const before = text.slice(0, offset)
  return { file, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
