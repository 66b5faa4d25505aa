import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.js'
import { type Need, type Probed, probeStore } from '../../storage/probe/probe-store.js'
import { isBucket } from '../../storage/store-address.js'
import { type Deps, systemDeps } from '../deps.js'
import { projectStore } from '../lake-store.js'
import type { Project } from '../project/project.js'
import type { Finding } from './finding.js'

export interface DoctorStoreOptions {
  /** Many more races, through more clients. */
  readonly stress: boolean
  /** Further addresses of the same store, raced together with its own. */
  readonly endpoints: readonly string[]
}

interface Effort {
  readonly ways: number
  readonly races: number
  /** Through each address. */
  readonly clients: number
  readonly uploadBytes: number
}

/** The larger upload is cut into parts by stores that take such. */
const QUICK: Effort = { ways: 32, races: 8, clients: 2, uploadBytes: 1 << 20 }
const STRESS: Effort = { ways: 32, races: 150, clients: 4, uploadBytes: 72 << 20 }

/** What follows when a need is not met. */
const FOLLOWS: Readonly<Record<Need, string>> = {
  write: 'A lake cannot be kept there.',
  read: 'Runs would not see what they have just written. A lake cannot be kept there.',
  range: 'A lake cannot be kept there.',
  list: 'Commands that list (gc, verify, salvage of dead runs) would miss objects. A lake cannot be kept there.',
  'exclusive create':
    'Commits of several writers would replace each other. Keep the lake elsewhere, or set `store.writers: one` and let one process at a time write.',
  'exclusive upload':
    'Files that several writers upload under one name would replace each other. Keep the lake elsewhere, or set `store.writers: one` and let one process at a time write.',
  delete: 'gc would free nothing. A lake cannot be kept there.',
  clock: 'Leases and gc compare times of both. Set the clocks by NTP.',
}

/** Tries on objects of its own what a lake needs of the store, and deletes them again. Throws the store's error when it takes no object at all. */
export async function doctorStore(
  project: Project,
  { stress, endpoints }: DoctorStoreOptions,
  deps: Deps = systemDeps,
): Promise<Finding[]> {
  const { clients, ...effort } = stress ? STRESS : QUICK
  if (endpoints.length > 0 && !isBucket(project.config.lake))
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', 'A lake in a folder has no endpoint. Nothing was changed.')
  const foreign = endpoints.find(text => !/^https?:\/\/[^/@]+\/*$/.test(text))
  if (foreign !== undefined) {
    const message = `--endpoint: "${foreign.slice(0, 80)}" is not the address of a server, as http://127.0.0.1:9000. Nothing was changed.`
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', message)
  }
  const folder = await mkdtemp(join(tmpdir(), 'sluice-probe-'))
  const stores = [undefined, ...endpoints].flatMap(endpoint =>
    Array.from({ length: clients }, () => projectStore(through(project, endpoint))),
  )
  try {
    const prefix = `_probe/${deps.ids.uuid()}/`
    const probed = await probeStore({ ...effort, stores, folder, prefix, clock: deps.clock })
    return [{ subject: 'store', status: 'ok', detail: stores[0]!.root }, ...probed.map(findingOf)]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The same lake through another address of its store. */
function through(project: Project, endpoint: string | undefined): Project {
  if (endpoint === undefined) return project
  return { ...project, config: { ...project.config, store: { ...project.config.store, endpoint } } }
}

function findingOf({ need, isMet, detail }: Probed): Finding {
  if (isMet) return { subject: need, status: 'ok', detail }
  const found = { subject: need, detail, next: FOLLOWS[need] }
  return need === 'clock' ? { ...found, status: 'warn' } : { ...found, status: 'fail', code: 'SLUICE_STORE_UNFIT' }
}
