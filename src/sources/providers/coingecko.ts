import { z } from 'zod'
import type { AnswerRule, Provider, Source, Terms } from '../source.js'

const ID = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/i, 'an id of CoinGecko such as bitcoin, which is not the symbol btc')
const IDS = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*(,[a-z0-9][a-z0-9._-]*){0,249}$/i, 'at most 250 ids, such as bitcoin,ethereum')
const CURRENCY = z.string().regex(/^[a-z0-9]{2,10}$/, 'a currency in small letters such as usd')
const CURRENCIES = z.string().regex(/^[a-z0-9]{2,10}(,[a-z0-9]{2,10})*$/, 'currencies in small letters such as usd,eur')

/** SQL of the time of a stamp. One in another unit than it should have stays as it came: no time, and so rejected. */
function timeOf(stamp: string, unit: 'ms' | 's'): string {
  const number = `TRY_CAST((${stamp}) AS BIGINT)`
  const [least, most] = unit === 'ms' ? ['1e11', '1e14'] : ['1e8', '1e11']
  const ms = unit === 'ms' ? number : `${number} * 1000`
  return `CASE WHEN ${number} BETWEEN ${least}::BIGINT AND ${most}::BIGINT THEN epoch_ms(${ms})::VARCHAR ELSE (${stamp}) END`
}

/** SQL of a list in a parameter, as JSON texts. */
function listIn(param: string): string {
  return `list_transform(string_split(params->>'${param}', ','), lambda x: to_json(x))`
}

/** What a price has in common, wherever it was asked for. Not `size`: no trade is named. */
function priceFields(id: string, currency: string, kind: string) {
  return {
    instrument_id: `'crypto:coingecko:' || (${id})`,
    // The stamp stands in the key already; one coin is priced in several currencies.
    event_id: `'${kind}:' || (${currency})`,
    event_type: `'price'`,
    currency: `upper(${currency})`,
    source: `'coingecko'`,
  }
}

/** All three lists of a chart, by position. Where the answer reaches the present, its last point is "now" and off the grid. */
const POINTS = `CAST(list_transform(
  list_zip((body->'$.prices[*]')[: CASE WHEN interval_end > received_at THEN -2 ELSE -1 END], body->'$.market_caps[*]', body->'$.total_volumes[*]'),
  lambda p: json_array(p[1], p[2], p[3])) AS JSON[])`

/** Prices in an interval, hourly. */
const marketChart: Source = {
  contract: 'market_events',
  params: z.strictObject({ id: ID, vs_currency: CURRENCY.default('usd') }),
  asks: 'interval',
  grain: 'PT1H',
  // More than 90 days come as one point a day.
  longest: 'P90D',
  mayHoldNone: true,
  path: '/coins/{id}/market_chart/range',
  // Asked in seconds, answered in milliseconds. More digits than 18 after the point would be noise of a double, and fit nowhere.
  query: { vs_currency: '{vs_currency}', from: '{start:s}', to: '{end:s}', precision: '18' },
  body: {
    kind: 'json',
    each: { point: POINTS },
    fields: {
      ...priceFields(`params->>'id'`, `params->>'vs_currency'`, 'chart'),
      event_time: timeOf(`point->>'$[0][0]'`, 'ms'),
      price: `point->>'$[0][1]'`,
      market_cap: `CASE WHEN (point->>'$[1][0]') = (point->>'$[0][0]') THEN point->>'$[1][1]' END`,
      // The sum of the last 24 hours at every point: adding it up, or taking it for a size, counts it many times.
      volume_24h: `CASE WHEN (point->>'$[2][0]') = (point->>'$[0][0]') THEN point->>'$[2][1]' END`,
    },
    // A longer list of caps or volumes has points that no price belongs to.
    where: `(point->>'$[0]') IS NOT NULL`,
  },
}

const CANDLE_MS = `CASE params->>'days' WHEN '1' THEN 1800000 ELSE 14400000 END`
const CLOSE_MS = `TRY_CAST((candle->>'$[0]') AS BIGINT)`

/** Bars of half an hour (1 day) or four hours (7 to 30 days). Beyond them bars are of four days, which no contract knows. */
const ohlc: Source = {
  contract: 'bars',
  params: z.strictObject({
    id: ID,
    vs_currency: CURRENCY.default('usd'),
    days: z.enum(['1', '7', '14', '30']).default('1'),
  }),
  asks: 'now',
  path: '/coins/{id}/ohlc',
  query: { vs_currency: '{vs_currency}', days: '{days}', precision: '18' },
  body: {
    kind: 'json',
    each: { candle: `body->'$[*]'` },
    fields: {
      instrument_id: `'crypto:coingecko:' || (params->>'id')`,
      bar_interval: `CASE params->>'days' WHEN '1' THEN '30m' ELSE '4h' END`,
      // The stamp is the end of a bar, which is known by its start here.
      event_time: timeOf(`(${CLOSE_MS} - ${CANDLE_MS})::VARCHAR`, 'ms'),
      open: `candle->>'$[1]'`,
      high: `candle->>'$[2]'`,
      low: `candle->>'$[3]'`,
      close: `candle->>'$[4]'`,
      currency: `upper(params->>'vs_currency')`,
      source: `'coingecko'`,
    },
    // Stamped off the grid, the last bar has not come to its end.
    where: `${CLOSE_MS} % (${CANDLE_MS}) = 0`,
  },
}

/** SQL of the coins that came, and of the asked ids that did not: unknown ids are left out in silence. */
const COINS_AND_MISSING = `list_concat(CAST(body->'$[*]' AS JSON[]), CAST(list_transform(
  list_filter(string_split(params->>'ids', ','), lambda x: NOT list_contains(list_transform(CAST(body->'$[*]' AS JSON[]), lambda c: c->>'id'), x)),
  lambda x: json_object('id', x)) AS JSON[]))`

/** What coins cost now, with sizes of their markets in `_extra`. */
const markets: Source = {
  contract: 'market_events',
  params: z.strictObject({ ids: IDS, vs_currency: CURRENCY.default('usd') }),
  asks: 'now',
  path: '/coins/markets',
  query: { vs_currency: '{vs_currency}', ids: '{ids}', per_page: '250', precision: '18' },
  body: {
    kind: 'json',
    each: { coin: COINS_AND_MISSING },
    fields: {
      ...priceFields(`coin->>'id'`, `params->>'vs_currency'`, 'markets'),
      event_time: `coalesce(coin->>'last_updated', received_at::VARCHAR)`,
      price: `coin->>'current_price'`,
      _extra: `json_merge_patch('{}', coin, '{"id":null,"current_price":null,"last_updated":null,"image":null}')`,
    },
  },
}

/** SQL of a field of an id, or NULL when the id was left out. */
function ofId(suffix: string): string {
  return `json_extract_string(body, '$."' || (id->>'$') || '"."' || ${suffix} || '"')`
}

/** The prices of several coins now. An id without a price, or unknown, is a row without a price, which is rejected. */
const simplePrice: Source = {
  contract: 'market_events',
  params: z.strictObject({ ids: IDS, vs_currencies: CURRENCIES.default('usd') }),
  asks: 'now',
  path: '/simple/price',
  query: {
    ids: '{ids}',
    vs_currencies: '{vs_currencies}',
    include_market_cap: 'true',
    include_24hr_vol: 'true',
    include_last_updated_at: 'true',
    precision: '18',
  },
  body: {
    kind: 'json',
    each: { id: listIn('ids'), vs: listIn('vs_currencies') },
    fields: {
      ...priceFields(`id->>'$'`, `vs->>'$'`, 'simple'),
      event_time: `coalesce(${timeOf(ofId(`'last_updated_at'`), 's')}, received_at::VARCHAR)`,
      price: ofId(`(vs->>'$')`),
      market_cap: ofId(`(vs->>'$') || '_market_cap'`),
      volume_24h: ofId(`(vs->>'$') || '_24h_vol'`),
    },
  },
}

/** Every coin that CoinGecko knows. Hundreds of symbols are shared: only the id tells coins apart. */
const coinsList: Source = {
  contract: 'provider_instruments',
  params: z.strictObject({}),
  asks: 'now',
  path: '/coins/list',
  body: {
    kind: 'json',
    each: { coin: `body->'$[*]'` },
    fields: {
      instrument_id: `'crypto:coingecko:' || (coin->>'id')`,
      source: `'coingecko'`,
      // Nobody says since when.
      valid_from: `'1970-01-01'`,
      symbol: `coin->>'symbol'`,
      name: `coin->>'name'`,
      asset_class: `'crypto'`,
    },
  },
}

const ANSWERS: readonly AnswerRule[] = [
  { body: /"error_code"\s*:\s*10012\b/, meaning: 'refused', why: 'the plan does not reach so far back' },
  {
    body: /"error_code"\s*:\s*(10002|10005|10010|10011)\b/,
    meaning: 'refused',
    why: 'the key is missing or not one for this host or plan',
  },
  { body: /"error_code"\s*:\s*1020\b/, meaning: 'blocked', why: 'the network in front of CoinGecko refuses us' },
  { status: 200, body: /^\s*\{\s*\}\s*$/, meaning: 'error', why: 'none of the ids is known' },
  { status: 200, body: /^\s*\{\s*"prices"\s*:\s*\[\s*\]/, meaning: 'empty', why: 'no price in the interval' },
]

const TERMS: Terms = {
  licence: 'CoinGecko API Terms of Service',
  url: 'https://www.coingecko.com/en/api_terms',
  attribution: 'Data provided by CoinGecko',
  redistribution: 'ask',
}

/** CoinGecko without a key or with one of the demo plan. https://docs.coingecko.com */
export const coingecko: Provider = {
  name: 'coingecko',
  url: 'https://api.coingecko.com/api/v3',
  terms: TERMS,
  key: { setting: 'COINGECKO_API_KEY', in: { header: 'x-cg-demo-api-key' }, required: false },
  // The demo plan: 10,000 answers a month, and only success counts. Without a key the limit is shared and unknown, so few.
  limits: { perSecond: 0.4, burst: 2, concurrency: 2, perMonth: 10_000, creditsOf: status => (status === 200 ? 1 : 0) },
  answers: ANSWERS,
  sources: {
    market_chart: { ...marketChart, reach: 'P365D' },
    ohlc,
    markets,
    simple_price: simplePrice,
    coins_list: coinsList,
  },
}

/** The same for paying users: another host, another header, the whole history. */
export const coingeckoPro: Provider = {
  ...coingecko,
  name: 'coingecko-pro',
  url: 'https://pro-api.coingecko.com/api/v3',
  key: { setting: 'COINGECKO_PRO_API_KEY', in: { header: 'x-cg-pro-api-key' }, required: true },
  // The smallest plan has more; a month's credits depend on it.
  limits: { perSecond: 4, burst: 4, concurrency: 8, creditsOf: status => (status === 200 ? 1 : 0) },
  sources: { ...coingecko.sources, market_chart: marketChart },
}
