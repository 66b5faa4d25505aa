import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmptyTables, keptTwins, makeTwins, openEmptyTables, orderedModels } from './trino-twins.js'

const HOW = 'run `npm run build && node scripts/generate-trino.mjs`'
const ALLOWED = new Set(
  readFileSync(new URL('../../scripts/trino/functions.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#')),
)

/** What stands before a parenthesis and is a word of the language. */
const WORDS = new Set(
  `and array as by case cast coalesce cross decimal else exists filter from in join not nullif on or over row select then timestamp
  try_cast unnest values when where with`.split(/\s+/),
)

const models = await orderedModels()
const kept = keptTwins()

let tables: EmptyTables
beforeAll(async () => {
  tables = await openEmptyTables()
})
afterAll(() => tables.close())

describe('the models in the SQL of Trino', () => {
  let made: ReadonlyMap<string, string | Error>
  beforeAll(async () => {
    made = await makeTwins(tables, models, kept)
  })

  test.each(models)('$table is what the generator makes of the model as it is', ({ table }) => {
    expect(kept.get(`${table}.sql`), HOW).toBe(made.get(`${table}.sql`))
  })

  test('are of no other models', () => {
    expect([...kept.keys()].sort()).toEqual(models.map(({ table }) => `${table}.sql`).sort())
  })

  test.each([...kept])('%s calls nothing that Trino does not have', (_, text) => {
    const texts = text.replace(/--[^\n]*|'(?:[^']|'')*'|"[^"]*"/g, ' ')
    const called = [...texts.matchAll(/(?<![.\w]|\bAS )([a-z_]\w*) ?\(/gi)].map(match => match[1]!.toLowerCase())
    const ctes = new Set([...texts.matchAll(/\b(\w+) AS \(/g)].map(match => match[1]!.toLowerCase()))
    expect([...new Set(called)].filter(name => !ALLOWED.has(name) && !WORDS.has(name) && !ctes.has(name))).toEqual([])
  })
})

describe('a model that is written for Trino by hand', () => {
  const [model] = models
  const byHand = (print: string) => new Map([[`${model!.table}.sql`, `-- By hand for model ${print}: why\nSELECT 1\n`]])

  test('stays as it is while its model does', async () => {
    const given = byHand(model!.print.slice(0, 12))
    expect((await makeTwins(tables, [model!], given)).get(`${model!.table}.sql`)).toBe(given.get(`${model!.table}.sql`))
  })

  test('is missed as soon as its model is another', async () => {
    const [found] = (await makeTwins(tables, [model!], byHand('0123456789ab'))).values()
    expect(String(found)).toContain(model!.print.slice(0, 12))
  })
})
