import { z } from 'zod'
import type { Provider } from '../source.js'

/** Fields that tables and single currencies have in common. `currency` is SQL for the code. */
function rateFields(currency: string, table: string, day: string) {
  return {
    instrument_id: `'fx:nbp:' || (${currency}) || 'PLN'`,
    event_time: day,
    fixing: `'nbp:' || (${table})`,
    base_currency: currency,
    quote_currency: `'PLN'`,
    // The API quotes one unit of every currency, also where the printed table says 100.
    mid: `rate->>'mid'`,
    bid: `rate->>'bid'`,
    ask: `rate->>'ask'`,
    source: `'nbp'`,
  }
}

const INTERVALS = { asks: 'interval', grain: 'P1D', longest: 'P93D', query: { format: 'json' } } as const
/** An interval that begins before is refused with HTTP 400, also where it ends after. */
const [FIRST_TABLES, FIRST_GOLD] = ['2002-01-02', '2013-01-02']

/** Narodowy Bank Polski: rates of the tables A, B and C, and the price of gold. https://api.nbp.pl/en.html */
export const nbp: Provider = {
  name: 'nbp',
  url: 'https://api.nbp.pl/api',
  terms: {
    licence: 'Free to use; Narodowy Bank Polski is to be named as the source',
    url: 'https://nbp.pl/en/statistic-and-financial-reporting/rates/',
    attribution: 'Source: Narodowy Bank Polski',
    redistribution: 'yes',
  },
  // It states no limit; two a second is what its well-behaved clients allow themselves.
  limits: { perSecond: 2, burst: 2, concurrency: 2 },
  answers: [
    { status: 404, body: /NotFound|Brak danych/i, meaning: 'empty', why: 'no table was published in the interval' },
    { status: 400, body: /93 dni|93 days/i, meaning: 'error', why: 'the interval is longer than 93 days' },
  ],
  sources: {
    /** A whole table, every currency of it. */
    rates: {
      ...INTERVALS,
      since: FIRST_TABLES,
      contract: 'fx_rates',
      params: z.strictObject({ table: z.enum(['A', 'B', 'C']).default('A') }),
      calendar: 'NBP',
      path: '/exchangerates/tables/{table}/{start:date}/{end:last-date}',
      body: {
        kind: 'json',
        each: { page: "body->'$[*]'", rate: "page->'$.rates[*]'" },
        fields: {
          ...rateFields(`rate->>'code'`, `page->>'table'`, `page->>'effectiveDate'`),
          fixing_no: `page->>'no'`,
          quoted_on: `page->>'tradingDate'`,
          currency_name: `rate->>'currency'`,
        },
        where: `(page->>'table') = (params->>'table')`,
      },
    },
    /** One currency of a table. */
    rate: {
      ...INTERVALS,
      since: FIRST_TABLES,
      contract: 'fx_rates',
      params: z.strictObject({
        table: z.enum(['A', 'B', 'C']).default('A'),
        code: z.string().regex(/^[A-Z]{3}$/, 'a currency code such as USD'),
      }),
      calendar: 'NBP',
      path: '/exchangerates/rates/{table}/{code}/{start:date}/{end:last-date}',
      body: {
        kind: 'json',
        each: { rate: "body->'$.rates[*]'" },
        fields: {
          ...rateFields(`body->>'code'`, `body->>'table'`, `rate->>'effectiveDate'`),
          fixing_no: `rate->>'no'`,
          currency_name: `body->>'currency'`,
        },
        // An answer to another question holds no record of this one.
        where: `(body->>'code') = (params->>'code') AND (body->>'table') = (params->>'table')`,
      },
    },
    /** Price of a gram of gold of 1000 fineness, in PLN. */
    gold: {
      ...INTERVALS,
      since: FIRST_GOLD,
      contract: 'market_events',
      params: z.strictObject({}),
      calendar: 'NBP',
      path: '/cenyzlota/{start:date}/{end:last-date}',
      body: {
        kind: 'json',
        each: { quote: "body->'$[*]'" },
        fields: {
          instrument_id: `'metal:nbp:gold-gram'`,
          event_time: `quote->>'data'`,
          event_id: `quote->>'data'`,
          event_type: `'price'`,
          price: `quote->>'cena'`,
          currency: `'PLN'`,
          source: `'nbp'`,
        },
      },
    },
  },
}
