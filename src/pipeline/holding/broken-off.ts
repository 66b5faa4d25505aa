import type { Deps } from '../deps.js'
import type { Finding } from '../doctor/finding.js'
import type { Workspace } from '../workspace.js'
import { deadDecisions, openDecisions } from './open-decisions.js'

/** Decisions about held and quarantined rows whose process died before it had carried them out. Changes nothing. */
export async function brokenOff({ lake: { store } }: Workspace, deps: Deps): Promise<Finding[]> {
  const book = await openDecisions({ store, wait: deps.wait, random: deps.random }).read()
  return deadDecisions(book, deps.clock.now()).map(({ move, by, decided_at, run_id }) => ({
    subject: 'decisions',
    status: 'warn',
    detail: `the ${move} by ${by} of ${decided_at} (run ${run_id}) was broken off`,
    next: `Run \`sluice quarantine ${move}\` again as it was: that finishes it first.`,
  }))
}
