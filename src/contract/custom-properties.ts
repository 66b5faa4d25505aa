import { z } from 'zod'
import { durationMs } from '../core/duration.js'
import { nearestName } from '../core/nearest-name.js'
import { type Fault, type Path, zodFaults } from '../core/yaml-document.js'
import type { OdcsCustomProperty } from './odcs.js'

const column = z.string().regex(/^[a-z][a-z0-9_]*$/, 'the name of a column')
const sql = z.string().min(1, 'a SQL expression')
const duration = z
  .string()
  .refine(text => (durationMs(text) ?? 0) > 0, 'an ISO 8601 duration of days, hours and minutes, as PT1H')

/** What Sluice reads from the customProperties of a contract, where ODCS has no word of its own. */
export const CONTRACT_PROPERTIES = z.strictObject({
  layer: z
    .enum(['silver', 'gold'])
    .default('silver')
    .describe('`silver` (filled by pipes) or `gold` (filled by a model).'),
  eventTime: column.describe('The column that says when a row happened in the market.'),
  partition: z
    .enum(['hour', 'day', 'month', 'year'])
    .describe('Time grain of the data files: hour, day, month or year.'),
  mergePolicy: z
    .enum(['first', 'latest', 'versions'])
    .optional()
    .describe('Which row of a key stays: `first` (silver), `latest` (gold), or all `versions` by knowledge time.'),
  mergeOrderBy: column.optional().describe('A column that orders the rows of a key before `_known_at`.'),
  vintage: column
    .optional()
    .describe('A date or timestamp column: since when the provider has said so. A date counts from its start, UTC.'),
  publication: sql
    .optional()
    .describe('SQL expression: when the world could know a row that is seen for the first time.'),
  notFinal: sql.optional().describe('SQL expression over the columns and `_known_at`: true while a row is still open.'),
  thresholds: z
    .array(
      z
        .strictObject({
          rule: z
            .string()
            .min(1)
            .describe(
              'A rule id, `*` for all error rules together, `restated` for rows that say something else than was known, or `restated:<kind>`.',
            ),
          maxShare: z.number().min(0).max(1).optional().describe('Largest share of a batch, 0..1.'),
          maxRows: z.int().min(0).optional().describe('Largest number of rows of a batch.'),
          severity: z
            .enum(['warn', 'error', 'hold', 'breaker'])
            .optional()
            .describe(
              '`error` (default) holds the batch, and the breaker counts it; `hold` holds it; `breaker` opens the breaker at once; `warn` only tells.',
            ),
        })
        .refine(limit => limit.maxShare !== undefined || limit.maxRows !== undefined, 'needs maxShare or maxRows'),
    )
    .default([])
    .describe('How many rows may break a rule before nothing of the batch is published.'),
  series: z
    .array(column)
    .optional()
    .describe('Columns whose values make a series in time, for detectors; default: the key without the event time.'),
  breaker: z
    .strictObject({
      failures: z.int().min(1).default(3).describe('Failed batches in a row that open it, however few rows were bad.'),
      coolDown: duration.default('PT1H').describe('How long it stays open before one batch may probe.'),
      longest: duration.default('P1D').describe('The cool-down doubles each time that a probe fails, up to this.'),
    })
    .optional()
    .describe('When the breaker of a pipe opens, and for how long.'),
  allowedLateness: z
    .string()
    .regex(/^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?)?$/, 'an ISO 8601 duration such as P3D or PT6H')
    .optional()
    .describe('How long after its event a row may arrive and still be expected.'),
  calendar: z.string().min(1).optional().describe('Exchange calendar that says which sessions are expected.'),
})

/** The same for the customProperties of one column. */
export const COLUMN_PROPERTIES = z.strictObject({
  renamedFrom: column.optional().describe("The column's former name; without it a new name is a new column."),
  format: z
    .string()
    .min(1)
    .optional()
    .describe('How dates and times are written when not ISO 8601: a strptime pattern, or epoch_s, epoch_ms, epoch_us.'),
  unit: z.string().min(1).optional().describe('What the number counts.'),
})

/** The same for the customProperties of a relationship. */
export const RELATIONSHIP_PROPERTIES = z.strictObject({
  rule: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional()
    .describe('Id of the rule; default `unknown_<table>`.'),
  severity: z.enum(['error', 'warn']).default('error').describe('`error` keeps the row out, `warn` only counts it.'),
  aliasSource: column
    .optional()
    .describe(
      'For instruments.instrument_id: the column that says whose symbol a value may be. One that instrument_aliases knows for it at the event time becomes the id.',
    ),
})

interface Described {
  readonly schema: z.ZodObject
  readonly list: readonly OdcsCustomProperty[] | undefined
  readonly path: Path
}

/**
 * Reads a customProperties list. A name with a dot (`acme.costCentre`) belongs to another tool and is let through; any other
 * unknown name is a fault, because a misspelt promise must not be dropped in silence.
 */
export function readCustomProperties<T>(
  schema: z.ZodType<T>,
  list: readonly OdcsCustomProperty[] | undefined,
  path: Path,
): { value: T | undefined; faults: Fault[] } {
  const own = (list ?? []).map((entry, index) => ({ ...entry, index })).filter(entry => !entry.property.includes('.'))
  const known = Object.keys((schema as unknown as Described['schema']).shape)
  const faults: Fault[] = own.flatMap(({ property, index }, nth) => {
    const at = [...path, 'customProperties', index, 'property']
    if (!known.includes(property)) return [{ path: at, message: unknownProperty(property, known) }]
    const twice = own.findIndex(other => other.property === property) < nth
    return twice ? [{ path: at, message: `the property \`${property}\` stands here twice` }] : []
  })
  const result = schema.safeParse(Object.fromEntries(own.map(entry => [entry.property, entry.value])))
  if (result.success) return { value: result.data, faults }
  // A misspelt property is one fault, not also the lack of the one that was meant.
  const meant = own.map(entry => (known.includes(entry.property) ? undefined : nearestName(entry.property, known)))
  const found = zodFaults(schema, result.error).filter(({ key, path: at }) => at.length > 0 || key === undefined)
  const unexplained = found.filter(({ path: at }) => at.length > 1 || !meant.includes(String(at[0])))
  return { value: undefined, faults: [...faults, ...unexplained.map(fault => inList(fault, own, path))] }
}

function inList(fault: Fault, own: readonly { property: string; index: number }[], path: Path): Fault {
  const [name, ...rest] = fault.path
  const entry = own.find(candidate => candidate.property === name)
  if (entry !== undefined) return { ...fault, path: [...path, 'customProperties', entry.index, 'value', ...rest] }
  return { path: [...path, 'customProperties'], message: `customProperties lacks \`${String(name)}\`` }
}

function unknownProperty(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  if (near !== undefined) return `unknown property \`${name}\`, nearest is \`${near}\``
  return `unknown property \`${name}\`; if it is meant for another tool, give it that tool's name: \`acme.${name}\``
}
