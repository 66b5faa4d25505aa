import { z } from 'zod'

const MEMORY = /^[1-9][0-9]*(\.[0-9]+)?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/

const THREADS = 'a whole number from 1 to 1024'

/** The form of `sluice.yaml`. Every key may be left out; `SLUICE__` variables and flags set the same ones. */
export const settingsSchema = z
  .strictObject({
    lake: z
      .string()
      .min(1)
      .optional()
      .describe('Folder of the lake, relative to this file or absolute, or an s3:// address. Default: data_lake.'),
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
  })
  .describe('sluice.yaml: the settings of a Sluice project.')

/** Settings as a person writes them: in sluice.yaml, in the environment or as flags. */
export type Settings = z.output<typeof settingsSchema>
