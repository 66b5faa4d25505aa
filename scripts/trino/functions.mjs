import { doubleText } from './text.mjs'
import { castType, isWhole, trinoType } from './types.mjs'

/** Functions that mean the same in DuckDB and in Trino, for the values that models give them. */
const SAME = new Set(
  `abs bool_and bool_or ceil concat_ws count cume_dist degrees dense_rank exp first_value floor from_base64 lag
  last_value lead ln lower ltrim max min nth_value ntile nullif percent_rank pow radians rank replace reverse
  round row_number rpad lpad rtrim sign sin cos tan sqrt starts_with strpos sum tanh trim upper`.split(/\s+/),
)

/** The same of doubles. Of whole numbers and decimals Trino would make floats of 32 bits. */
const OF_DOUBLES = {
  corr: 'corr',
  covar_pop: 'covar_pop',
  covar_samp: 'covar_samp',
  regr_intercept: 'regr_intercept',
  regr_slope: 'regr_slope',
  stddev: 'stddev_samp',
  stddev_pop: 'stddev_pop',
  stddev_samp: 'stddev_samp',
  var_pop: 'var_pop',
  var_samp: 'var_samp',
  variance: 'var_samp',
}

/** The same under another name. */
const RENAMED = {
  any_value: 'arbitrary',
  array_agg: 'array_agg',
  count_star: 'count',
  ceiling: 'ceil',
  isfinite: 'is_finite',
  isinf: 'is_infinite',
  isnan: 'is_nan',
  list: 'array_agg',
  list_reverse: 'reverse',
  power: 'pow',
}

const NOT_NULL = 'x -> x IS NOT NULL'
/** A figure of a list that must be worked out once: a lambda cannot hold windows and aggregates, an array outside of it can. */
const of = (list, body) => `element_at(transform(ARRAY[${list}], l -> ${body}), 1)`
const known = list => `filter(${list}, ${NOT_NULL})`
const fold = step => `reduce(l, CAST(NULL AS double), (s, x) -> coalesce(${step}), s -> s)`
const SUM = fold('s + CAST(x AS double), CAST(x AS double)')
const SQUARES = fold('s + pow(CAST(x AS double) - m, 2), pow(CAST(x AS double) - m, 2)')

/** DuckDB's list_aggregate passes over what is NULL and gives NULL for an empty list. */
const LIST_AGGREGATES = {
  avg: list => of(known(list), `${SUM} / cardinality(l)`),
  count: list => `cardinality(${known(list)})`,
  max: list => `array_max(${known(list)})`,
  min: list => `array_min(${known(list)})`,
  product: list => of(known(list), fold('s * CAST(x AS double), CAST(x AS double)')),
  sum: list => of(known(list), SUM),
  var_pop: list =>
    of(known(list), `element_at(transform(ARRAY[${SUM} / cardinality(l)], m -> ${SQUARES} / cardinality(l)), 1)`),
}

/** The exact quantiles of all values that are not NULL: Trino has approximate ones only. */
const QUANTILES = {
  quantile_cont: p =>
    `element_at(l, CAST(floor(${p} * (cardinality(l) - 1)) AS integer) + 1)
    + (${p} * (cardinality(l) - 1) - floor(${p} * (cardinality(l) - 1)))
    * (element_at(l, CAST(ceil(${p} * (cardinality(l) - 1)) AS integer) + 1) - element_at(l, CAST(floor(${p} * (cardinality(l) - 1)) AS integer) + 1))`.replace(
      /\s+/g,
      ' ',
    ),
  quantile_disc: p => `element_at(l, greatest(CAST(ceil(${p} * cardinality(l)) AS integer), 1))`,
}

const GLOB = `'^' || replace(replace(regexp_replace(%, '([.+^$(){}|\\\\])', '\\\\$1'), '*', '.*'), '?', '.') || '$'`

/** What takes more than another name. Each gets the call: its arguments as nodes, and how to print and to know them. */
const REWRITTEN = {
  arg_max: call => extremeOf('max_by', call),
  arg_min: call => extremeOf('min_by', call),
  max_by: call => extremeOf('max_by', call),
  min_by: call => extremeOf('min_by', call),
  avg: call => call.aggregate('avg', [`CAST(${call.print(0)} AS double)`]),
  // DuckDB counts the borders between the two, Trino whole units: days of dates are the same.
  date_diff: call =>
    literalOf(call, 0) === 'day' && [1, 2].every(at => call.typeOf(call.args[at])?.id === 'DATE')
      ? `date_diff('day', ${call.print(1)}, ${call.print(2)})`
      : call.refuse('counts otherwise than days between dates in another way'),
  datediff: call => REWRITTEN.date_diff(call),
  date_trunc: call => `CAST(date_trunc(${call.print(0)}, ${utc(call, 1)}) AS ${trinoType(call.type(), call.quote)})`,
  day: call => `day(${utc(call, 0)})`,
  dayofmonth: call => `day(${utc(call, 0)})`,
  epoch: call => `to_unixtime(${call.print(0)})`,
  epoch_ms: call => `CAST(floor(to_unixtime(${call.print(0)}) * 1e3) AS bigint)`,
  epoch_us: call => `CAST(round(to_unixtime(${call.print(0)}) * 1e6) AS bigint)`,
  first: call => `element_at(${call.aggregate('array_agg', [call.print(0)])}, 1)`,
  last: call => `element_at(${call.aggregate('array_agg', [call.print(0)])}, -1)`,
  greatest: call => `array_max(filter(${arrayOf(call)}, ${NOT_NULL}))`,
  least: call => `array_min(filter(${arrayOf(call)}, ${NOT_NULL}))`,
  isodow: call => `day_of_week(${utc(call, 0)})`,
  hour: call => `hour(${utc(call, 0)})`,
  last_day: call => `last_day_of_month(${utc(call, 0)})`,
  len: call => lengthOf(call),
  length: call => lengthOf(call),
  list_aggregate: call => listAggregate(call, literalOf(call, 1)),
  list_avg: call => listAggregate(call, 'avg'),
  list_max: call => listAggregate(call, 'max'),
  list_min: call => listAggregate(call, 'min'),
  list_sum: call => listAggregate(call, 'sum'),
  list_product: call => listAggregate(call, 'product'),
  list_extract: call => `element_at(${call.print(0)}, ${call.print(1)})`,
  list_filter: call => `filter(${call.print(0)}, ${call.print(1)})`,
  // DuckDB writes `list(x ORDER BY x)` so.
  list_sort: call =>
    [1, 2].every(at => call.args[at] === undefined || literalOf(call, at) === 'ORDER_DEFAULT')
      ? `array_sort(${call.print(0)})`
      : call.refuse('has a rule for ascending order only'),
  list_transform: call => `transform(${call.print(0)}, ${call.print(1)})`,
  list_inner_product: call =>
    `reduce(zip_with(${call.print(0)}, ${call.print(1)}, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> s)`,
  list_dot_product: call => REWRITTEN.list_inner_product(call),
  list_value: call => arrayOf(call),
  make_date: call =>
    `CAST(date_add('day', ${call.print(2)} - 1, date_add('month', ${call.print(1)} - 1, date_add('year', ${call.print(0)} - 1970, DATE '1970-01-01'))) AS date)`,
  make_timestamptz: call => `CAST(from_unixtime_nanos(${call.print(0, 6)} * 1000) AS timestamp(6) with time zone)`,
  median: call => quantile(call, 'quantile_cont', ['0.5e0']),
  minute: call => `minute(${utc(call, 0)})`,
  month: call => `month(${utc(call, 0)})`,
  now: call => call.refuse('gives another answer on every run'),
  product: call => listAggregate({ ...call, print: () => call.aggregate('array_agg', [call.print(0)]) }, 'product'),
  quarter: call => `quarter(${utc(call, 0)})`,
  quantile_cont: call => quantile(call, 'quantile_cont'),
  quantile_disc: call => quantile(call, 'quantile_disc'),
  range: call => sequence(call, 0),
  generate_series: call => sequence(call, 1),
  struct_extract: call => `${call.print(0, 9)}.${call.quote(literalOf(call, 1))}`,
  struct_pack: call => structOf(call),
  row: call => structOf(call),
  unnest: call => call.unnested(),
  year: call => `year(${utc(call, 0)})`,
  '~~': call => `${call.print(0, 5)} LIKE ${call.print(1, 5)}`,
  '!~~': call => `${call.print(0, 5)} NOT LIKE ${call.print(1, 5)}`,
  '~~~': call => `regexp_like(${call.print(0)}, ${GLOB.replace('%', () => call.print(1))})`,
  regexp_matches: call => `regexp_like(${call.print(0)}, ${call.print(1)})`,
}

/** Prints a call of a function that is no operator. Throws for what has no equal in Trino. */
export function printCall(name, call) {
  if (Object.hasOwn(REWRITTEN, name)) return REWRITTEN[name](call)
  if (Object.hasOwn(OF_DOUBLES, name)) {
    const doubles = call.args.map((_, at) => `CAST(${call.print(at)} AS double)`)
    return call.aggregate(OF_DOUBLES[name], doubles)
  }
  const trino = SAME.has(name) ? name : Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined
  if (trino === undefined) return call.refuse('has no rule for Trino')
  return call.aggregate(
    trino,
    call.args.map((_, at) => call.print(at)),
  )
}

function extremeOf(name, call) {
  const known = [0, 1]
    .filter(at => call.args[at].function_name !== 'struct_pack')
    .map(at => `${call.print(at, 5)} IS NOT NULL`)
  return call.aggregate(name, [call.print(0), call.print(1)], known.join(' AND '))
}

const lengthOf = call => `${call.typeOf(call.args[0])?.id === 'LIST' ? 'cardinality' : 'length'}(${call.print(0)})`

function listAggregate(call, kind) {
  const [list] = call.args
  const sole = list?.function_name === 'list_value' && list.children.length === 1
  if (kind === 'avg' && sole) return `CAST(${call.printNode(list.children[0])} AS double)`
  const rule = LIST_AGGREGATES[kind]
  return rule === undefined ? call.refuse(`has no rule for the aggregate ${kind}`) : rule(call.print(0))
}

function quantile(call, kind, given) {
  const second = call.args[1]
  const several = second?.function_name === 'list_value'
  const ps = given ?? (several ? second.children : [second]).map(node => `CAST(${call.printNode(node)} AS double)`)
  const list = `array_sort(${known(call.aggregate('array_agg', [call.print(0)]))})`
  if (several) return of(list, `transform(ARRAY[${ps.join(', ')}], p -> ${QUANTILES[kind]('p')})`)
  return of(list, QUANTILES[kind](ps[0]))
}

function sequence(call, further) {
  if (call.args.length > 1) {
    const last = further === 1 ? call.print(1) : beforeOf(call, 1)
    return `sequence(${call.print(0)}, ${last})`
  }
  const count = further === 1 ? `${call.print(0, 5)} + 1` : call.print(0)
  return `slice(sequence(0, ${call.print(0)}), 1, ${count})`
}

/** `x + 1` as the end of a range that is left out ends at x. */
function beforeOf(call, at) {
  const node = call.args[at]
  const [left, right] = node.is_operator && node.function_name === '+' ? node.children : []
  return right?.value?.value === 1 ? call.printNode(left) : `${call.print(at, 5)} - 1`
}

function arrayOf(call) {
  const type = call.expected?.id === 'LIST' ? call.expected.item : call.type()?.item
  const wanted = type?.id === 'STRUCT' || type?.id === 'LIST' ? type : undefined
  return `ARRAY[${call.args.map(node => call.printNode(node, 0, wanted)).join(', ')}]`
}

function structOf(call) {
  const type = call.expected?.id === 'STRUCT' ? call.expected : call.type()
  if (type === undefined) return call.refuse('has fields of unknown types')
  const items = call.args.map((node, at) => call.printNode(node, 0, type.items[at]))
  return `CAST(ROW(${items.join(', ')}) AS ${trinoType(type, call.quote)})`
}

function utc(call, at) {
  const type = call.typeOf(call.args[at])
  return type?.id === 'TIMESTAMP_TZ' ? `(${call.print(at, 9)} AT TIME ZONE 'UTC')` : call.print(at)
}

function literalOf(call, at) {
  const node = call.args[at]
  if (node?.class !== 'CONSTANT') return call.refuse('needs a literal')
  return node.value.value
}

/** A cast, with what DuckDB and Trino do differently. */
export function printCast(node, call) {
  const to = castType(node.cast_type)
  const { child } = node
  const from = call.typeOf(child)
  if (child.class === 'CONSTANT' && child.value.type.id === 'VARCHAR') {
    if (to.id === 'BOOLEAN') return child.value.value.startsWith('t') ? 'true' : 'false'
    if (to.id === 'DATE') return `DATE ${call.printNode(child)}`
    if (to.id === 'TIMESTAMP') return `TIMESTAMP ${call.printNode(child)}`
  }
  const inner =
    to.id === 'DATE' && from?.id === 'TIMESTAMP_TZ'
      ? `${call.printNode(child, 9)} AT TIME ZONE 'UTC'`
      : call.printNode(child)
  if (to.id === 'VARCHAR' && from?.id === 'DOUBLE') return doubleText(inner)
  if (to.id === 'VARCHAR' && from?.id === 'FLOAT') call.refuse('writes FLOAT in another way')
  if (isWhole(from) && to.id === from.id) return inner
  return `${node.try_cast ? 'TRY_CAST' : 'CAST'}(${inner} AS ${trinoType(to, call.quote)})`
}
