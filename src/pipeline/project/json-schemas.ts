import { z } from 'zod'
import { priceListSchema } from '../../finops/prices.js'
import { testFileSchema } from '../../gold/model-test.js'
import { pipeDefaultsSchema, pipeFileSchema } from '../pipes/pipe-schema.js'
import { settingsSchema } from './config-schema.js'

/** The JSON Schemas by which editors complete and check a project's YAML files: text by file name. */
export function projectSchemas(): Readonly<Record<string, string>> {
  return {
    'sluice.schema.json': schemaText(settingsSchema),
    'pipes.schema.json': schemaText(pipeFileSchema),
    'prices.schema.json': schemaText(priceListSchema),
    'tests.schema.json': schemaText(testFileSchema),
    'pipe-defaults.schema.json': schemaText(pipeDefaultsSchema),
  }
}

function schemaText(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`
}
