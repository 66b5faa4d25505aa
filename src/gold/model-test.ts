import { z } from 'zod'
import type { Place } from '../core/errors.js'
import { type Path, parseYaml } from '../core/yaml-document.js'

/** One value of a row as YAML writes it. */
export type TestValue = string | number | boolean | null

/** One row, by the names of its columns. */
export type TestRow = Readonly<Record<string, TestValue>>

/** Rows of one table, and where each value stands. */
export interface TestRows {
  readonly rows: readonly TestRow[]
  /** Where the rows stand, one of them, or a value of one. */
  place(row?: number, column?: string): Required<Place>
}

/** What a model has to give for some rows of the tables that it reads. */
export interface ModelTest {
  readonly name: string
  /** Name of the model's table. */
  readonly model: string
  /** Rows by table: `silver.bars`, `gold.price_bars`. */
  readonly given: ReadonlyMap<string, TestRows>
  /** Rows of reference tables, by name, in place of the project's own. */
  readonly reference: ReadonlyMap<string, TestRows>
  /** An ISO time: the tables hold what was known then of the given rows. */
  readonly asKnownAt: string | undefined
  /** A SQL expression over the model's columns: other rows are not compared. */
  readonly where: string | undefined
  /** Largest difference of a double: of the expected value, or by itself where that is below 1. */
  readonly tolerance: number
  /** All rows, by some of the columns, the same in each. */
  readonly expect: TestRows
  readonly place: Required<Place>
  /** Where a key of the test, or one below it, stands. */
  placeOf(...path: readonly string[]): Required<Place>
}

const value = z.union([z.string(), z.number(), z.boolean(), z.null()])
const rows = z.array(z.record(z.string().min(1), value))
const TABLE = /^(silver|gold)\.[a-z][a-z0-9_]*$/

/** A file of tests, `tests/*.yaml`. */
export const testFileSchema = z.strictObject({
  tests: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe('What the test shows, as a sentence; no other test of the project has it.'),
        model: z.string().min(1).describe('Table of the model: price_bars.'),
        given: z
          .record(z.string().regex(TABLE, 'must be a table such as `silver.bars`'), rows)
          .describe('Rows by table. A table of gold that is not given is derived by its model, one of silver is empty.')
          .default({}),
        reference: z
          .record(z.string().min(1), rows)
          .describe("Rows in place of the project's reference tables.")
          .default({}),
        as_known_at: z.string().describe('An ISO time: given rows that were known later are left out.').optional(),
        where: z.string().min(1).describe('SQL over the columns of the model: other rows are not compared.').optional(),
        tolerance: z
          .number()
          .positive()
          .describe('Largest difference of a double, relative to the expected value or, below 1, by itself.')
          .default(1e-9),
        expect: rows.describe('Every row that the model gives, by some columns, in any order.'),
      }),
    )
    .min(1),
})

/** Reads a file of tests. Pure. Throws SLUICE_TEST_INVALID with the place of every fault. */
export function loadTests(text: string, file: string): ModelTest[] {
  const { value: found, document } = parseYaml(text, file, testFileSchema, 'SLUICE_TEST_INVALID')
  return found.tests.map((test, at) => {
    const base: Path = ['tests', at]
    const placed = (path: Path, own: readonly TestRow[]): TestRows => ({
      rows: own,
      place: (row, column) => {
        if (row === undefined) return document.place([...base, ...path])
        return document.place([...base, ...path, row], column)
      },
    })
    const tables = (key: string, given: Readonly<Record<string, readonly TestRow[]>>) =>
      new Map(Object.entries(given).map(([name, own]) => [name, placed([key, name], own)]))
    return {
      name: test.name,
      model: test.model.replace(/^gold\./, ''),
      given: tables('given', test.given),
      reference: tables('reference', test.reference),
      asKnownAt: test.as_known_at,
      where: test.where,
      tolerance: test.tolerance,
      expect: placed(['expect'], test.expect),
      place: document.place(base),
      placeOf: (...path) => document.place([...base, ...path.slice(0, -1)], String(path.at(-1))),
    }
  })
}
