import type { Contract } from '../contract/contract.js'
import { quoteIdent } from '../engine/sql-text.js'

/** In the order in which things were said. Published rows stand for what was said before; their own order is that of knowledge. */
const SAID = '_seen, CASE WHEN _row IS NULL THEN _known_at END, _capture_id, _position'

/**
 * SQL for the rivals of each key in the order in which the merge policy looks at them: `_states` is true where a row says something
 * else than the one before it, `_equal` where it says what stands. `_known_at` is when the world could know the row, given what was
 * said before it: vintage and publication rule hold for what is said first, and anything else is known when we got it.
 */
export function sequenceSql(contract: Contract): string {
  const { policy, orderBy } = contract.merge
  const key = keyList(contract)
  const ranks = [orderBy, contract.vintage].filter(column => column !== undefined).map(quoteIdent)
  const partition = policy === 'versions' ? [key, ...ranks] : [key]
  const nulls = policy === 'latest' ? 'NULLS FIRST' : 'NULLS LAST'
  const order = policy === 'versions' ? SAID : [...ranks.map(column => `${column} ASC ${nulls}`), SAID].join(', ')
  const said = `PARTITION BY ${partition.join(', ')} ORDER BY ${order}`
  const stands = policy === 'first' ? 'first_value' : 'last_value'
  const whole = 'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING'
  const equal = policy === 'versions' ? 'NOT _states' : `_content = ${stands}(_content) OVER (${said} ${whole})`
  return `SELECT *, ${equal} AS _equal FROM (
    SELECT *${knowledgeSql(contract)}, row_number() OVER (${said}) AS _n, _content IS DISTINCT FROM lag(_content) OVER (${said}) AS _states
    FROM work.rivals WHERE _ranked)`
}

/** SQL for the rows of the sequence that stand: one per key, or one per key and `_known_at` under the policy `versions`. */
export function standingSql(contract: Contract): string {
  const key = keyList(contract)
  switch (contract.merge.policy) {
    case 'first':
      return 'SELECT * FROM work.sequence WHERE _n = 1'
    // What was said last, by whoever said it first: a value that is fetched again is not known anew.
    case 'latest':
      return `SELECT * FROM work.sequence WHERE _states QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY _n DESC) = 1`
    case 'versions':
      return `SELECT * FROM work.sequence WHERE _states
        QUALIFY row_number() OVER (PARTITION BY ${key}, _known_at ORDER BY _capture_id DESC, _position DESC) = 1`
  }
}

/** Only a rule or a vintage gives a row that is seen first another time of knowledge than any other row. */
export function knowsBeforehand({ publication, vintage }: Contract): boolean {
  return publication !== undefined || vintage !== undefined
}

function knowledgeSql(contract: Contract): string {
  if (!knowsBeforehand(contract)) return ''
  const key = keyList(contract)
  const first = `row_number() OVER (PARTITION BY ${key} ORDER BY ${SAID}) = 1`
  const own = [contract.merge.orderBy, contract.vintage].filter(column => column !== undefined).map(quoteIdent)
  const firstOfVintage = `row_number() OVER (PARTITION BY ${[key, ...own].join(', ')} ORDER BY ${SAID}) = 1`
  const isFirst =
    contract.vintage === undefined
      ? first
      : `CASE WHEN ${quoteIdent(contract.vintage)} IS NULL THEN ${first} ELSE ${firstOfVintage} END`
  const stays = `_row IS NULL OR ${isFirst}`
  const later =
    contract.vintage === undefined ? '_seen' : `greatest(_seen, ${quoteIdent(contract.vintage)}::TIMESTAMPTZ)`
  const basis =
    contract.vintage === undefined ? `'captured'` : `CASE WHEN ${later} > _seen THEN 'vintage' ELSE 'captured' END`
  return ` REPLACE (CASE WHEN ${stays} THEN _known_at ELSE ${later} END AS _known_at, CASE WHEN ${stays} THEN _known_basis ELSE ${basis} END AS _known_basis)`
}

function keyList(contract: Contract): string {
  return contract.primaryKey.map(quoteIdent).join(', ')
}
