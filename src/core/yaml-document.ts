import type { z } from 'zod'
import type { ErrorCode } from './error-codes.js'
import { formatPlace, type Place, SluiceError } from './errors.js'
import { nearestName } from './nearest-name.js'
import { type JsonSchema, keysAt, zodKeys } from './schema-keys.js'
import { readNodes, YamlFault, type YamlNode } from './yaml-nodes.js'

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
  const at = placesIn(source)
  try {
    const { value, root } = readNodes(source.text)
    return {
      file: source.file,
      value,
      place: (path, key) => at(offsetOf(find(root, path), key)),
      textPlace: path => textPlace(source, at, find(root, path).node),
    }
  } catch (thrown) {
    if (!(thrown instanceof YamlFault)) throw thrown
    throw faultError(source, [{ place: at(thrown.offset), message: thrown.message }])
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
  return error.issues.flatMap(issue => issueFaults(schema, issue, []))
}

function issueFaults(schema: z.ZodType, issue: z.core.$ZodIssue, above: Path): Fault[] {
  const path = [...above, ...issue.path]
  const branch = issue.code === 'invalid_union' ? meantBranch(issue.errors) : undefined
  if (branch !== undefined) return branch.flatMap(inner => issueFaults(schema, inner, path))
  if (issue.code !== 'unrecognized_keys') return [{ path, message: zodMessage(issue, path) }]
  return issue.keys.map(key => unknownKey(path, key, zodKeys(schema, path)))
}

/** Of the forms that a value may have, the only one that it has by its type; undefined when that is not clear. */
function meantBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const close = branches.filter(
    issues => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  )
  if (close.length < 2) return close[0]
  // Of maps, the one with fewer keys that are wrong.
  const faults = (issues: readonly z.core.$ZodIssue[]) =>
    issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0)
  const [best, second] = close.toSorted((a, b) => faults(a) - faults(b))
  return faults(best!) < faults(second!) ? best : undefined
}

/** The fault of a key at `path`, or undefined when some branch of the JSON Schema knows the key. */
export function unknownKeyFault(schema: JsonSchema, path: Path, key: string): Fault | undefined {
  const known = keysAt(schema, path)
  return known.includes(key) ? undefined : unknownKey(path, key, known)
}

/** One error for all faults of a document; its place and message are those of the fault that stands first. */
export function documentError(
  source: Pick<YamlSource, 'code'>,
  document: Pick<YamlDocument, 'place'>,
  faults: readonly Fault[],
): SluiceError {
  return faultError(
    source,
    faults.map(fault => ({ place: document.place(fault.path, fault.key), message: fault.message })),
  )
}

function faultError(
  source: Pick<YamlSource, 'code'>,
  faults: readonly { place: Required<Place>; message: string }[],
): SluiceError {
  const inOrder = [...faults].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
  const problems = inOrder.map(fault => `${formatPlace(fault.place)}: ${fault.message}`)
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  const first = inOrder[0]!
  return new SluiceError(source.code, `${first.message}${more}`, { place: first.place, problems })
}

function unknownKey(path: Path, key: string, known: readonly string[]): Fault {
  if (key === '<<') return { path, key, message: 'YAML 1.2 has no merge key `<<`: write out what it would bring' }
  const near = nearestName(key, known)
  const hint = near === undefined ? `known here: ${known.join(', ') || 'none'}` : `nearest is \`${near}\``
  return { path, key, message: `unknown key \`${key}\`, ${hint}` }
}

function zodMessage(issue: z.core.$ZodIssue, path: Path): string {
  const name = path.at(-1)
  return name === undefined ? issue.message : `\`${String(name)}\`: ${issue.message}`
}

interface Found {
  readonly node: YamlNode | undefined
  /** Where the key starts whose value `node` is, when it stands in a map. */
  readonly keyStart: number | undefined
}

function find(root: YamlNode | undefined, path: Path): Found {
  let found: Found = { node: root, keyStart: undefined }
  for (const step of path) {
    const next = child(found.node, step)
    if (next === undefined) return found
    found = next
  }
  return found
}

function child(node: YamlNode | undefined, step: PropertyKey): Found | undefined {
  const parts = node?.parts() ?? []
  const item = typeof step === 'number' && parts[step]?.key === undefined ? parts[step] : undefined
  const part = item ?? parts.find(({ key }) => key?.text === String(step))
  return part === undefined ? undefined : { node: part.node, keyStart: part.key?.start }
}

function offsetOf(found: Found, key: string | undefined): number {
  const keyStart = key === undefined ? undefined : child(found.node, key)?.keyStart
  return keyStart ?? found.node?.start ?? found.keyStart ?? 0
}

type PlaceAt = (offset: number) => Required<Place>

function textPlace({ text }: YamlSource, at: PlaceAt, node: YamlNode | undefined): TextPlace {
  if (node?.text === undefined) return { ...at(node?.start ?? 0), step: 'single' }
  const { start, end, style } = node.text
  const raw = text.slice(start, end)
  if (style === 'literal' || style === 'folded') {
    const [indent = ''] = /^(?:[ \t]*\r?\n)* */.exec(raw) ?? []
    return { ...at(start + indent.length), step: style }
  }
  return { ...at(start), step: raw.includes('\n') ? 'folded' : 'single' }
}

/** Lines and columns of a text, which is looked through once, when the first is asked for. */
function placesIn({ text, file }: YamlSource): PlaceAt {
  let starts: number[] | undefined
  return offset => {
    starts ??= [0, ...[...text.matchAll(/\n/g)].map(match => match.index + 1)]
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle
    }
    return { file, line: low + 1, column: offset - starts[low]! + 1 }
  }
}
