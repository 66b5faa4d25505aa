import { METRICS } from '../quality/quality-metrics.js'
import { RESTATEMENTS } from '../quality/restatements.js'

/** Gold tables that no model makes: the engine itself fills them. */
export const OWN_TABLES: ReadonlySet<string> = new Set([METRICS, RESTATEMENTS])
