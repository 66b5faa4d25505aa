import type { FredSeries } from './fred-series.js'

/** Id, frequency, level, daily volatility, decimals, revision, start, units, title. */
const ROWS = `
GDP|Q|21500|0.0005|3|0.002|1990-01-01|Billions of Dollars|Gross Domestic Product|SAAR
GDPC1|Q|19200|0.0004|3|0.002|1990-01-01|Billions of Chained 2017 Dollars|Real Gross Domestic Product|SAAR
CPIAUCSL|M|270|0.0003|3|0.0004|1990-01-01|Index 1982-1984=100|Consumer Price Index for All Urban Consumers: All Items in U.S. City Average|SA
CPILFESL|M|280|0.0003|3|0.0004|1990-01-01|Index 1982-1984=100|Consumer Price Index for All Urban Consumers: All Items Less Food and Energy in U.S. City Average|SA
UNRATE|M|4.6|0.004|1|0|1990-01-01|Percent|Unemployment Rate|SA
FEDFUNDS|M|3.4|0.006|2|0|1990-01-01|Percent|Federal Funds Effective Rate|NSA
PAYEMS|M|152000|0.0004|0|0.001|1990-01-01|Thousands of Persons|All Employees, Total Nonfarm|SA
DGS10|D|4.1|0.012|2|0|2010-01-04|Percent|Market Yield on U.S. Treasury Securities at 10-Year Constant Maturity|NSA
DGS2|D|3.9|0.014|2|0|2010-01-04|Percent|Market Yield on U.S. Treasury Securities at 2-Year Constant Maturity|NSA
DEXUSEU|D|1.136|0.0045|4|0|2010-01-04|U.S. Dollars to One Euro|U.S. Dollars to Euro Spot Exchange Rate|NSA
VIXCLS|D|18|0.06|2|0|2010-01-04|Index|CBOE Volatility Index: VIX|NSA
SP500|D|5800|0.01|2|0|2010-01-04|Index|S&P 500|NSA
DCOILWTICO|D|71|0.02|2|0|2010-01-04|Dollars per Barrel|Crude Oil Prices: West Texas Intermediate (WTI) - Cushing, Oklahoma|NSA
`

const SERIES: ReadonlyMap<string, FredSeries> = new Map(
  ROWS.trim()
    .split('\n')
    .map(row => {
      const [id = '', frequency, base, volatility, decimals, revision, start = '', units = '', title = '', seasonal] =
        row.split('|')
      return [
        id,
        {
          id,
          key: `fred:${id}`,
          title,
          units,
          start,
          frequency: frequency as FredSeries['frequency'],
          seasonal: seasonal as FredSeries['seasonal'],
          base: Number(base),
          volatility: Number(volatility),
          decimals: Number(decimals),
          revision: Number(revision),
        },
      ]
    }),
)

/** A series by its id; `SIM1` to `SIM9999` are invented monthly ones. Undefined for one that does not exist. */
export function fredSeries(id: string): FredSeries | undefined {
  const known = SERIES.get(id)
  if (known !== undefined || !/^SIM[1-9]\d{0,3}$/.test(id)) return known
  return {
    id,
    key: `fred:${id}`,
    title: `Simulated Series ${id.slice(3)}`,
    frequency: 'M',
    units: 'Index 2017=100',
    seasonal: 'SA',
    base: 100,
    volatility: 0.001,
    decimals: 3,
    start: '2000-01-01',
    revision: 0.001,
  }
}
