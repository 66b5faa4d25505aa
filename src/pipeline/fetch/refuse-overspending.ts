import { openQuotaLedger } from '../../sources/http/quota-ledger.js'
import type { RunContext } from '../run-context.js'
import { demandsOf, quotaShort } from './demand.js'
import type { SourcePlan } from './plan-sources.js'

/**
 * Lets pass what the credits of this month hold, and a run of whatever is due: that one goes as far as they do, because a provider whose
 * credits are spent must not keep the others waiting. Call it before the first request. Throws SLUICE_QUOTA_SHORT.
 */
export async function refuseOverspending(
  plans: readonly SourcePlan[],
  { options, workspace, deps, wallClock }: Pick<RunContext, 'options' | 'workspace' | 'deps' | 'wallClock'>,
): Promise<void> {
  const isChosen = options.select.length > 0 || options.interval !== undefined
  if (options.partWay === true || !isChosen) return
  const demands = demandsOf(plans).filter(({ provider }) => provider.limits.perMonth !== undefined)
  if (demands.length === 0) return
  const { wait, random } = deps
  const ledger = openQuotaLedger({ store: workspace.lake.store, wait, random, clock: wallClock })
  const short = quotaShort(demands, await ledger.read(), wallClock.now())
  if (short !== undefined) throw short
}
