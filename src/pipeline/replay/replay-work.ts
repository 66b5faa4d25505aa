import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { selectPipes } from '../pipes/select-pipes.js'
import { hashProject } from '../project/hash-project.js'
import type { Project } from '../project/project.js'
import { RUNS_FOLDER } from '../record/runs.js'
import type { ReplayOptions } from './replay-options.js'
import { settledCaptures } from './settled-captures.js'

/** The datasets that are asked for; of those, unless they are named, the ones that finished runs took captures for. */
export async function contractsOf(
  { contracts, pipes, models }: Project,
  { datasets, select }: Pick<ReplayOptions, 'datasets' | 'select'>,
  store: ObjectStore,
): Promise<Contract[]> {
  const named = datasets.map(dataset => contractNamed(contracts, dataset))
  const gold = named.find(({ layer }) => layer === 'gold')
  if (gold !== undefined) {
    const message = `${gold.dataset} is a table of gold, which a model makes. Nothing was written.`
    const next = `\`sluice derive --select ${gold.dataset} --full\` derives it again.`
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next })
  }
  const selected =
    select.length === 0 ? [] : selectPipes(pipes, { select }, { contracts, models }).map(({ contract }) => contract)
  const wanted = new Set([...named.map(({ dataset }) => dataset), ...selected])
  const silver = contracts.filter(({ layer }) => layer === 'silver')
  if (wanted.size > 0) return silver.filter(({ dataset }) => wanted.has(dataset))
  const taken = await Promise.all(silver.map(({ dataset }) => settledCaptures(dataset, store)))
  return silver.filter(({ version }, at) => taken[at]!.captures.some(({ seen }) => seen.has(version.major)))
}

/** Rows of a key may lie in any partition when the key does not hold the event time: half of them cannot be replaced. */
export function refuseUncut(contracts: readonly Contract[], { fromMs }: ReplayOptions): void {
  const uncut = contracts.find(({ primaryKey, eventTime }) => !primaryKey.includes(eventTime))
  if (fromMs === undefined || uncut === undefined) return
  const message = `The key of ${uncut.dataset} does not hold its event time, so --from cannot narrow it. Nothing was written.`
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next: 'Leave --from out, or name other datasets.' })
}

/** One piece of work: these captures, as far as the ledger knows them, under this project. */
export async function hashWork(
  project: Project,
  contracts: readonly Contract[],
  { fromMs, allowDqBreach, dryRun }: ReplayOptions,
  store: ObjectStore,
): Promise<string> {
  const settled = await Promise.all(contracts.map(({ dataset }) => settledCaptures(dataset, store)))
  const captures = settled.map(own =>
    own.captures.map(({ pipe, id, passed, released }) => [pipe, id, [...passed].sort(), released?.decision]),
  )
  const datasets = contracts.map(({ dataset }) => dataset)
  const pipes = project.pipes
    .filter(pipe => datasets.includes(pipe.contract))
    .map(({ name, source, map, params, dialect, universe }) => [name, source, map, params, dialect, universe])
  const parts = ['replay', datasets, captures, await hashProject(project), pipes, fromMs ?? null, allowDqBreach, dryRun]
  return sha256Hex(JSON.stringify(parts))
}

/** Counts on from the replays that have ended: one that has not is taken up under its own number. */
export async function nextReplay(store: ObjectStore): Promise<number> {
  let last = 0
  for await (const { key } of store.list(RUNS_FOLDER))
    last = Math.max(last, Number(/^_runs\/replay-(\d{1,9})-[0-9a-f]{8}\.json$/.exec(key)?.[1] ?? 0))
  return last + 1
}
