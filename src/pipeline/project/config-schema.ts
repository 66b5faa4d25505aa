import { z } from 'zod'
import { durationMs } from '../../core/duration.js'
import { DECIMAL_TEXT } from '../../finops/decimal.js'
import { STORAGE_CLASSES } from '../../storage/s3/bucket.js'

const MEMORY = /^[1-9][0-9]*(\.[0-9]+)?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/

const THREADS = 'a whole number from 1 to 1024'

const duration = z
  .string()
  .refine(text => (durationMs(text) ?? 0) > 0, 'an ISO 8601 duration of days or less, as PT10M')

const MONEY = 'an amount of at most 15 digits without a sign, as 0.05'

/** Amounts are kept as the text that they were written as, so they have no more digits than a number keeps. */
const amount = z
  .number(MONEY)
  .refine(value => DECIMAL_TEXT.test(String(value)) && String(value).replace('.', '').length <= 15, MONEY)

const budgetSchema = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'a currency code, as USD')
    .optional()
    .describe('Of the amounts; that of the price list. Default: USD.'),
  action: z
    .enum(['warn', 'stop'])
    .optional()
    .describe(
      'stop: what would go over is refused before it asks or writes anything. warn: it is said. Default: warn.',
    ),
  per_run: amount.optional().describe('What a run may cost on AWS, as estimated.'),
  per_month: amount.optional().describe('What all runs of a calendar month, UTC, may cost on AWS.'),
  credits_per_run: z.int().min(0).optional().describe('Credits of providers that a run may take.'),
  credits_per_month: z.int().min(0).optional().describe('The same of a month, of all providers together.'),
  requests_per_run: z.int().min(0).optional().describe('Requests to providers that a run may make.'),
  requests_per_month: z.int().min(0).optional().describe('The same of a month.'),
})

const providerSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Another address, as that of a proxy or a simulator.'),
  per_second: z.number().positive().optional().describe('Requests in a second; may be a fraction.'),
  burst: z.int().min(1).optional().describe('Requests that may come at once after a pause.'),
  concurrency: z.int().min(1).max(256).optional().describe('Requests under way at once, in one process.'),
  per_month: z.int().min(1).optional().describe('Credits in a calendar month, UTC.'),
})

const storeSchema = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine(
      text => !/^[a-z]+:\/\/[^/]*@/i.test(text),
      'an address without a user: credentials are taken as AWS takes them',
    )
    .optional()
    .describe('Address of a server that speaks the language of S3, as http://127.0.0.1:9000. Default: AWS.'),
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'the name of a region, as eu-central-1')
    .optional()
    .describe('Region of the bucket. Default: as AWS_REGION or the profile says; with an endpoint us-east-1.'),
  path_style: z
    .boolean()
    .optional()
    .describe('Whether the bucket stands in the path of addresses, not in the host. Default: with an endpoint.'),
  encryption: z
    .enum(['sse-s3', 'sse-kms'])
    .optional()
    .describe('Encryption that is asked of the server for each object. Default: as the bucket is set up.'),
  kms_key: z.string().min(1).optional().describe("Id or ARN of the key of sse-kms. Default: the account's own."),
  storage_class: z
    .enum(STORAGE_CLASSES)
    .optional()
    .describe('Of data files and bodies of captures; all else is small and read often. Default: STANDARD.'),
  writers: z
    .enum(['one', 'several'])
    .optional()
    .describe(
      'How many processes may write at a time. `one` is a promise, for a store that `sluice doctor store` finds unfit for several. Default: several.',
    ),
})

const cacheSchema = z.strictObject({
  folder: z
    .string()
    .min(1)
    .optional()
    .describe('Folder, relative to this file or absolute. Default: sluice in XDG_CACHE_HOME or ~/.cache.'),
  max_size: z
    .string()
    .regex(MEMORY, 'a number and a unit, as 10GB')
    .optional()
    .describe('About so much stays; what was not used for longest goes. Default: 10GB.'),
})

/** The form of `sluice.yaml`. Every key may be left out; `SLUICE__` variables and flags set the same ones. */
export const settingsSchema = z
  .strictObject({
    lake: z
      .string()
      .min(1)
      .optional()
      .describe('Folder of the lake, relative to this file or absolute, or an s3:// address. Default: data_lake.'),
    store: storeSchema.optional().describe('How the bucket of an s3:// lake is reached.'),
    cache: cacheSchema.optional().describe('Where this machine keeps what it read of an s3:// lake.'),
    engine: z
      .strictObject({
        threads: z
          .int(THREADS)
          .min(1, THREADS)
          .max(1024, THREADS)
          .optional()
          .describe('Threads of the SQL engine. Default: one per core.'),
        memory_limit: z
          .string()
          .regex(MEMORY, 'a number and a unit, as 1GB or 512MB')
          .regex(/[GT]i?B$|^\d{2,}(\.\d+)?Mi?B$/, 'at least 10MB, or nothing can be read')
          .optional()
          .describe('Memory of the SQL engine before it spills to temp_folder. Default: 1GB.'),
        temp_folder: z
          .string()
          .min(1)
          .optional()
          .describe("Folder for spilled data. Default: a folder below the system's own for temporary files."),
      })
      .optional()
      .describe('The SQL engine in the process.'),
    input: z
      .strictObject({
        contract: z
          .string()
          .min(1)
          .optional()
          .describe('The contract that `sluice run --input` uses without --contract.'),
      })
      .optional()
      .describe('Files given on the command line.'),
    providers: z
      .record(z.string().regex(/^[a-z][a-z0-9._-]*$/, 'the name of a provider'), providerSchema)
      .optional()
      .describe('What is different from the declarations of providers, by their names.'),
    network: z
      .strictObject({
        allow_hosts: z
          .array(z.string().min(1))
          .optional()
          .describe('`host` or `host:port` that may be asked although their addresses are not public. Default: none.'),
        user_agent_contact: z
          .string()
          .min(1)
          .optional()
          .describe('Told to providers, so that they can write to somebody. Some ask for it.'),
      })
      .optional()
      .describe('How providers are reached.'),
    fetch: z
      .strictObject({
        deadline: duration
          .optional()
          .describe('After so long a run asks no more and goes on with what it has. Default: PT10M.'),
        timeout: duration.optional().describe('From a request to the first line of its answer. Default: PT30S.'),
        max_body: z
          .string()
          .regex(MEMORY, 'a number and a unit, as 256MB')
          .optional()
          .describe('Of one answer. Default: 256MB.'),
        attempts: z.int().min(1).max(20).optional().describe('Of one request, the first included. Default: 4.'),
      })
      .optional()
      .describe('Limits of fetching.'),
    fx: z
      .strictObject({
        conventions: z
          .record(
            z.string().regex(/^[a-z][a-z0-9_]*$/, 'a lower-case name'),
            z.strictObject({
              source: z.string().min(1).describe('Whose rates it takes, as `gold.fx_daily` names the source.'),
              days_before: z
                .int()
                .min(0)
                .max(2)
                .optional()
                .describe('0: the newest rate of the day or before. 1: of the day before or earlier. Default: 0.'),
            }),
          )
          .optional()
          .describe('Which rate counts for a day, beside `reporting` and `tax` (NBP) and `ecb`.'),
        normalize: z
          .array(z.string())
          .optional()
          .describe('The conventions that `gold.prices_normalized` follows. Default: [reporting].'),
      })
      .optional()
      .describe('Rates between currencies.'),
    maintenance: z
      .strictObject({
        after_runs: z
          .boolean()
          .optional()
          .describe(
            'Whether every hundredth commit to a table joins its small files and expires the oldest of too many snapshots. Default: true.',
          ),
        max_snapshots: z
          .int()
          .min(10)
          .optional()
          .describe('So many snapshots a table may have before the oldest fifth of them is expired. Default: 200.'),
      })
      .optional()
      .describe('How runs keep their tables small; `sluice compact`, `expire` and `gc` do more.'),
    cost: z
      .strictObject({
        prices: z
          .string()
          .min(1)
          .optional()
          .describe('A price list of your own, relative to this file. Default: the one of the package.'),
        architecture: z
          .enum(['arm', 'x86'])
          .optional()
          .describe('Of the AWS Lambda function that runs are priced as. Default: arm.'),
        memory_gb: amount
          .refine(value => value >= 0.125 && value <= 10, 'from 0.125 to 10')
          .optional()
          .describe('Memory of that function. Default: 1.'),
        budget: budgetSchema.optional().describe('What may be spent. Default: nothing is limited.'),
      })
      .optional()
      .describe('What work would cost on AWS, and what it may cost.'),
    events: z
      .strictObject({
        source: z
          .string()
          .regex(/^[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$/, 'a URI reference, as urn:example:rates')
          .optional()
          .describe('Whose events they are, a URI reference. Default: urn:sluice: and the name of the project folder.'),
        deadline: duration
          .optional()
          .describe('After so long a run no longer tries to deliver its events. Default: PT10S.'),
        attempts: z.int().min(1).max(20).optional().describe('Of one event, the first included. Default: 4.'),
        webhook: z
          .strictObject({
            url: z
              .url({ protocol: /^https?$/ })
              .refine(text => !/^[a-z]+:\/\/[^/]*@/i.test(text), 'an address without a user: name a variable in secret')
              .optional()
              .describe('Where each event is sent by POST, as application/cloudevents+json.'),
            secret: z
              .string()
              .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable')
              .optional()
              .describe(
                'Environment variable with a secret that goes with each event; the same name with _FILE may name a file. Default: none.',
              ),
            header: z
              .string()
              .regex(/^[A-Za-z0-9-]+$/, 'the name of a header')
              .optional()
              .describe('Header of the secret. Default: authorization, as a bearer token.'),
          })
          .optional()
          .describe('A server that is told.'),
        command: z
          .array(z.string().min(1))
          .min(1)
          .optional()
          .describe(
            'A program and its arguments; run for each event without a shell, in the project folder, the event on its standard input.',
          ),
      })
      .optional()
      .describe('Who is told when a gate fails, a breaker changes, a dataset goes stale or fresh, or a run fails.'),
    lineage: z
      .strictObject({
        file: z
          .string()
          .min(1)
          .optional()
          .describe('File to which each event is appended as a line of JSON, relative to this file or absolute.'),
        url: z
          .url({ protocol: /^https?$/ })
          .refine(text => !/^[a-z]+:\/\/[^/]*@/i.test(text), 'an address without a user: name a variable in secret')
          .optional()
          .describe('Where each event is sent by POST, as http://127.0.0.1:5000/api/v1/lineage.'),
        secret: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable')
          .optional()
          .describe(
            'Environment variable with the bearer token of the address; the same name with _FILE may name a file.',
          ),
        namespace: z
          .string()
          .min(1)
          .optional()
          .describe('Of jobs and datasets. Default: sluice: and the name of the project folder.'),
        deadline: duration.optional().describe('After so long a run no longer tries to deliver. Default: PT10S.'),
        attempts: z.int().min(1).max(20).optional().describe('Of one event, the first included. Default: 2.'),
      })
      .optional()
      .describe('Where runs tell what they read and wrote, as events of OpenLineage 2-0-2. Default: nowhere.'),
  })
  .describe('sluice.yaml: the settings of a Sluice project.')

/** Settings as a person writes them: in sluice.yaml, in the environment or as flags. */
export type Settings = z.output<typeof settingsSchema>
