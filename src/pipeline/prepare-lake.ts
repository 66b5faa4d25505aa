import type { Ids } from '../core/ids.js'
import { SLUICE_VERSION } from '../core/version.js'
import { ensureLayout } from '../lake/layout.js'
import { refuseNested } from '../lake/refuse-nested.js'
import type { ObjectStore } from '../storage/object-store.js'
import { admitStore } from '../storage/probe/admit-store.js'
import type { Project } from './project/project.js'

/** Before the first write to a lake: marks a new one, if its store can have as many writers as the project wants. Throws as `ensureLayout`, and SLUICE_LAKE_NESTED. */
export async function prepareLake(store: ObjectStore, { config }: Project, ids: Ids): Promise<void> {
  const admit = async (): Promise<string | undefined> => {
    await refuseNested(store)
    return admitStore(store, ids)
  }
  const writers = config.writers ?? 'several'
  await ensureLayout(store, { createdBy: `sluice ${SLUICE_VERSION}`, writers, admit })
}
