import { z } from 'zod'
import { parseDuration } from '../../core/duration.js'
import { isJsonPath } from '../../sources/generic/json-path.js'

const text = z.string().min(1)
const scalar = z.union([z.string(), z.number(), z.boolean()])
const jsonPath = z.string().refine(isJsonPath, 'a JSON path such as $, $.data[*] or $."two words"')
const duration = z.string().refine(length => parseDuration(length) !== undefined, 'an ISO 8601 duration such as P30D')
/** Name of an environment variable. */
export const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable')

const authSchema = z
  .strictObject({
    header: text.optional().describe('Name of the header that carries the key.'),
    query: text.optional().describe('Name of the query parameter that carries the key.'),
    bearer: z.literal(true).optional().describe('The key goes as `Authorization: Bearer`.'),
    key: variable.describe(
      'Environment variable with the key; with _FILE appended it may name a file. Never the key itself.',
    ),
  })
  .refine(({ header, query, bearer }) => [header, query, bearer].filter(Boolean).length === 1, {
    error: 'exactly one of header, query and bearer says where the key goes',
  })

const pagingSchema = z
  .strictObject({
    page: z
      .strictObject({ param: text, start: z.int().min(0).default(1), size: z.int().min(1).optional() })
      .optional()
      .describe(
        'Query parameter with the number of the page. It ends at a page of less than size records, or of none.',
      ),
    offset: z
      .strictObject({ param: text, size: z.int().min(1) })
      .optional()
      .describe('Query parameter with the number of records to pass over; size is how many an answer brings.'),
    cursor: z
      .strictObject({ param: text, path: jsonPath })
      .optional()
      .describe('Query parameter for the cursor, which stands at path in the answer before.'),
    link: z
      .union([z.literal(true), jsonPath])
      .optional()
      .describe('true: the header Link names the next page. A JSON path: the body does.'),
    max_pages: z.int().min(1).max(100_000).default(100).describe('Never more pages than these.'),
  })
  .refine(({ page, offset, cursor, link }) => [page, offset, cursor, link].filter(Boolean).length === 1, {
    error: 'exactly one of page, offset, cursor and link says how',
  })

/** The block `http` of a pipe. */
export const httpSchema = z
  .strictObject({
    url: z.string().min(1).describe('Scheme, host and perhaps a path.'),
    path: z
      .string()
      .default('')
      .describe(
        'Appended to url. {name} is a parameter; {start:date}, {end:last-date}, {start:s}, {end:ms} are the interval.',
      ),
    query: z
      .record(text, scalar)
      .default({})
      .describe('Query parameters; placeholders as in path. An empty value is left out.'),
    headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/, 'a header name'), z.string()).default({}),
    format: z.enum(['json', 'csv']).default('json'),
    records: jsonPath.default('$').describe('Where the records of a JSON body are. A list there is its elements.'),
    columns: z
      .union([z.array(text), z.record(text, text)])
      .optional()
      .describe(
        'Columns beside those that map and contract name: names, or name: place, which is a JSON path in a record ($.c, $[1]) or the column of a CSV.',
      ),
    auth: authSchema.optional().describe('The key that goes with each request.'),
    paging: pagingSchema.optional().describe('How the rest of an answer is asked for.'),
    interval: z
      .strictObject({
        longest: duration.optional().describe('The longest interval of one request. Default: no limit.'),
        grain: duration
          .optional()
          .describe('The period of one record; intervals begin and end at its multiples. Default: P1D.'),
      })
      .optional()
      .describe('The source answers for any time in the past. Left out: it knows only the present.'),
    empty_status: z.array(z.int().min(400).max(499)).default([]).describe('Statuses that mean: nothing there, as 404.'),
    limits: z
      .strictObject({
        per_second: z.number().positive().default(1).describe('Requests in a second; may be a fraction.'),
        burst: z.int().min(1).optional(),
        concurrency: z.int().min(1).max(256).default(2).describe('Requests under way at once.'),
        per_month: z.int().min(1).optional().describe('Credits in a calendar month, UTC.'),
      })
      .default({ per_second: 1, concurrency: 2 })
      .describe('Of the host, for all its pipes together.'),
    terms: z
      .strictObject({
        licence: text,
        url: z.url(),
        attribution: text.optional(),
        redistribution: z.enum(['yes', 'no', 'ask']).default('ask'),
      })
      .optional()
      .describe('What the provider asks of those who use its answers.'),
  })
  .describe('Of source http: how to ask, and where the records are.')

export type HttpEntry = z.output<typeof httpSchema>
