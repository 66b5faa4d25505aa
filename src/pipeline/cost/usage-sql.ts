/** What the ledger reads of a run record to tell what the run used. */
export const USED_COLUMNS = {
  run_id: 'VARCHAR',
  started_at: 'TIMESTAMPTZ',
  status: 'VARCHAR',
  pipes: 'STRUCT(pipe VARCHAR, dataset VARCHAR, "in" BIGINT)[]',
  sources: 'STRUCT(pipe VARCHAR, dataset VARCHAR, requests BIGINT, credits BIGINT, bytes BIGINT)[]',
  usage: `STRUCT(wall_seconds DECIMAL(18,3), cpu_seconds DECIMAL(18,3), bytes_read BIGINT, bytes_written BIGINT, store_requests
    STRUCT(get BIGINT, "range" BIGINT, head BIGINT, put BIGINT, "create" BIGINT, adopt BIGINT, list BIGINT, "delete" BIGINT, "open" BIGINT))`,
} as const

/** Figures that only the whole run has, of `u`, its usage, and `s`, its requests to the store: they are shared among its pipes. */
const SHARED = {
  invocations: '1',
  bytes_written: 'u.bytes_written',
  bytes_read: 'u.bytes_read',
  store_puts: 's.put + s."create" + s.adopt',
  store_lists: 's.list',
  store_gets: 's.get + s."range" + coalesce(s."open", 0)',
  store_heads: 's.head',
  store_deletes: 's."delete"',
  wall_ms: 'u.wall_seconds * 1000',
  cpu_ms: 'u.cpu_seconds * 1000',
} as const

/** Figures of the pipe that asked. Records of the first lakes have no credits: a request was one. */
const OWN = {
  provider_requests: 'a.requests',
  credits: 'coalesce(a.credits, a.requests)',
  bytes_received: 'a.bytes',
} as const

/**
 * A row for each run and each of its pipes that asked or read something; its pipe is NULL for a run of no pipe. What a pipe asked is its own. The
 * rest of a run is shared by the rows that each pipe read, plus one, so that a pipe without rows has a part. Shares are whole: the
 * differences of rounded running sums, which add up to the run. `records` is a relation with `USED_COLUMNS`.
 */
export function usageSql(records: string): string {
  const sharedNames = Object.keys(SHARED)
  const ownNames = Object.keys(OWN)
  const sums = Object.entries(OWN).map(([name, sql]) => `sum(${sql}) AS ${name}`)
  const figures = Object.entries(SHARED).map(([name, sql]) => `coalesce(${sql}, 0)::HUGEINT AS ${name}`)
  const own = ownNames.map(name => `coalesce(${name}, 0)::BIGINT AS ${name}`)
  const shares = sharedNames.map(
    name => `(${name} * upto // whole - ${name} * (upto - weight) // whole)::BIGINT AS ${name}`,
  )
  return `WITH used AS (SELECT * FROM ${records} WHERE usage IS NOT NULL),
    run AS (SELECT run_id, started_at, status, ${figures.join(', ')}
      FROM (SELECT run_id, started_at, status, usage AS u, usage.store_requests AS s FROM used)),
    asked AS (SELECT run_id, a.pipe AS pipe, max(a.dataset) AS asked_for, ${sums.join(', ')}
      FROM (SELECT run_id, unnest(sources) AS a FROM used) WHERE a.requests > 0 GROUP BY ALL),
    reads AS (SELECT run_id, p.pipe AS pipe, max(p.dataset) AS read_into, sum(p."in") AS "rows"
      FROM (SELECT run_id, unnest(pipes) AS p FROM used) GROUP BY ALL),
    part AS (SELECT run_id, pipe, coalesce(read_into, asked_for) AS dataset, (coalesce("rows", 0) + 1)::HUGEINT AS weight, ${ownNames.join(', ')}
      FROM reads FULL JOIN asked USING (run_id, pipe)),
    weighed AS (SELECT run.*, pipe, dataset, coalesce(weight, 1) AS weight, ${ownNames.join(', ')},
        sum(coalesce(weight, 1)) OVER (PARTITION BY run_id ORDER BY pipe ROWS UNBOUNDED PRECEDING)::HUGEINT AS upto,
        sum(coalesce(weight, 1)) OVER (PARTITION BY run_id)::HUGEINT AS whole
      FROM run LEFT JOIN part USING (run_id))
    SELECT run_id, started_at, (started_at AT TIME ZONE 'UTC')::DATE AS "day", status, pipe, dataset, ${[...own, ...shares].join(', ')}
    FROM weighed`
}
