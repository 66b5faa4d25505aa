import {
  type AliasEvent,
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
  readonly parts: readonly YamlPart[]
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
 * The value of a text with one YAML 1.2 document at most (undefined: none), and its nodes, read when they are asked for.
 * Throws YamlFault, also for duplicate keys and for aliases that multiply beyond any use.
 */
export function readNodes(text: string): { readonly value: unknown; readonly root: () => YamlNode | undefined } {
  try {
    const events = parseEvents(text, {})
    let known: readonly YamlNode[] | undefined
    const nodes = () => (known ??= nodesOf(events, text))
    const starts = events.filter(event => event.type === EVENT_ID.DOCUMENT)
    if (starts.length > 1) throw new YamlFault('a second document begins here', secondDocument(text, nodes()[1]))
    if (events.some(event => event.type === EVENT_ID.ALIAS)) refuseBombs(nodes())
    const [value] = constructFromEvents(events, { source: text, schema: CORE_SCHEMA })
    return { value, root: () => nodes()[0] }
  } catch (thrown) {
    if (!(thrown instanceof YAMLException)) throw thrown
    const reason = thrown.reason === 'duplicated mapping key' ? 'keys must be unique' : thrown.reason
    throw new YamlFault(reason, thrown.mark?.position ?? 0)
  }
}

/** The `---` before the second document. */
function secondDocument(text: string, node: YamlNode | undefined): number {
  return Math.max(0, text.lastIndexOf('---', node?.start ?? text.length))
}

/** The documents' nodes. Of every event, `start` is -1 where there is nothing in the text. */
function nodesOf(events: readonly Event[], text: string): YamlNode[] {
  const anchors = new Map<string, YamlNode>()
  const documents: YamlNode[] = []
  let at = 0
  let lastStart = 0
  const read = (): YamlNode => {
    const event = events[at++]!
    if (event.type === EVENT_ID.ALIAS) return aliasNode(event, anchors, text)
    if (event.type === EVENT_ID.SCALAR) return named(event, scalarNode(event, lastStart, text))
    if (event.type !== EVENT_ID.MAPPING && event.type !== EVENT_ID.SEQUENCE)
      throw new YamlFault('unreadable', lastStart)
    lastStart = event.start
    const parts: YamlPart[] = []
    // An alias inside of its own anchor finds the parts that are there so far.
    const node = named(event, { start: event.start, parts, text: undefined })
    while (events[at]!.type !== EVENT_ID.POP)
      parts.push(event.type === EVENT_ID.MAPPING ? pair() : { key: undefined, node: read() })
    at++
    return node
  }
  const pair = (): YamlPart => {
    const key = read()
    const keyText = key.text === undefined ? '' : text.slice(key.text.start, key.text.end)
    return { key: { text: keyText, start: key.start }, node: read() }
  }
  const named = (event: { anchorStart: number; anchorEnd: number }, node: YamlNode): YamlNode => {
    if (event.anchorStart >= 0) anchors.set(text.slice(event.anchorStart, event.anchorEnd), node)
    if (node.start > lastStart) lastStart = node.start
    return node
  }
  while (at < events.length) {
    if (events[at]!.type === EVENT_ID.DOCUMENT || events[at]!.type === EVENT_ID.POP) at++
    else documents.push(read())
  }
  return documents
}

const STYLES: Readonly<Record<number, TextStyle>> = {
  [SCALAR_STYLE.PLAIN]: 'plain',
  [SCALAR_STYLE.SINGLE_QUOTED]: 'quoted',
  [SCALAR_STYLE.DOUBLE_QUOTED]: 'quoted',
  [SCALAR_STYLE.LITERAL_BLOCK]: 'literal',
  [SCALAR_STYLE.FOLDED_BLOCK]: 'folded',
}

/** A value that is left out stands where the text before it does, a block where its `|` or `>` is. */
function scalarNode(event: ScalarEvent, lastStart: number, source: string): YamlNode {
  const [start, end, style] = [event.valueStart, event.valueEnd, STYLES[event.style] ?? 'plain']
  if (start < 0) return { start: lastStart, parts: [], text: undefined }
  const text = { start, end, style }
  if (style === 'plain') return { start, parts: [], text }
  if (style === 'quoted') return { start: start - 1, parts: [], text }
  const lineStart = source.lastIndexOf('\n', start - 2) + 1
  const header = /[|>][-+0-9]*[ \t]*(#.*)?\s*$/.exec(source.slice(lineStart, start))
  return { start: lineStart + (header?.index ?? 0), parts: [], text }
}

function aliasNode(event: AliasEvent, anchors: ReadonlyMap<string, YamlNode>, text: string): YamlNode {
  const target = anchors.get(text.slice(event.anchorStart, event.anchorEnd))
  return { start: event.anchorStart - 1, parts: target?.parts ?? [], text: target?.text }
}

/** Each alias may hold ten others: what is small as text can have no end as a value. */
function refuseBombs(documents: readonly YamlNode[]): void {
  const sizes = new Map<readonly YamlPart[], number>()
  const sizeOf = ({ parts }: YamlNode): number => {
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
