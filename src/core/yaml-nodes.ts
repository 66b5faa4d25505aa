import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from 'js-yaml'

/** A value of a YAML text and where it stands. Offsets count UTF-16 units from the start of the text. */
export interface YamlNode {
  readonly start: number
  /** In maps in order: each value with its key; in sequences each item. An alias has the parts of what it stands for. */
  readonly parts: () => readonly YamlPart[]
  /** Only of a text: where its characters are, without quotes, and how they are written. */
  readonly text: { readonly start: number; readonly end: number; readonly style: TextStyle } | undefined
}

export interface YamlPart {
  readonly key: { readonly text: string; readonly start: number } | undefined
  readonly node: YamlNode
}

export type TextStyle = 'plain' | 'quoted' | 'literal' | 'folded'

/** Why a text is no YAML document, and at which offset. */
export class YamlFault extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** Values that a document may grow to when its aliases are written out. */
const LONGEST = 1_000_000

/**
 * The value of a text with one YAML 1.2 document at most (undefined: none), and its root, whose parts are read when they are asked for.
 * Throws YamlFault, also for duplicate keys and for aliases that multiply beyond any use.
 */
export function readNodes(text: string): { readonly value: unknown; readonly root: YamlNode | undefined } {
  try {
    const events = parseEvents(text, {})
    const roots = rootsOf({ events, text, anchors: anchorsOf(events, text), collections: new Map() })
    if (roots.length > 1) throw new YamlFault('a second document begins here', secondDocument(text, roots[1]!))
    if (events.some(event => event.type === EVENT_ID.ALIAS)) refuseBombs(roots)
    const [value] = constructFromEvents(events, { source: text, schema: CORE_SCHEMA })
    return { value, root: roots[0] }
  } catch (thrown) {
    if (!(thrown instanceof YAMLException)) throw thrown
    const reason = thrown.reason === 'duplicated mapping key' ? 'keys must be unique' : thrown.reason
    throw new YamlFault(reason, thrown.mark?.position ?? 0)
  }
}

/** The `---` before the second document. */
function secondDocument(text: string, node: YamlNode): number {
  return Math.max(0, text.lastIndexOf('---', node.start))
}

/** A text as the parser reports it: what starts, in order, and where collections end. Positions are -1 where nothing stands. */
interface Parsed {
  readonly events: readonly Event[]
  readonly text: string
  /** The event that an anchor names. */
  readonly anchors: ReadonlyMap<string, number>
  /** Made once, so that an alias has the parts of what it stands for. */
  readonly collections: Map<number, YamlNode>
}

function anchorsOf(events: readonly Event[], text: string): Map<string, number> {
  const anchors = new Map<string, number>()
  for (const [at, event] of events.entries())
    if ('anchorStart' in event && event.anchorStart >= 0 && event.type !== EVENT_ID.ALIAS)
      anchors.set(text.slice(event.anchorStart, event.anchorEnd), at)
  return anchors
}

function rootsOf(parsed: Parsed): YamlNode[] {
  const roots: YamlNode[] = []
  let at = 0
  while (at < parsed.events.length) {
    const { type } = parsed.events[at]!
    if (type === EVENT_ID.DOCUMENT || type === EVENT_ID.POP) at++
    else {
      roots.push(nodeAt(parsed, at))
      at = endOf(parsed.events, at)
    }
  }
  return roots
}

/** The event after a value. */
function endOf(events: readonly Event[], start: number): number {
  let [at, depth] = [start, 0]
  do {
    const { type } = events[at++]!
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth++
    else if (type === EVENT_ID.POP) depth--
  } while (depth > 0)
  return at
}

function nodeAt(parsed: Parsed, at: number): YamlNode {
  const event = parsed.events[at]!
  if (event.type === EVENT_ID.SCALAR) return scalarNode(event, parsed, at)
  if (event.type === EVENT_ID.ALIAS) {
    const target = parsed.anchors.get(parsed.text.slice(event.anchorStart, event.anchorEnd))
    const meant = target === undefined ? undefined : nodeAt(parsed, target)
    return { start: event.anchorStart - 1, text: meant?.text, parts: meant?.parts ?? NO_PARTS }
  }
  const known = parsed.collections.get(at)
  if (known !== undefined) return known
  const isMapping = event.type === EVENT_ID.MAPPING
  const start = 'start' in event ? event.start : 0
  const made: YamlNode = { start, text: undefined, parts: once(() => partsOf(parsed, at, isMapping)) }
  parsed.collections.set(at, made)
  return made
}

/** Most parts of a long text are never asked for. */
function once<T>(read: () => T): () => T {
  let known: T | undefined
  return () => (known ??= read())
}

function partsOf(parsed: Parsed, collection: number, isMapping: boolean): YamlPart[] {
  const { events, text } = parsed
  const parts: YamlPart[] = []
  let at = collection + 1
  while (events[at]!.type !== EVENT_ID.POP) {
    const key = isMapping ? nodeAt(parsed, at) : undefined
    const value = isMapping ? endOf(events, at) : at
    const keyText = key?.text === undefined ? '' : text.slice(key.text.start, key.text.end)
    parts.push({ key: key && { text: keyText, start: key.start }, node: nodeAt(parsed, value) })
    at = endOf(events, value)
  }
  return parts
}

const STYLES: Readonly<Record<number, TextStyle>> = {
  [SCALAR_STYLE.PLAIN]: 'plain',
  [SCALAR_STYLE.SINGLE_QUOTED]: 'quoted',
  [SCALAR_STYLE.DOUBLE_QUOTED]: 'quoted',
  [SCALAR_STYLE.LITERAL_BLOCK]: 'literal',
  [SCALAR_STYLE.FOLDED_BLOCK]: 'folded',
}

const NO_PARTS = (): readonly YamlPart[] => []

/** A value that is left out stands where the one before it does, a block where its `|` or `>` is. */
function scalarNode(event: ScalarEvent, parsed: Parsed, at: number): YamlNode {
  const [start, end, style] = [event.valueStart, event.valueEnd, STYLES[event.style] ?? 'plain']
  if (start < 0) return { start: at === 0 ? 0 : startBefore(parsed.events, at), parts: NO_PARTS, text: undefined }
  const text = { start, end, style }
  if (style === 'plain') return { start, parts: NO_PARTS, text }
  if (style === 'quoted') return { start: start - 1, parts: NO_PARTS, text }
  const lineStart = parsed.text.lastIndexOf('\n', start - 2) + 1
  const header = /[|>][-+0-9]*[ \t]*(#.*)?\s*$/.exec(parsed.text.slice(lineStart, start))
  return { start: lineStart + (header?.index ?? 0), parts: NO_PARTS, text }
}

function startBefore(events: readonly Event[], at: number): number {
  for (let before = at - 1; before >= 0; before--) {
    const event = events[before]!
    const start = 'valueStart' in event ? event.valueStart : 'start' in event ? event.start : -1
    if (start >= 0) return start
  }
  return 0
}

/** Each alias may hold ten others: what is small as text can have no end as a value. */
function refuseBombs(documents: readonly YamlNode[]): void {
  const sizes = new Map<readonly YamlPart[], number>()
  const sizeOf = (node: YamlNode): number => {
    const parts = node.parts()
    const known = sizes.get(parts)
    if (known !== undefined) return known
    sizes.set(parts, Number.POSITIVE_INFINITY)
    let size = 1
    for (const part of parts) size += sizeOf(part.node)
    sizes.set(parts, size)
    return size
  }
  for (const document of documents)
    if (sizeOf(document) > LONGEST) throw new YamlFault('its aliases multiply beyond any use', 0)
}
