import { type Answer, type Ask, json, type SimulatedProvider, text } from '../answer.js'
import { ECB_CURRENCIES, ecbDays, euroRate, roundedRate } from './ecb-rates.js'

const DAY_MS = 86_400_000
const DIMENSIONS = 'KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE'
const ATTRIBUTES =
  'OBS_STATUS,OBS_CONF,OBS_PRE_BREAK,OBS_COM,TIME_FORMAT,BREAKS,COLLECTION,COMPILING_ORG,DISS_ORG,DOM_SER_IDS,PUBL_ECB,PUBL_MU,' +
  'PUBL_PUBLIC,UNIT_INDEX_BASE,COMPILATION,COVERAGE,DECIMALS,NAT_TITLE,SOURCE_AGENCY,SOURCE_PUB,TITLE,TITLE_COMPL,UNIT,UNIT_MULT'
const SINCE = '1999-01-04'

/**
 * The ECB's data portal: the daily reference rates (`EXR/D.USD.EUR.SP00.A`, several currencies with `+`, all when left out) as
 * `csvdata`. Days without a rate have no row; when none is left the body is empty, with 200. A series that does not exist is a 404.
 */
export const ecb: SimulatedProvider = { root: '/ecb/service/data', answer: answerTo }

function answerTo(ask: Ask): Answer {
  const [, flow, key = ''] = ask.path.split('/')
  const [frequency, currency = '', denominator, type, suffix] = key.split('.')
  const codes = currency === '' ? ECB_CURRENCIES.map(({ code }) => code) : currency.split('+')
  const known = ECB_CURRENCIES.filter(({ code }) => codes.includes(code))
  const daily = frequency === 'D' && denominator === 'EUR' && type === 'SP00' && suffix === 'A'
  if (flow !== 'EXR' || !daily || known.length === 0) return notFound(ask)
  if (ask.query.get('format') !== 'csvdata') return text('Not Acceptable', 406)
  return unlessKnown(ask, known)
}

/** 304 for one who has all that was published. */
function unlessKnown(ask: Ask, currencies: typeof ECB_CURRENCIES): Answer {
  const today = new Date(ask.nowMs).toISOString().slice(0, 10)
  const from = new Date(ask.nowMs - 14 * DAY_MS).toISOString().slice(0, 10)
  const updatedMs = ecbDays(from, today, ask.nowMs).at(-1)?.close ?? 0
  const headers = {
    'content-type': 'text/csv;charset=UTF-8',
    'content-disposition': 'attachment;filename=data.csv',
    'cache-control': 'max-age=30',
    vary: 'accept',
    'last-modified': new Date(updatedMs).toUTCString(),
  }
  const since = Date.parse(ask.headers['if-modified-since'] ?? '')
  // HTTP dates have whole seconds.
  if (since >= Math.floor(updatedMs / 1000) * 1000) return { status: 304, headers, body: '' }
  return { status: 200, headers, body: csvOf(ask, currencies, today) }
}

function csvOf({ query, market, nowMs }: Ask, currencies: typeof ECB_CURRENCIES, today: string): string {
  const days = ecbDays(startOf(query.get('startPeriod')) ?? SINCE, endOf(query.get('endPeriod')) ?? today, nowMs)
  const only = query.get('detail') === 'dataonly'
  const [first, last] = [query.get('firstNObservations'), query.get('lastNObservations')]
  const rows: string[] = []
  for (const { code, english, until } of currencies) {
    const quoted = days.filter(({ date }) => until === undefined || date <= until)
    const cut = last !== null ? quoted.slice(-Number(last)) : first !== null ? quoted.slice(0, Number(first)) : quoted
    for (const day of cut) {
      const rate = roundedRate(euroRate(market, code, day))
      const row = `EXR.D.${code}.EUR.SP00.A,D,${code},EUR,SP00,A,${day.date},${rate}`
      const title = `${english}/Euro,"ECB reference exchange rate, ${english}/Euro, 2:15 pm (C.E.T.)",${code},0`
      rows.push(only ? row : `${row},A,F,,,P1D,,A,,,,,,,,,,4,,4F0,,${title}`)
    }
  }
  if (rows.length === 0) return ''
  return `${only ? DIMENSIONS : `${DIMENSIONS},${ATTRIBUTES}`}\n${rows.join('\n')}\n`
}

/** A year, a month or a day, from its first day on. */
function startOf(period: string | null): string | undefined {
  if (period === null) return undefined
  return `${period}-01-01`.slice(0, 10)
}

function endOf(period: string | null): string | undefined {
  if (period === null || period.length === 10) return period ?? undefined
  if (period.length === 4) return `${period}-12-31`
  const [year, month] = period.split('-').map(Number)
  return new Date(Date.UTC(year!, month!, 0)).toISOString().slice(0, 10)
}

function notFound({ nowMs, path }: Ask): Answer {
  const timestamp = new Date(nowMs).toISOString().replace('Z', '+00:00')
  return json({ timestamp, status: 404, error: 'Not Found', path: `/service/data${path}` }, 404, {
    'content-type': 'application/json',
  })
}
