import { z } from 'zod'
import { durationMs } from '../../core/duration.js'
import { parseInstant } from '../../core/instant.js'
import { didYouMean } from '../../core/nearest-name.js'
import { CALENDAR_NAMES } from '../../market/calendar/registry.js'
import { sourceNames } from '../../sources/provider-list.js'
import { httpSchema, variable } from '../registry/http-schema.js'
import { cronFault } from './schedule.js'

export const PARAMETER_NAME = /^[a-z][a-z0-9_]*$/
/** What a pipe is called, once `for_each` has filled its name. */
export const PIPE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** The sources that a pipe can name. */
export const SOURCES: readonly string[] = ['file', 'http', 'sample.bars', 'sample.events', ...sourceNames()]

const label = z.string().regex(PIPE_NAME, 'letters, digits, dots, dashes and underscores, at most 128')
const name = z
  .string()
  .regex(/^[A-Za-z0-9{][A-Za-z0-9._{}-]{0,255}$/, 'letters, digits, dots, dashes, underscores and {keys of for_each}')
const parameter = z.string().regex(PARAMETER_NAME, 'lower-case letters, digits and underscores')
const scalar = z.union([z.string(), z.number(), z.boolean()])
const duration = z
  .string()
  .refine(text => (durationMs(text) ?? 0) > 0, 'an ISO 8601 duration of weeks, days or less, as PT15M or P7D')

/** A name out of a closed list, which editors show and faults help to spell. */
function nameOf(what: string, known: readonly string[]) {
  const faultOf = (input: unknown) => {
    if (input === undefined) return `missing. Known: ${known.join(', ')}`
    const near = typeof input === 'string' ? didYouMean(input, known) : ''
    return `there is no ${what} \`${String(input)}\`.${near === '' ? ` Known: ${known.join(', ')}` : near}`
  }
  return z.enum(known as [string, ...string[]], { error: ({ input }) => faultOf(input) })
}

const forEachSchema = z.record(
  parameter,
  z.union([
    z.array(scalar).min(1),
    z.strictObject({
      from: z.string().min(1).describe('A CSV file of the project, or a reference table such as instruments.'),
      column: z.string().min(1).optional().describe('Default: the column of the same name as the key.'),
      where: z.record(z.string(), scalar).optional().describe('Only rows that have these values.'),
    }),
  ]),
)

const cronText = z.string().refine(text => cronFault(text, 'UTC') === undefined, {
  error: ({ input }) => cronFault(String(input), 'UTC'),
})

const scheduleSchema = z.union([
  cronText,
  z
    .strictObject({ cron: z.string(), timezone: z.string().default('UTC') })
    .refine(({ cron, timezone }) => cronFault(cron, timezone) === undefined, {
      error: ({ input }) => {
        const { cron, timezone } = input as { cron: string; timezone: string }
        return cronFault(cron, timezone)
      },
    }),
  z.strictObject({ every: duration }),
])

/** One pipe as it is written. `for_each` makes many of it. */
export const pipeSchema = z.strictObject({
  name: name.describe('Unique in the project; `--select` takes it. {key} is a value of for_each.'),
  source: nameOf('source', SOURCES).describe('Where the records come from.'),
  contract: z
    .string()
    .min(1)
    .optional()
    .describe('The dataset whose contract every record must keep. Default: the one that the source is made for.'),
  for_each: forEachSchema
    .optional()
    .describe(
      'Key: values. One pipe for every combination; each key is a parameter, and a placeholder in name and params.',
    ),
  params: z
    .record(parameter, scalar.nullable())
    .default({})
    .describe('Parameters and their defaults. `null` means required: `--param name=value` must give it.'),
  schedule: scheduleSchema
    .optional()
    .describe('When it is due: a cron text in UTC, { cron, timezone } or { every: PT15M }. Left out: at every run.'),
  calendar: nameOf('calendar', [...CALENDAR_NAMES])
    .optional()
    .describe("The schedule fires only on this calendar's days."),
  revisit: z
    .strictObject({ last: duration, every: duration })
    .optional()
    .describe('Ask again for the last so much of what is done, every so often, because providers revise.'),
  since: z
    .string()
    .refine(
      text => parseInstant(text) !== undefined,
      'a date as 2024-01-31, or a time with its zone as 2024-01-31T12:00:00Z',
    )
    .optional()
    .describe('Where the history begins. Default: a year before now.'),
  first_day: z.iso
    .date('a day such as 2004-05-03')
    .optional()
    .describe(
      'The first day that the provider has records of, where it depends on what is asked for. Nobody asks for times before it.',
    ),
  key: variable.optional().describe("Environment variable with the key, in place of the provider's own."),
  http: httpSchema.optional(),
  input: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe('Files to read, relative to the project; * and ? stand for any text. {name} is replaced by a parameter.'),
  map: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe('Contract field: SQL expression over the columns of the source. {name} is a parameter, as text.'),
  universe: z
    .enum(['closed', 'open'])
    .default('closed')
    .describe('closed: instruments must be in instruments.csv. open: the source is the authority for its own.'),
  empty: z.enum(['refuse', 'allow']).default('refuse').describe('Whether an input without records is legitimate.'),
  capture: z
    .enum(['copy', 'reference'])
    .default('copy')
    .describe('Keep the bytes of an input file in the lake, or only its path, size and hash.'),
  tags: z.array(label).default([]).describe('`--select tag:x` takes every pipe with the tag x.'),
  enabled: z.boolean().default(true).describe('false: checked, but never run.'),
  format: z.enum(['ndjson', 'json', 'csv', 'parquet']).optional().describe('Default: found out from the content.'),
  encoding: z.string().min(1).optional().describe('A WHATWG encoding label, as windows-1250. Default: utf-8.'),
  delimiter: z.string().length(1).optional().describe('Of a CSV. Default: found out from the content.'),
  quote: z.string().max(1).optional().describe('Of a CSV. Default: ".'),
  decimal_comma: z.boolean().default(false).describe('Numbers are written as 1,5.'),
  header: z.boolean().default(true).describe('The first line of a CSV names its columns.'),
  columns: z.array(z.string().min(1)).min(1).optional().describe('Column names of a CSV without header.'),
  skip_lines: z.int().min(0).default(0).describe('Lines before the header or the first record.'),
  missing: z.array(z.string()).default([]).describe('Texts that mean "no value", as NA or -.'),
  date_format: z.string().min(1).optional().describe('strptime format of dates and times, as %d.%m.%Y.'),
})

/** What a file `_defaults.yaml` may say for the pipes of its folder and below. */
export const pipeDefaultsSchema = pipeSchema
  .omit({ name: true, for_each: true })
  .partial()
  .describe('Defaults of the pipes in this folder and below. Tags add up; params, map and http are filled up.')

/** The form of a file in `pipes/`. Source and contract may come from `_defaults.yaml`. */
export const pipeFileSchema = z
  .strictObject({
    pipes: z
      .array(pipeSchema.partial({ source: true }), { error: 'a list of pipes is due: `pipes:` and an entry for each' })
      .min(1)
      .describe('The pipes of this file, one group.'),
  })
  .describe('Pipes: where records come from and which contract they must keep.')

/** A pipe as a person writes it. */
export type PipeInput = z.input<typeof pipeSchema>
export type PipeEntry = z.output<typeof pipeSchema>
