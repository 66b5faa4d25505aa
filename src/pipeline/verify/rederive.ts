import { CONTRACT_HASH, publishedShape } from '../../contract/tables.js'
import { asSluiceError } from '../../core/errors.js'
import type { Lake } from '../../lake/lake.js'
import { tableKey } from '../../lake/table-location.js'
import { type RebuiltDataset, rebuildDatasets } from '../replay/rebuild.js'
import type { RunContext } from '../run-context.js'
import { compareDerived, notDeclared, notReplayable, type TableToDerive } from './compare-derived.js'
import { rederiveGold } from './rederive-gold.js'
import type { TableVerdict } from './verification.js'
import { readOtherwise } from './why-outdated.js'

/**
 * Derives tables again in a lake of its own, silver from captures and gold from silver, by today's contracts, pipes and models, and compares. The
 * run's lake is not written to.
 */
export async function rederive(tables: readonly TableToDerive[], run: RunContext): Promise<TableVerdict[]> {
  const silver = tables.filter(({ name }) => name.layer === 'silver')
  const gold = tables.filter(({ name }) => name.layer !== 'silver')
  const ofGold = await rederiveGold(gold, tables, run).catch(cause =>
    gold.map(table => notReplayable(table, asSluiceError(cause).message)),
  )
  return [...(await rederiveSilver(silver, run)), ...ofGold]
}

async function rederiveSilver(tables: readonly TableToDerive[], run: RunContext): Promise<TableVerdict[]> {
  const own = run.project.contracts.filter(({ layer }) => layer === 'silver')
  const contractOf = ({ name }: TableToDerive) =>
    own.find(contract => tableKey(publishedShape(contract).name) === tableKey(name))
  const verdicts: TableVerdict[] = []
  for (const table of tables) {
    const contract = contractOf(table)
    if (contract === undefined) {
      const { dataset } = table.name
      const hasOther = own.some(contract => publishedShape(contract).name.dataset === dataset)
      verdicts.push(
        hasOther
          ? notReplayable(table, 'no contract of the project is of this table, but one of another major')
          : notDeclared(table, 'the project has no contract of it any more'),
      )
      continue
    }
    const isSame = table.table.metadata.properties[CONTRACT_HASH] === contract.hash
    const outdated = isSame ? undefined : 'its contract has changed'
    // One dataset at a time: what is wrong with the captures or records of one says nothing of the others.
    const verdict = await rebuildDatasets([contract], run)
      .then(({ lake, datasets }) => compareSilver(table, datasets[0]!, lake, outdated, run))
      .catch(cause => notReplayable(table, asSluiceError(cause).message))
    verdicts.push(verdict)
  }
  return verdicts
}

async function compareSilver(
  table: TableToDerive,
  rebuilt: RebuiltDataset,
  lake: Lake,
  outdated: string | undefined,
  run: RunContext,
): Promise<TableVerdict> {
  const { lost, contract, outcome } = rebuilt
  const shape = publishedShape(contract)
  if (lost.length > 0) {
    const [first] = lost
    const more = lost.length === 1 ? '' : `, and ${lost.length - 1} more`
    return notReplayable(table, `capture ${first!.captureId} of ${first!.pipe} (${first!.name}): ${first!.why}${more}`)
  }
  if (outcome === undefined) return notReplayable(table, 'no finished run took captures for it')
  const verdict = await compareDerived(table, shape, lake, outdated, run)
  if (verdict.verdict !== 'differs' || verdict.outdated !== undefined) return verdict
  const why = await readOtherwise(rebuilt, lake, run)
  return why === undefined ? verdict : { ...verdict, outdated: why }
}
