import type { RecordStatement } from '../bronze/land.js'
import type { Contract } from '../contract/contract.js'
import type { Engine } from '../engine/engine.js'
import { recordStatements } from '../sources/file/read-file.js'
import type { Fetched } from './fetch.js'
import type { StoredTimes } from './store-captures.js'

/** The captures of one dataset in a run, and how their records are read. */
export interface Reading {
  readonly contract: Contract
  readonly fetched: readonly Fetched[]
  readonly statements: readonly RecordStatement[]
}

/** Looks at format and header of every capture: what cannot be read is refused here, while nothing is written. */
export async function readingOf(contract: Contract, fetched: readonly Fetched[], engine: Engine): Promise<Reading> {
  const statements: RecordStatement[] = []
  for (const pipe of new Set(fetched.map(capture => capture.pipe))) {
    const files = fetched
      .filter(capture => capture.pipe === pipe && capture.file.sizeBytes > 0)
      .map(({ file: { readable, path } }) => ({
        path: readable.path,
        originalPath: path,
        compression: readable.compression,
        container: readable.container,
        longestLineBytes: readable.traits.longestLineBytes,
        longNumbers: readable.traits.longNumbers,
      }))
    if (files.length > 0) statements.push(...(await recordStatements(files, pipe, contract, engine)))
  }
  return { contract, fetched, statements }
}

/** The same with the times of the stored captures: what an earlier process of this run received first was received then. */
export function asStored(reading: Reading, times: StoredTimes): Reading {
  const fetched = reading.fetched.map(capture => ({
    ...capture,
    receivedAtMs: times.get(capture.id) ?? capture.receivedAtMs,
  }))
  return { ...reading, fetched }
}
