import { describe, expect, it } from 'vitest'
import { formatPlace } from '../../src/core/errors.js'
import { instrumentTables } from '../../src/market/instrument/instrument-tables.js'

const ids = 'instrument_id,name,asset_class,currency,valid_from,valid_to'
const PKO = 'equity:XWAR:PKO,PKO BP,equity,PLN,2004-11-10,'
const BTC = 'crypto:coingecko:bitcoin,Bitcoin,crypto,USDT,,'

/** Every fault as `file:line:column: message`. */
function faults(files: {
  instruments?: string[]
  aliases?: string[]
  identifiers?: string[]
  benchmarks?: string[]
  scenarios?: string[]
  baskets?: string[]
  rate_series?: string[]
  garch?: string[]
}): string[] {
  const file = (name: string, lines: string[] | undefined) =>
    lines === undefined ? undefined : { text: lines.join('\n'), file: `${name}.csv` }
  const found = instrumentTables({
    instruments: file('instruments', files.instruments ?? [ids, PKO, BTC])!,
    ...present('instrument_aliases', file('instrument_aliases', files.aliases)),
    ...present('instrument_identifiers', file('instrument_identifiers', files.identifiers)),
    ...present('benchmarks', file('benchmarks', files.benchmarks)),
    ...present('scenarios', file('scenarios', files.scenarios)),
    ...present('baskets', file('baskets', files.baskets)),
    ...present('rate_series', file('rate_series', files.rate_series)),
    ...present('garch_parameters', file('garch_parameters', files.garch)),
  })
  return found.faults.map(({ message, place }) => `${formatPlace(place)}: ${message}`)
}

function present<T>(name: string, value: T | undefined): Record<string, T> {
  return value === undefined ? {} : { [name]: value }
}

describe('instruments.csv', () => {
  it('without a fault becomes a table with every known column, and the own ones of the project', () => {
    const text = `instrument_id,coingecko_id,currency\r\ncrypto:coingecko:bitcoin,"bit""coin",USD\r\n\r\n`
    const { tables, faults } = instrumentTables({ instruments: { text, file: 'instruments.csv' } })
    expect(faults).toEqual([])
    expect(tables.map(table => table.name)).toEqual([
      'instruments',
      'instrument_aliases',
      'instrument_identifiers',
      'benchmarks',
      'baskets',
      'scenarios',
      'rate_series',
      'garch_parameters',
    ])
    const names = tables[0]!.columns.map(column => column.name)
    const [row] = tables[0]!.rows
    expect(Object.fromEntries(names.map((name, at) => [name, row![at]]))).toEqual({
      instrument_id: 'crypto:coingecko:bitcoin',
      ...{ name: null, asset_class: null, currency: 'USD', venue: null, calendar: null, price_can_be_negative: null },
      ...{ valid_from: null, valid_to: null, coingecko_id: 'bit"coin' },
    })
  })

  it('may be absent, and then its tables are empty but for the scenarios and rates that every project has', () => {
    const { tables, faults } = instrumentTables({})
    expect([tables.map(table => table.rows.length), faults]).toEqual([[0, 0, 0, 0, 0, 12, 3, 0], []])
  })

  it.each([
    ['an id that stands there twice', [ids, PKO, BTC, PKO], '4:1: equity:XWAR:PKO stands in line 2 already'],
    [
      'an id without a scheme',
      [ids, 'PKO,,,,,'],
      '2:1: instrument_id: `PKO` is not <class>:<scheme or venue>:<code>, such as equity:XWAR:PKO',
    ],
    [
      'an id with a part too many',
      [ids, 'equity:XWAR:PKO:1,,,,,'],
      '2:1: instrument_id: `equity:XWAR:PKO:1` is not <class>:<scheme or venue>:<code>, such as equity:XWAR:PKO',
    ],
    [
      'an id that a pattern could be taken for',
      [ids, 'equity:XWAR:*,,,,,'],
      '2:1: instrument_id: `equity:XWAR:*` has *, ? or an invisible sign: patterns of scenarios.csv have the two, and nobody sees the third',
    ],
    ['a row without an id', [ids, ',PKO BP,,,,'], '2:1: `instrument_id` is empty'],
    [
      'another class than the id has',
      [ids, 'etf:XWAR:PKO,,equity,,,'],
      '2:15: asset_class `equity` is not that of etf:XWAR:PKO',
    ],
    ['an unknown currency', [ids, 'equity:XWAR:PKO,"PKO, BP",equity,PLX,,'], '2:34: unknown currency `PLX`'],
    [
      'a currency in the wrong case',
      [ids, 'equity:XWAR:PKO,,,pln,,'],
      '2:19: unknown currency `pln`, nearest is `PLN`',
    ],
    ['a crypto asset as the currency of a share', [ids, 'equity:XWAR:PKO,,,SHIB,,'], '2:19: unknown currency `SHIB`'],
    [
      'a day that does not exist',
      [ids, 'equity:XWAR:PKO,,,,2023-02-29,'],
      '2:20: valid_from: `2023-02-29` is no date such as 2024-01-31',
    ],
    [
      'an end before the beginning',
      [ids, 'equity:XWAR:PKO,,,,2023-02-28,2023-02-28'],
      '2:31: valid_to 2023-02-28 is not after valid_from 2023-02-28',
    ],
    [
      'a venue that is no MIC',
      ['instrument_id,venue', 'equity:XWAR:PKO,Warsaw'],
      '2:17: venue: `Warsaw` is no MIC: four capital letters or digits',
    ],
    [
      'an unknown calendar',
      ['instrument_id,calendar', 'equity:XWAR:PKO,XWARS'],
      '2:17: calendar: `XWARS` is no calendar, nearest is `XWAR`',
    ],
    [
      'something else than true or false',
      ['instrument_id,price_can_be_negative', 'equity:XWAR:PKO,yes'],
      '2:17: price_can_be_negative: `yes` is neither true nor false',
    ],
    [
      'a misspelt column',
      ['instrument_id,curency', 'equity:XWAR:PKO,PLN'],
      '1:15: unknown column `curency`, nearest is `currency`',
    ],
    ['a header without ids', ['name,currency'], '1:1: the header lacks `instrument_id`'],
    ['a column twice', ['instrument_id,name,name'], '1:20: the column `name` stands here twice'],
    [
      'a column with a blank in its name',
      ['instrument_id,my name'],
      '1:15: `my name` is no column name: lower-case letters, digits and underscores',
    ],
    ['a row with a value too few', [ids, 'equity:XWAR:PKO,PKO BP'], '2:1: the row has 2 values, the header 6'],
    [
      'blanks round a value',
      [ids, 'equity:XWAR:PKO,,, PLN,,'],
      '2:19: blanks round the value `PLN`, or a control character in it',
    ],
    [
      'a quote that is never closed',
      [ids, 'equity:XWAR:PKO,"PKO BP,,,,', PKO],
      '2:17: a quote is opened and never closed',
    ],
    ['a quote inside a value', [ids, 'equity:XWAR:PKO,PKO "BP",,,,'], '2:17: a quote stands inside a value'],
    ['nothing', [''], '1:1: the file is empty'],
  ])('with %s is refused at its place', (_, instruments, fault) => {
    expect(faults({ instruments })).toEqual([`instruments.csv:${fault}`])
  })

  it('tells all its faults at once, in the order of the file', () => {
    expect(
      faults({ instruments: [ids, 'x,,,,,', PKO, 'etf:XWAR:X,,,PLX,,'] }).map(fault => fault.split(': ')[0]),
    ).toEqual(['instruments.csv:2:1', 'instruments.csv:4:14'])
  })

  it('counts lines inside quoted values', () => {
    expect(
      faults({ instruments: [ids, 'equity:XWAR:PKO,"PKO\nBP",,,,', 'bad,,,,,'] }).map(fault => fault.slice(0, 19)),
    ).toEqual(['instruments.csv:2:1', 'instruments.csv:4:1'])
  })

  it('may begin with a byte order mark', () => {
    expect(faults({ instruments: [`\uFEFF${ids}`, PKO] })).toEqual([])
  })
})

const header = 'source,symbol,instrument_id,valid_from,valid_to'

describe('instrument_aliases.csv', () => {
  it('with a symbol that is the id of an instrument is refused: it would mean two', () => {
    const rows = ['source,symbol,instrument_id', 'feed,equity:XWAR:PKO,crypto:coingecko:bitcoin']
    expect(faults({ aliases: rows })).toEqual([
      'instrument_aliases.csv:2:6: equity:XWAR:PKO has two meanings: it is the id of an instrument too',
    ])
  })

  it('lets a symbol mean one instrument after another', () => {
    expect(
      faults({
        aliases: [
          header,
          'stooq,pko,equity:XWAR:PKO,2005-01-01,2010-01-01',
          'stooq,pko,crypto:coingecko:bitcoin,2010-01-01,',
        ],
      }),
    ).toEqual([])
  })

  it.each([
    ['for ever', ['stooq,pko,equity:XWAR:PKO,,', 'stooq,pko,crypto:coingecko:bitcoin,,'], 3, 2],
    [
      'from the day before the other ends',
      ['stooq,pko,equity:XWAR:PKO,2005-01-01,2010-01-02', 'stooq,pko,equity:XWAR:PKO,2010-01-01,'],
      3,
      2,
    ],
    [
      'inside of another that is longer than its neighbour',
      [
        'stooq,pko,equity:XWAR:PKO,2000-01-01,2030-01-01',
        'stooq,pko,equity:XWAR:PKO,2031-01-01,',
        'stooq,pko,equity:XWAR:PKO,2002-01-01,2003-01-01',
      ],
      4,
      2,
    ],
  ])('refuses a meaning %s', (_, rows, line, other) => {
    expect(faults({ aliases: [header, ...rows] })).toEqual([
      `instrument_aliases.csv:${line}:1: pko of stooq has a meaning at the same time as line ${other}`,
    ])
  })

  it('tells symbols of other sources and of other spelling apart', () => {
    expect(
      faults({
        aliases: [header, 'stooq,pko,equity:XWAR:PKO,,', 'Stooq,pko,equity:XWAR:PKO,,', 'stooq,PKO,equity:XWAR:PKO,,'],
      }),
    ).toEqual([])
  })

  it('refuses an instrument that instruments.csv does not have', () => {
    expect(faults({ aliases: [header, 'stooq,pko,equity:XWAR:PK0,,'] })).toEqual([
      'instrument_aliases.csv:2:11: instruments.csv has no equity:XWAR:PK0',
    ])
  })

  it('is not blamed while instruments.csv has a fault', () => {
    expect(faults({ instruments: [ids, 'PKO,,,,,'], aliases: [header, 'stooq,pko,PKO,,'] })).toHaveLength(1)
  })
})

const numbers = 'instrument_id,scheme,value,valid_from,valid_to'

describe('instrument_identifiers.csv', () => {
  it('knows an instrument by several schemes, and by one number after another', () => {
    expect(
      faults({
        identifiers: [
          numbers,
          'equity:XWAR:PKO,isin,PLPKO0000016,2004-11-10,',
          'equity:XWAR:PKO,mic,XWAR,,',
          'equity:XWAR:PKO,wkn,A0DJ9T,,2020-01-01',
          'equity:XWAR:PKO,wkn,A0DJ9U,2020-01-01,',
        ],
      }),
    ).toEqual([])
  })

  it.each([
    [
      'a wrong check digit',
      ['equity:XWAR:PKO,isin,PLPKO0000017,,'],
      '2:22: PLPKO0000017 is no ISIN: its check digit would be 6',
    ],
    [
      'a second number at the same time',
      ['equity:XWAR:PKO,wkn,A,,', 'equity:XWAR:PKO,wkn,B,,'],
      '3:1: equity:XWAR:PKO has another wkn at the same time as line 2',
    ],
    [
      'a FIGI of two instruments',
      ['equity:XWAR:PKO,figi,BBG000B9XRY4,,', 'crypto:coingecko:bitcoin,figi,BBG000B9XRY4,,'],
      '3:31: BBG000B9XRY4 is of another instrument at the same time as line 2',
    ],
    ['an instrument that is not there', ['equity:XWAR:X,wkn,A,,'], '2:1: instruments.csv has no equity:XWAR:X'],
    [
      'a scheme in capitals',
      ['equity:XWAR:PKO,ISIN,PLPKO0000016,,'],
      '2:17: scheme: `ISIN` is no name of a scheme: lower-case letters, digits, underscores',
    ],
  ])('refuses %s', (_, rows, fault) => {
    expect(faults({ identifiers: [numbers, ...rows] })).toEqual([`instrument_identifiers.csv:${fault}`])
  })

  it('lets one ISIN have many listings', () => {
    const rows = ['equity:XWAR:PKO,isin,PLPKO0000016,,', 'crypto:coingecko:bitcoin,isin,PLPKO0000016,,']
    expect(faults({ identifiers: [numbers, ...rows] })).toEqual([])
  })
})

describe('benchmarks.csv', () => {
  const header = 'instrument_id,benchmark_id'
  const [pko, btc] = ['equity:XWAR:PKO', 'crypto:coingecko:bitcoin']

  it('measures an instrument against another one', () => {
    expect(faults({ benchmarks: [header, `${pko},${btc}`] })).toEqual([])
  })

  it.each([
    ['two benchmarks', [`${pko},${btc}`, `${pko},${btc}`], `3:1: ${pko} has a benchmark in line 2 already`],
    ['itself', [`${pko},${pko}`], `2:17: ${pko} is its own benchmark`],
    ['an unknown benchmark', [`${pko},index:stooq:WIG`], '2:17: instruments.csv has no index:stooq:WIG'],
    ['an unknown instrument', [`index:stooq:WIG,${btc}`], '2:1: instruments.csv has no index:stooq:WIG'],
    ['no benchmark', [`${pko},`], '2:1: `benchmark_id` is empty'],
  ])('refuses %s', (_, rows, fault) => {
    expect(faults({ benchmarks: [header, ...rows] })).toEqual([`benchmarks.csv:${fault}`])
  })
})

describe('garch_parameters.csv', () => {
  const header = 'instrument_id,omega,alpha,beta'
  const pko = 'equity:XWAR:PKO'

  it('gives instruments parameters, in any notation of numbers', () => {
    expect(faults({ garch: [header, `${pko},1.5e-6,.09,0.9`, 'crypto:coingecko:bitcoin,0.00002,0,0'] })).toEqual([])
  })

  it.each([
    ['an unknown instrument', ['index:stooq:WIG,1e-6,0.1,0.8'], '2:1: instruments.csv has no index:stooq:WIG'],
    [
      'parameters twice',
      [`${pko},1e-6,0.1,0.8`, `${pko},1e-6,0.1,0.8`],
      `3:1: ${pko} has parameters in line 2 already`,
    ],
    ['no alpha', [`${pko},1e-6,,0.8`], '2:1: `alpha` is empty'],
    ['an omega of 0', [`${pko},0,0.1,0.8`], '2:17: omega: `0` is not above 0'],
    ['an omega that a double rounds to 0', [`${pko},1e-400,0.1,0.8`], '2:17: omega: `1e-400` is not above 0'],
    ['a negative alpha', [`${pko},1e-6,-0.1,0.8`], '2:22: alpha: `-0.1` is no number such as 0.09 or 1.5e-6'],
    ['infinity', [`${pko},1e400,0.1,0.8`], '2:17: omega: `1e400` is no number such as 0.09 or 1.5e-6'],
    ['no number', [`${pko},1e-6,0.1,NaN`], '2:26: beta: `NaN` is no number such as 0.09 or 1.5e-6'],
    [
      'a variance that never returns',
      [`${pko},1e-6,0.2,0.8`],
      '2:22: alpha + beta is 1: below 1 the variance returns to a long-run one. Fit again with that constraint',
    ],
    [
      'a variance that returns but for rounding',
      [`${pko},1e-18,0.1,0.89999999999999`],
      '2:23: alpha + beta is 0.99999999999999: below 1 the variance returns to a long-run one. Fit again with that constraint',
    ],
    [
      'a variance of nothing',
      [`${pko},1e-300,0.1,0.8`],
      '2:17: omega: the long-run deviation of a day is 3.2e-148 %: less than 0.0001 % is no variance of prices, fit again to log returns as shares',
    ],
    [
      'parameters of returns in per cent',
      [`${pko},0.02,0.09,0.9`],
      '2:17: omega: the long-run deviation of a day is 141 %: parameters fitted to returns in per cent have an omega 10000 times that of shares, divide it',
    ],
  ])('refuses %s', (_, rows, fault) => {
    expect(faults({ garch: [header, ...rows] })).toEqual([`garch_parameters.csv:${fault}`])
  })
})

describe('scenarios.csv', () => {
  const header = 'scenario,kind,from_date,to_date,instrument_pattern,shock'

  it('adds windows and shocks to those that every project has', () => {
    const text = [
      header,
      'halving,window,2024-04-19,2024-04-20,,',
      'down,shock,,,equity:*,-0.2',
      'down,shock,,,*,0',
    ].join('\n')
    const { tables, faults } = instrumentTables({ scenarios: { text, file: 'scenarios.csv' } })
    expect(faults).toEqual([])
    const { rows } = tables.find(({ name }) => name === 'scenarios')!
    expect(rows).toHaveLength(15)
    expect(rows.slice(-2)[0]).toEqual(['down', 'shock', null, null, 'equity:*', '-0.2'])
  })

  it.each([
    ['a kind that is none', ['x,crash,,,,'], '2:3: kind: `crash` is neither window nor shock'],
    ['a window without an end', ['x,window,2024-01-01,,,'], '2:1: a window needs `to_date`'],
    [
      'a window that ends before it begins',
      ['x,window,2024-01-02,2024-01-01,,'],
      '2:21: to_date 2024-01-01 is before from_date 2024-01-02',
    ],
    ['a shock without a pattern', ['x,shock,,,,-0.1'], '2:1: a shock needs `instrument_pattern`'],
    ['a loss of more than all', ['x,shock,,,*,-1.5'], '2:13: shock: `-1.5` is no return such as -0.2, at least -1'],
    ['one pattern twice', ['x,shock,,,*,-0.5', 'x,shock,,,*,-0.6'], '3:1: x is there already'],
    [
      'a window with the name of ours',
      ['covid_2020,window,2020-03-01,2020-03-02,,'],
      '2:1: covid_2020 is there already',
    ],
    ['a window with a shock', ['x,window,2024-01-01,2024-01-02,,-0.1'], '2:33: a window has no `shock`'],
    ['a shock with a day', ['x,shock,2024-01-01,,*,-0.1'], '2:9: a shock has no `from_date`'],
    [
      'a shock to an unknown instrument',
      ['x,shock,,,index:stooq:WIG,-0.1'],
      '2:11: instruments.csv has no index:stooq:WIG',
    ],
    [
      'brackets in a pattern',
      ['x,shock,,,crypto:[cd]oin,-0.1'],
      '2:11: instrument_pattern: `crypto:[cd]oin` has [ or ]: only `*` and `?` stand for other text',
    ],
    [
      'a name with blanks',
      ['my crash,shock,,,*,0'],
      '2:1: scenario: `my crash` is no name: lower-case letters, digits and underscores',
    ],
  ])('refuses %s', (_, rows, fault) => {
    expect(faults({ scenarios: [header, ...rows] })).toEqual([`scenarios.csv:${fault}`])
  })
})

describe('baskets.csv', () => {
  const header = 'basket,instrument_id'
  const [pko, btc] = ['equity:XWAR:PKO', 'crypto:coingecko:bitcoin']

  it('puts instruments into any number of baskets', () => {
    expect(faults({ baskets: [header, `mixed,${pko}`, `mixed,${btc}`, `shares,${pko}`] })).toEqual([])
  })

  it.each([
    ['an instrument twice', [`mixed,${pko}`, `mixed,${pko}`], `3:7: ${pko} is in mixed by line 2 already`],
    ['an unknown instrument', ['mixed,index:stooq:WIG'], '2:7: instruments.csv has no index:stooq:WIG'],
    [
      'a name that is none',
      [`Mixed,${pko}`],
      '2:1: basket: `Mixed` is no name: lower-case letters, digits and underscores',
    ],
    [
      'a name without end',
      [`${'m'.repeat(101)},${pko}`],
      `2:1: basket: \`${'m'.repeat(101)}\` is no name: it is longer than 100 letters`,
    ],
  ])('refuses %s', (_, rows, fault) => {
    expect(faults({ baskets: [header, ...rows] })).toEqual([`baskets.csv:${fault}`])
  })

  it('refuses a basket of more than 100', () => {
    const many = Array.from({ length: 102 }, (_, at) => `equity:own:I${at}`)
    const instruments = ['instrument_id', ...many]
    expect(faults({ instruments, baskets: [header, ...many.map(id => `all,${id}`)] })).toEqual([
      'baskets.csv:102:5: all has more than 100 instruments',
    ])
  })
})

describe('rate_series.csv', () => {
  const header = 'currency,series_id'

  it('stands before the series that every project has', () => {
    const text = `${header}\nUSD,macro:own:SOFR\nCHF,macro:own:SARON`
    const { tables, faults } = instrumentTables({ rate_series: { text, file: 'rate_series.csv' } })
    expect(faults).toEqual([])
    expect(tables.find(({ name }) => name === 'rate_series')!.rows).toEqual([
      ...[
        ['EUR', 'macro:fred:ECBDFR'],
        ['PLN', 'macro:fred:IR3TIB01PLM156N'],
      ],
      ...[
        ['USD', 'macro:own:SOFR'],
        ['CHF', 'macro:own:SARON'],
      ],
    ])
  })

  it.each([
    ['two series of a currency', ['USD,macro:a:B', 'USD,macro:a:C'], '3:1: USD has a series in line 2 already'],
    ['a currency that is none', ['usd,macro:a:B'], '2:1: currency: `usd` is no code of a currency such as USD'],
    ['a series that is none', ['USD,DFF'], '2:5: series_id: `DFF` is no series such as macro:fred:DFF'],
  ])('refuses %s', (_, rows, fault) => {
    expect(faults({ rate_series: [header, ...rows] })).toEqual([`rate_series.csv:${fault}`])
  })
})
