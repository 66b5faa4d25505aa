import { bronzeShape, publishedShape, quarantineShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { KNOWN_PREFIX, type LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { versionedDataset } from '../../lake/newest-version.js'
import { snapshotById } from '../../lake/scan.js'
import type { AsOf } from '../../lake/time-travel.js'
import type { Project } from '../project/project.js'
import type { SqlTable } from '../read/lake-views.js'

/** The tables to look at: the one that is named, that of a snapshot, or all of silver and gold. Throws SLUICE_TABLE_UNKNOWN. */
export async function tablesToDiff(
  names: ReadonlyMap<string, SqlTable>,
  states: readonly AsOf[],
  { lake, table }: { readonly lake: Lake; readonly table: string | undefined },
): Promise<[string, SqlTable][]> {
  if (table !== undefined) {
    const full = [table, `silver.${table}`, `gold.${table}`].find(name => names.has(name))
    if (full !== undefined) return [[full, names.get(full)!]]
    const message = `There is no table ${table} in this lake.${didYouMean(table, new Set([...names.keys()].flatMap(name => [name, name.split('.').at(-1)!])))}`
    throw new SluiceError('SLUICE_TABLE_UNKNOWN', message)
  }
  const published = [...names].filter(
    ([name, { name: own, rows }]) =>
      (own.layer === 'silver' || own.layer === 'gold') && rows === 'all' && !name.endsWith(`_v${own.major}`),
  )
  const ids = states.flatMap(state => (state.kind === 'snapshot' ? [state.id] : []))
  if (ids.length === 0) return published.sort(([a], [b]) => order(a, b))
  const owners = await Promise.all(
    [...names].map(async entry => {
      const loaded = await lake.catalog.load(entry[1].name)
      return loaded !== undefined && ids.some(id => snapshotById(loaded, id) !== undefined) ? [entry] : []
    }),
  )
  return owners
    .flat()
    .filter(([name, { name: own, rows }]) => rows === 'all' && !name.endsWith(`_v${own.major}`))
    .sort(([a], [b]) => order(a, b))
}

/** Silver before the gold that is made of it. */
function order(a: string, b: string): number {
  const rank = (name: string): string => (name.startsWith('silver.') ? `0${name}` : `1${name}`)
  return rank(a) < rank(b) ? -1 : 1
}

/** What names a row of a table, by the contract of its dataset. Throws SLUICE_ARGUMENT_INVALID. */
export function keyOf(
  name: string,
  { table, rows }: { readonly table: LoadedTable; readonly rows: SqlTable['rows'] },
  { contracts }: Project,
): readonly string[] {
  const { layer } = table.name
  const dataset = versionedDataset(table.name) ?? table.name.dataset
  const isGold = layer === 'gold' || layer.startsWith(KNOWN_PREFIX)
  const contract = contracts.find(own => own.dataset === dataset && (own.layer === 'gold') === isGold)
  if (contract === undefined) {
    const message = `No contract of the project says what the key of ${name} is.`
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, {
      next: 'Add its contract, or compare by SQL: `sluice query`.',
    })
  }
  if (layer === 'bronze') return bronzeShape(contract).order
  if (layer === 'quarantine') return quarantineShape(contract).order
  return rows === 'newest' ? contract.primaryKey : publishedShape(contract).order
}
