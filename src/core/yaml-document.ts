import { isMap, isNode, isPair, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { ErrorCode } from './error-codes.js'
import { formatPlace, type Place, SluiceError } from './errors.js'
import { nearestName } from './nearest-name.js'
import { type JsonSchema, keysAt, zodKeys } from './schema-keys.js'

export type Path = readonly PropertyKey[]

/** One fault of a document: the path to the value, and the offending key when the fault is the key itself. */
export interface Fault {
  readonly path: Path
  readonly message: string
  readonly key?: string
}

/** A parsed YAML text that still knows where each value stands. */
export interface YamlDocument {
  readonly file: string
  readonly value: unknown
  /** Where the value at `path` starts, or its key when `key` is named; the nearest existing parent when there is no such value. */
  place(path: Path, key?: string): Required<Place>
  /** Where the text of the string at `path` starts, so that a position inside it can be turned into a place. */
  textPlace(path: Path): TextPlace
}

/** `line` and `column` of a text's first character; `step` says how its later lines stand in the file. */
export interface TextPlace extends Required<Place> {
  /** `literal`: every line of the text is a line of the file, starting at `column`. `single`: one line. `folded`: positions inside are lost. */
  readonly step: 'single' | 'literal' | 'folded'
}

/** A YAML text, the name that messages give it, and the code of the error that is thrown for its faults. */
export interface YamlSource {
  readonly text: string
  readonly file: string
  readonly code: ErrorCode
}

/**
 * Reads one YAML 1.2 document with plain data in it: no duplicate keys, no anchors that multiply, no second document.
 * Throws `source.code` with the place of every fault.
 */
export function readYaml(source: YamlSource): YamlDocument {
  const lines = new LineCounter()
  const parsed = parseDocument(source.text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const faults = [...parsed.errors, ...parsed.warnings]
  if (faults.length > 0) {
    throw faultError(
      source,
      faults.map(fault => ({ place: at(source.file, lines, fault.pos[0]), message: fault.message })),
    )
  }
  const root = parsed.contents as Node | null
  return {
    file: source.file,
    value: toPlain(source, () => parsed.toJS({ maxAliasCount: 100 })),
    place: (path, key) => at(source.file, lines, offsetOf(find(root, path), key)),
    textPlace: path => textPlace(source, lines, find(root, path).node),
  }
}

/**
 * Reads a YAML text and checks it against a zod schema (of `z.strictObject`, so that unknown keys are found).
 * An empty text counts as `{}`. Throws `code` with the place of every fault.
 */
export function parseYaml<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
  code: ErrorCode = 'SLUICE_CONFIG_INVALID',
): { value: T; document: YamlDocument } {
  const source = { text, file, code }
  const document = readYaml(source)
  const result = schema.safeParse(document.value ?? {})
  if (result.success) return { value: result.data, document }
  throw documentError(source, document, zodFaults(schema, result.error))
}

/** The faults of a failed zod check; unknown keys come with the nearest known one. */
export function zodFaults(schema: z.ZodType, error: z.ZodError): Fault[] {
  return error.issues.flatMap(issue => {
    if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: zodMessage(issue) }]
    return issue.keys.map(key => unknownKey(issue.path, key, zodKeys(schema, issue.path)))
  })
}

/** The fault of a key at `path`, or undefined when some branch of the JSON Schema knows the key. */
export function unknownKeyFault(schema: JsonSchema, path: Path, key: string): Fault | undefined {
  const known = keysAt(schema, path)
  return known.includes(key) ? undefined : unknownKey(path, key, known)
}

/** One error for all faults of a document; its place and message are those of the fault that stands first. */
export function documentError(source: YamlSource, document: YamlDocument, faults: readonly Fault[]): SluiceError {
  return faultError(
    source,
    faults.map(fault => ({ place: document.place(fault.path, fault.key), message: fault.message })),
  )
}

function faultError(source: YamlSource, faults: readonly { place: Required<Place>; message: string }[]): SluiceError {
  const inOrder = [...faults].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
  const problems = inOrder.map(fault => `${formatPlace(fault.place)}: ${fault.message}`)
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  const first = inOrder[0]!
  return new SluiceError(source.code, `${first.message}${more}`, { place: first.place, problems })
}

function unknownKey(path: Path, key: string, known: readonly string[]): Fault {
  const near = nearestName(key, known)
  const hint = near === undefined ? `known here: ${known.join(', ') || 'none'}` : `nearest is \`${near}\``
  return { path, key, message: `unknown key \`${key}\`, ${hint}` }
}

function zodMessage(issue: z.core.$ZodIssue): string {
  const name = issue.path.at(-1)
  return name === undefined ? issue.message : `\`${String(name)}\`: ${issue.message}`
}

function toPlain(source: YamlSource, read: () => unknown): unknown {
  try {
    return read()
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw faultError(source, [{ place: { file: source.file, line: 1, column: 1 }, message }])
  }
}

interface Found {
  readonly node: Node | null
  /** The pair whose value `node` is, when it stands in a map. */
  readonly pair: Pair | undefined
}

function find(root: Node | null, path: Path): Found {
  let found: Found = { node: root, pair: undefined }
  for (const step of path) {
    const next = child(found.node, step)
    if (next === undefined) return found
    found = next
  }
  return found
}

function child(node: Node | null, step: PropertyKey): Found | undefined {
  if (isMap(node)) {
    const pair = node.items.find(item => keyText(item) === String(step))
    if (pair === undefined) return undefined
    return { node: isNode(pair.value) ? pair.value : null, pair }
  }
  const item = node !== null && 'items' in node && typeof step === 'number' ? node.items[step] : undefined
  return isNode(item) ? { node: item, pair: undefined } : undefined
}

function offsetOf(found: Found, key: string | undefined): number {
  const owner = key === undefined ? undefined : child(found.node, key)?.pair
  const start = isPair(owner) ? owner.key : (found.node ?? found.pair?.key)
  return isNode(start) ? (start.range?.[0] ?? 0) : 0
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
}

function textPlace(source: YamlSource, lines: LineCounter, node: Node | null): TextPlace {
  const start = node?.range?.[0] ?? 0
  const raw = source.text.slice(start, node?.range?.[1] ?? start)
  const type = isScalar(node) ? node.type : undefined
  if (type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED') {
    const body = /^[^\n]*\n(?:[ \t]*\r?\n)*( *)/.exec(raw)
    const place = at(source.file, lines, start + (body?.[0].length ?? 0))
    return { ...place, step: type === 'BLOCK_LITERAL' ? 'literal' : 'folded' }
  }
  const quoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
  return { ...at(source.file, lines, quoted ? start + 1 : start), step: raw.includes('\n') ? 'folded' : 'single' }
}

function at(file: string, lines: LineCounter, offset: number): Required<Place> {
  const { line, col } = lines.linePos(offset)
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
}
