/** Words that DuckDB reads as the clock where no column has their name. */
export const CLOCK_WORDS: ReadonlySet<string> = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
  'current_user',
  'session_user',
  'user',
])

/** Equal captures must give equal rows: nothing here depends on the clock, chance, the session or the machine. */
const UNSTABLE: ReadonlySet<string> = new Set([
  ...['random', 'setseed', 'uuid', 'uuidv4', 'uuidv7', 'gen_random_uuid', 'nextval', 'currval', 'txid_current'],
  ...[
    'now',
    'today',
    'current_date',
    'current_time',
    'current_timestamp',
    'current_localtime',
    'current_localtimestamp',
  ],
  ...['get_current_time', 'get_current_timestamp', 'transaction_timestamp', 'statement_timestamp', 'clock_timestamp'],
  ...['getenv', 'getvariable', 'current_setting', 'current_user', 'session_user', 'current_role', 'current_database'],
  ...[
    'current_schema',
    'current_schemas',
    'current_query',
    'current_query_id',
    'current_connection_id',
    'current_transaction_id',
  ],
  ...[
    'version',
    'in_search_path',
    'write_log',
    'sleep_ms',
    'query',
    'query_table',
    'sql_auto_complete',
    'json_execute_serialized_sql',
  ],
])

/** Names of table functions that reach a file or DuckDB's own catalog. */
const OUTSIDE =
  /^(read_|scan_|sniff_|parquet_|glob$|duckdb_|pragma_|sqlite_|postgres_|mysql_|iceberg_|delta_|arrow_|load_|force_checkpoint|checkpoint)|_scan$/

const AGGREGATES: ReadonlySet<string> = new Set([
  ...[
    'count',
    'count_star',
    'count_if',
    'countif',
    'sum',
    'avg',
    'mean',
    'min',
    'max',
    'fsum',
    'kahan_sum',
    'sumkahan',
    'product',
  ],
  ...[
    'first',
    'last',
    'any_value',
    'arbitrary',
    'arg_min',
    'arg_max',
    'min_by',
    'max_by',
    'string_agg',
    'group_concat',
    'listagg',
  ],
  ...[
    'list',
    'array_agg',
    'histogram',
    'median',
    'mode',
    'mad',
    'quantile',
    'quantile_cont',
    'quantile_disc',
    'stddev',
    'stddev_samp',
  ],
  ...[
    'stddev_pop',
    'variance',
    'var_samp',
    'var_pop',
    'corr',
    'covar_samp',
    'covar_pop',
    'approx_count_distinct',
    'approx_quantile',
  ],
  ...['skewness', 'kurtosis', 'entropy', 'bool_and', 'bool_or'],
])

/** Why a function may not be called, or undefined when it may. */
export function refusedFunction(name: string, kind: 'row' | 'batch' | 'select'): string | undefined {
  const lower = name.toLowerCase()
  if (UNSTABLE.has(lower)) return `the function ${name} depends on more than its arguments`
  if (OUTSIDE.test(lower)) return `the function ${name} is not allowed: it may reach outside`
  if (kind === 'row' && AGGREGATES.has(lower))
    return `the aggregate ${name} sees other rows; an expression here sees one`
  return undefined
}
