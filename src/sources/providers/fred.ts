import { z } from 'zod'
import type { JsonBody, Provider } from '../source.js'

const SERIES = z.string().regex(/^[A-Za-z0-9_.-]{1,50}$/, 'an id of a series such as GDPC1')
const DAY = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'a day such as 2020-01-01')

const INSTRUMENT = `'macro:fred:' || (params->>'series')`

const OBSERVATIONS = {
  kind: 'json',
  each: { observation: `body->'$.observations[*]'` },
  fields: {
    instrument_id: INSTRUMENT,
    event_time: `observation->>'date'`,
    // A text of digits; a dot says that there is none, which is no zero, and may stand where a value was before. A field that is not
    // there says nothing: it must not pass for a dot.
    value: `nullif(coalesce(observation->>'value', 'no field "value"'), '.')`,
    // Only the day is said. Who takes its start sees releases of the afternoon in the morning.
    known_from: `timezone('America/Chicago', TRY_CAST((observation->>'realtime_start') AS DATE)::TIMESTAMP + INTERVAL 1 DAY)`,
    vintage_date: `observation->>'realtime_start'`,
    source: `'fred'`,
    realtime_end: `observation->>'realtime_end'`,
  },
} as const satisfies JsonBody

const PAGES = { by: 'offset', param: 'offset', size: 100_000, maxPages: 100 } as const
const JSON_PAGE = { series_id: '{series}', file_type: 'json', limit: '100000', offset: '0' } as const

/** Federal Reserve Bank of St. Louis, with the vintages of ALFRED. https://fred.stlouisfed.org/docs/api */
export const fred: Provider = {
  name: 'fred',
  url: 'https://api.stlouisfed.org/fred',
  terms: {
    licence: 'FRED API terms of use; single series may belong to others, see their notes',
    url: 'https://fred.stlouisfed.org/docs/api/terms_of_use.html',
    attribution:
      'This product uses the FRED® API but is not endorsed or certified by the Federal Reserve Bank of St. Louis.',
    redistribution: 'ask',
  },
  key: { setting: 'FRED_API_KEY', in: { query: 'api_key' }, required: true },
  // 120 a minute are documented, two a second are enforced.
  limits: { perSecond: 1.5, burst: 2, concurrency: 2 },
  answers: [
    {
      status: 400,
      body: /number of vintage dates/i,
      meaning: 'error',
      why: 'more than 2,000 vintages: ask with fred.observations, which asks in pieces',
    },
    {
      status: 400,
      body: /does not exist in ALFRED/i,
      meaning: 'empty',
      why: 'the series has no vintage in these days',
    },
    {
      status: 400,
      body: /not registered/i,
      meaning: 'unavailable',
      why: 'the key is not registered, which FRED says of good keys too, for moments',
    },
    {
      status: 400,
      body: /can not be after today/i,
      meaning: 'unavailable',
      why: 'this day has not begun in St. Louis',
    },
    {
      status: 200,
      body: /"(observations|vintage_dates)"\s*:\s*\[\s*\]/,
      meaning: 'empty',
      why: 'nothing was said in these days',
    },
  ],
  sources: {
    /**
     * What was said on the days of an interval: new values and revisions. Real-time periods are cut off at the ends of what is asked,
     * so the day before is asked for too: what begins on it stood already, and is left out. With `baseline` it is a record too, in the
     * interval that begins on that day or before: what stood when the pipe's history begins.
     */
    observations: {
      contract: 'macro_observations',
      params: z.strictObject({ series: SERIES, baseline: DAY.optional() }),
      asks: 'interval',
      // The API takes no real-time day before 1776-07-04, and is asked for the day before too. A series begins later: `first_day` of a pipe.
      since: '1776-07-05',
      grain: 'P1D',
      // A vintage is a day, and 2,000 are allowed.
      longest: 'P1999D',
      mayHoldNone: true,
      path: '/series/observations',
      query: { ...JSON_PAGE, realtime_start: '{start:last-date}', realtime_end: '{end:last-date}' },
      records: '$.observations',
      paging: PAGES,
      body: {
        ...OBSERVATIONS,
        where: `(observation->>'realtime_start') >= strftime(interval_start, '%Y-%m-%d')
          OR strftime(interval_start, '%Y-%m-%d') <= (params->>'baseline')`,
      },
    },
    /** Every vintage of a series at once, where there are no more than 2,000. */
    all_vintages: {
      contract: 'macro_observations',
      params: z.strictObject({ series: SERIES }),
      asks: 'now',
      path: '/series/observations',
      query: { ...JSON_PAGE, realtime_start: '1776-07-04', realtime_end: '9999-12-31' },
      records: '$.observations',
      paging: PAGES,
      body: OBSERVATIONS,
    },
    /** The days on which something was said of a series. */
    vintage_dates: {
      contract: 'macro_vintages',
      params: z.strictObject({ series: SERIES }),
      asks: 'now',
      path: '/series/vintagedates',
      query: { series_id: '{series}', file_type: 'json', limit: '10000', offset: '0' },
      records: '$.vintage_dates',
      paging: { ...PAGES, size: 10_000 },
      body: {
        kind: 'json',
        each: { vintage: `body->'$.vintage_dates[*]'` },
        fields: { instrument_id: INSTRUMENT, vintage_date: `vintage->>'$'`, source: `'fred'` },
      },
    },
    /** What a series is. */
    series: {
      contract: 'provider_instruments',
      params: z.strictObject({ series: SERIES }),
      asks: 'now',
      path: '/series',
      query: { series_id: '{series}', file_type: 'json' },
      body: {
        kind: 'json',
        each: { series: `body->'$.seriess[*]'` },
        fields: {
          // What came, not what was asked for.
          instrument_id: `'macro:fred:' || (series->>'id')`,
          source: `'fred'`,
          valid_from: `series->>'observation_start'`,
          symbol: `series->>'id'`,
          name: `series->>'title'`,
          asset_class: `'macro'`,
          unit: `series->>'units'`,
          frequency: `series->>'frequency'`,
          seasonal_adjustment: `series->>'seasonal_adjustment'`,
          // With the hours of St. Louis from UTC: 2024-10-10 07:42:03-05.
          last_updated: `TRY_CAST((series->>'last_updated') AS TIMESTAMPTZ)`,
        },
      },
    },
  },
}
