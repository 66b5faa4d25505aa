import { z } from 'zod'

export const PARAMETER_NAME = /^[a-z][a-z0-9_]*$/

/** The sources that a pipe can name. */
export const SOURCES = ['file', 'sample.bars', 'sample.events'] as const

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'letters, digits, dots, dashes and underscores, at most 128')

const scalar = z.union([z.string(), z.number(), z.boolean()])

const pipeSchema = z.strictObject({
  name: name.describe('Unique in the project; `--select` takes it.'),
  source: z.enum(SOURCES).describe('Where the records come from.'),
  contract: z.string().min(1).describe('The dataset whose contract every record must keep.'),
  params: z
    .record(z.string().regex(PARAMETER_NAME, 'lower-case letters, digits and underscores'), scalar.nullable())
    .default({})
    .describe('Parameters and their defaults. `null` means required: `--param name=value` must give it.'),
  input: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe('Files to read, relative to the project; * and ? stand for any text. {name} is replaced by a parameter.'),
  map: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe(
      'Contract field: SQL expression over the columns of the source and `filename`. {name} becomes a text literal.',
    ),
  universe: z
    .enum(['closed', 'open'])
    .default('closed')
    .describe('closed: instruments must be in instruments.csv. open: the source is the authority for its own.'),
  empty: z.enum(['refuse', 'allow']).default('refuse').describe('Whether an input without records is legitimate.'),
  capture: z
    .enum(['copy', 'reference'])
    .default('copy')
    .describe('Keep the bytes of an input file in the lake, or only its path, size and hash.'),
  tags: z.array(name).default([]).describe('`--select tag:x` takes every pipe with the tag x.'),
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

/** The form of a file in `pipes/`. */
export const pipeFileSchema = z
  .strictObject({ pipes: z.array(pipeSchema).min(1).describe('The pipes of this file, one group.') })
  .describe('Pipes: where records come from and which contract they must keep.')

export type PipeEntry = z.output<typeof pipeSchema>
