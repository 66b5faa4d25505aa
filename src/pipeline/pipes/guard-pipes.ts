import { guardExpression, type ParseSql, refusedSql, type SqlFault, sqlPlace } from '../../contract/sql-guard.js'
import type { Place } from '../../core/errors.js'
import type { Pipe } from '../../sources/pipe.js'
import { withoutPlaceholders } from './fill-parameters.js'
import type { PipeDeclaration } from './pipe-declaration.js'

/** A map expression that may not run. */
export interface MapFault {
  readonly field: string
  readonly fault: SqlFault
  readonly place: Required<Place>
}

/**
 * Lets pass only pipes whose map holds one computing expression per field: call it before any of them becomes SQL.
 * Throws SLUICE_SQL_REFUSED with the place of the pipe.
 */
export async function guardPipes(pipes: readonly Pipe[], parse: ParseSql): Promise<void> {
  const byMap = new Map(pipes.map(pipe => [pipe.map, pipe]))
  const texts = [...byMap.values()].flatMap(pipe =>
    Object.entries(pipe.map).map(([field, sql]) => ({ pipe, field, sql })),
  )
  const checked = await Promise.all(texts.map(({ sql }) => guardExpression(parse, sql)))
  for (const [at, { pipe, field }] of texts.entries()) {
    const [fault] = checked[at]!
    if (fault !== undefined) throw refusedSql(`The map of ${field} in pipe ${pipe.name}`, fault, pipe.declaredIn)
  }
}

/** Every map expression of a declared pipe that `guardPipes` would refuse, with its place in the file. */
export async function mapFaults(pipe: PipeDeclaration, parse: ParseSql): Promise<MapFault[]> {
  const checked = await Promise.all(
    Object.entries(pipe.map).map(async ([field, sql]) => {
      const faults = await guardExpression(parse, withoutPlaceholders(sql))
      const start = pipe.mapPlaces[field] ?? { ...pipe.declaredIn, step: 'folded' as const }
      return faults.map(fault => ({ field, fault, place: sqlPlace(start, sql, fault.position) }))
    }),
  )
  return checked.flat()
}
