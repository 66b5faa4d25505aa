import { findOrphans } from '../../lake/orphans.js'
import { bytesBelow, type FoundSpool, spoolsIn } from '../spool.js'
import type { Workspace } from '../workspace.js'
import type { Finding } from './finding.js'

/** What runs that died or failed have left in a lake: files that nothing names, and spool folders. Changes nothing. */
export async function leftoverFindings({ lake, spool }: Workspace, folders: readonly string[]): Promise<Finding[]> {
  const spools = (await Promise.all(folders.map(spoolsIn))).flat().filter(({ path }) => path !== spool)
  const living = spools.filter(({ state }) => state !== 'dead')
  const orphans = await findOrphans(lake, runId => living.some(other => (other.runId ?? runId) === runId))
  const unfinished =
    living.length > 0 ? [] : await lake.store.unfinished(Number.POSITIVE_INFINITY, 'list').catch(() => [])
  const files = [...orphans, ...unfinished].map(({ sizeBytes = 0 }) => sizeBytes)
  const bytes = files.reduce((sum, size) => sum + size, 0)
  const orphanFinding: Finding =
    files.length === 0
      ? { subject: 'leftovers', status: 'ok', detail: 'no files that nothing names' }
      : {
          subject: 'leftovers',
          status: 'warn',
          detail: `${files.length} files that nothing names, ${bytes} bytes: left by runs that died`,
          next: 'Run what died again with its --run-id: it takes up its files. They cost space and nothing else; `sluice gc` deletes old ones.',
        }
  return [orphanFinding, ...(await Promise.all(spools.map(spoolFinding)))]
}

async function spoolFinding({ path, runId, state }: FoundSpool): Promise<Finding> {
  const whose = `${path}, ${await bytesBelow(path)} bytes, run ${runId ?? 'unknown'}`
  if (state === 'alive') return { subject: 'spool', status: 'ok', detail: `${whose}: under way` }
  const next =
    state === 'dead'
      ? 'The next `sluice run` removes it.'
      : 'When no other machine or container works on this lake, delete the folder.'
  return { subject: 'spool', status: 'warn', detail: `${whose}: ${WORDS[state]}`, next }
}

const WORDS = { dead: 'its process is gone', unknown: 'of another machine, boot or container' } as const
