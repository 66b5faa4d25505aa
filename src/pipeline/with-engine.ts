import { join } from 'node:path'
import { type DuckDbConnection, openDuckDb } from '../engine/duckdb.js'
import type { Project } from './project/project.js'

/** Works with an engine of one thread that knows no lake, and closes it: for what looks at SQL and reads no rows. */
export async function withEngine<T>(project: Project, work: (engine: DuckDbConnection) => Promise<T>): Promise<T> {
  const { memoryLimit, tempFolder } = project.config.engine
  const db = await openDuckDb({ threads: 1, memoryLimit, tempFolder: join(tempFolder, 'validate') })
  try {
    const engine = await db.connect()
    try {
      return await work(engine)
    } finally {
      engine.close()
    }
  } finally {
    db.close()
  }
}
