import { z } from 'zod'
import { durationMs } from '../core/duration.js'
import { type Place, SluiceError } from '../core/errors.js'
import { sha256Hex } from '../core/ids.js'
import { parseYaml } from '../core/yaml-document.js'

/** A gold model: one SELECT that makes one table, and what the engine must know to recompute only a part of it. */
export interface Model {
  /** Name of the table in the gold layer. */
  readonly table: string
  /** Dataset name of its contract; the table's own name unless stated. */
  readonly contract: string
  /** In words: what one row stands for. */
  readonly grain: string
  /** The output column (TIMESTAMPTZ or DATE) by which partitions are rewritten. */
  readonly partition: string
  /** A row at time t depends on input rows in [t - lookback, t + lookahead] only. Milliseconds. */
  readonly lookbackMs: number
  /** For rows that stand at the start of what they are of, such as bars of a month; 0 unless stated. */
  readonly lookaheadMs: number
  /** A text column of the output whose values stand apart: rows with one value never depend on those with another. */
  readonly series?: string | undefined
  /**
   * How far its rows go. `inputs`: to the end of the partition that holds the newest input. `known`: to the newest moment at which anything
   * that it reads came to be known, and no row of it counts as known later than that. `lookback`: a lookback past the end of the newest input, for
   * what is carried on from it.
   */
  readonly until: 'inputs' | 'known' | 'lookback'
  /** Tables without which the model has nothing to say, as `silver.holdings` or `reference.baskets`: while one of them is empty, so is the model's. */
  readonly needs?: readonly string[] | undefined
  readonly description: string
  /** The SELECT, without front matter and closing semicolon. */
  readonly sql: string
  /** Where the first character of `sql` stands. */
  readonly sqlPlace: Required<Place>
  readonly file: string
  /** Lower-case hex sha256 of everything that decides the table's content: `series` and `needs` do not. */
  readonly hash: string
}

const NAME = /^[a-z][a-z0-9_]*$/
const name = z.string().regex(NAME, 'must be a lower-case name such as `price_bars`')
const frontMatter = z.strictObject({
  table: name,
  contract: name.optional(),
  grain: z.string().min(1),
  partition: name,
  lookback: z.string(),
  lookahead: z.string().optional(),
  series: name.optional(),
  until: z.enum(['inputs', 'known', 'lookback']).default('inputs'),
  needs: z.array(z.string()).optional(),
  description: z.string().min(1),
})

const OPENING = /^\uFEFF?\/\*[ \t]*---[ \t]*\r?\n/
const CLOSING = /^[ \t]*---[ \t]*\*\//m

/**
 * Reads a model file: YAML between `/*---` and `---*\/` at its very start, then one SELECT.
 * Pure; the SQL itself is not parsed here. Throws SLUICE_MODEL_INVALID with file, line and column.
 */
export function loadModel(text: string, file: string): Model {
  const { yaml, rest, restOffset } = splitFrontMatter(text, file)
  const { value, document } = parseYaml(yaml, file, frontMatter, 'SLUICE_MODEL_INVALID')
  const [lookbackMs, lookaheadMs] = (['lookback', 'lookahead'] as const).map(key => {
    const ms = durationMs(value[key] ?? 'P0D')
    if (ms !== undefined) return ms
    const message = `\`${key}\` must be an ISO 8601 duration of fixed length, such as P400D, P1W or PT5M.`
    throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: document.place([key]) })
  }) as [number, number]
  const sql = rest.trim().replace(/;\s*$/, '').trimEnd()
  const sqlPlace = placeAt(text, restOffset + rest.length - rest.trimStart().length, file)
  if (sql === '') {
    throw new SluiceError('SLUICE_MODEL_INVALID', 'The model has no SELECT after its front matter.', {
      place: sqlPlace,
    })
  }
  const { lookback: _lookback, lookahead: _lookahead, contract = value.table, ...stated } = value
  // Models that say nothing of these keep the hash that they had before they could.
  const until = value.until === 'inputs' ? [] : [value.until]
  const ahead = lookaheadMs === 0 ? [] : [lookaheadMs]
  const hash = sha256Hex(JSON.stringify([value.table, contract, value.partition, lookbackMs, sql, ...until, ...ahead]))
  return { ...stated, contract, lookbackMs, lookaheadMs, sql, sqlPlace, file, hash }
}

interface Split {
  /** The YAML, with an empty line for each line before it, so that places in it are places in the file. */
  readonly yaml: string
  readonly rest: string
  readonly restOffset: number
}

function splitFrontMatter(text: string, file: string): Split {
  const opening = OPENING.exec(text)
  const body = text.slice(opening?.[0].length ?? 0)
  const closing = opening === null ? null : CLOSING.exec(body)
  if (opening === null || closing === null) {
    const message = 'A model starts with its front matter: YAML between a line `/*---` and a line `---*/`.'
    throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: { file, line: 1, column: 1 } })
  }
  const restOffset = opening[0].length + closing.index + closing[0].length
  return { yaml: `\n${body.slice(0, closing.index)}`, rest: text.slice(restOffset), restOffset }
}

function placeAt(text: string, offset: number, file: string): Required<Place> {
  const before = text.slice(0, offset)
  const lastBreak = before.lastIndexOf('\n')
  return { file, line: before.split('\n').length, column: offset - lastBreak }
}
