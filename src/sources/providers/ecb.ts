import { z } from 'zod'
import type { Provider } from '../source.js'

const CURRENCY = z.string().regex(/^[A-Z]{3}(\+[A-Z]{3})*$/, 'a currency code such as USD, or several as USD+PLN')

/** European Central Bank: the euro's reference rates. https://data.ecb.europa.eu/help/api/data */
export const ecb: Provider = {
  name: 'ecb',
  url: 'https://data-api.ecb.europa.eu/service/data',
  terms: {
    licence: 'Free reuse with the source named',
    url: 'https://www.ecb.europa.eu/services/using-our-site/disclaimer/html/index.en.html',
    attribution: 'Source: ECB statistics',
    redistribution: 'yes',
  },
  // It states no limit.
  limits: { perSecond: 2, burst: 2, concurrency: 2 },
  answers: [
    // This is how it answers for a weekend.
    { status: 200, body: /^\s*$/, meaning: 'empty', why: 'no rate was published in the interval' },
    { status: 404, body: /no (results|data)\b/i, meaning: 'empty', why: 'no rate was published in the interval' },
  ],
  sources: {
    /** Units of each currency for one euro. */
    exchange_rates: {
      contract: 'fx_rates',
      params: z.strictObject({ currency: CURRENCY }),
      asks: 'interval',
      grain: 'P1D',
      longest: 'P10Y',
      since: '1999-01-04',
      calendar: 'TARGET',
      path: '/EXR/D.{currency}.EUR.SP00.A',
      query: { format: 'csvdata', startPeriod: '{start:date}', endPeriod: '{end:last-date}' },
      body: {
        kind: 'csv',
        dialect: { delimiter: ',' },
        endsLines: true,
        header: /^KEY,FREQ,CURRENCY,/,
        columns: ['KEY', 'FREQ', 'CURRENCY', 'CURRENCY_DENOM', 'EXR_TYPE', 'EXR_SUFFIX', 'TIME_PERIOD', 'OBS_VALUE'],
        fields: {
          // One unit of the denominator costs so many of the other.
          instrument_id: `'fx:ecb:' || "CURRENCY_DENOM" || "CURRENCY"`,
          event_time: `"TIME_PERIOD"`,
          fixing: `'ecb:reference'`,
          base_currency: `"CURRENCY_DENOM"`,
          quote_currency: `"CURRENCY"`,
          mid: `"OBS_VALUE"`,
          source: `'ecb'`,
        },
        // A currency that is quoted no more has rows without a value; one that was not asked for is an answer to another question.
        where: `coalesce("OBS_VALUE", '') NOT IN ('', 'NaN') AND list_contains(string_split(params->>'currency', '+'), "CURRENCY")`,
      },
    },
  },
}
