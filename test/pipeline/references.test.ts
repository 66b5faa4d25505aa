import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/gold/front-matter.js'
import { validateProject } from '../../src/pipeline/doctor/validate.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import { errorOf, type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson, trade } from '../support/records.js'

let folder: ProjectFolder
let shipped: { readonly aliases: string; readonly instruments: string }
beforeAll(async () => {
  folder = await projectFolder()
  const read = (name: string) => readFile(join(folder.folder, name), 'utf8')
  shipped = { aliases: await read('instrument_aliases.csv'), instruments: await read('instruments.csv') }
})
afterAll(() => folder.remove())
beforeEach(async () => {
  await folder.write('instruments.csv', shipped.instruments)
  await folder.write('instrument_aliases.csv', shipped.aliases)
})

const addAliases = (...rows: string[]) =>
  folder.write('instrument_aliases.csv', `${shipped.aliases.trim()}\n${rows.join('\n')}\n`)

describe('a currency', () => {
  it('is a code of reference.currencies, in its exact case', async () => {
    const codes = ['GBp', 'ZAc', 'GBX', 'USDT', 'BTC', 'PLN', 'QQQ', 'GBP', 'gbp', 'Gbp']
    const rows = codes.map(currency => trade(currency, { currency, instrument_id: 'equity:XNYS:ACME' }))
    const lake = folder.lake()
    const input = await folder.write('currencies.ndjson', ndjson(rows))
    const record = await lake.run({ runId: 'currencies', input: [input], allowDqBreach: true })
    expect(record.pipes).toMatchObject([
      { accepted: 7, quarantined: 3, rules: { unknown_currency: 3, currency_code: 2 } },
    ])
    const refused = await lake.rows(
      `SELECT record->>'currency' AS code FROM quarantine.market_events WHERE list_contains(rules, 'unknown_currency') ORDER BY 1`,
    )
    expect(refused.map(({ code }) => code)).toEqual(['Gbp', 'QQQ', 'gbp'])
  })
})

describe('a file with the name of a table that Sluice has', () => {
  it.each(['currencies', 'calendar_sessions'])('is refused by validate: %s.csv', async name => {
    const taken = await projectFolder()
    try {
      await taken.write(`${name}.csv`, 'code\nPLN\n')
      const findings = await validateProject(await loadProject({ folder: taken.folder }))
      expect(findings.filter(({ status }) => status === 'fail')).toEqual([
        expect.objectContaining({ subject: `${name}.csv`, detail: expect.stringContaining('another name') }),
      ])
    } finally {
      await taken.remove()
    }
  })
})

describe('a symbol of a source', () => {
  it('becomes the instrument that it meant on the day of the event; what nobody knows is quarantined, never guessed', async () => {
    await addAliases(
      'feed,ACME,equity:XWAR:SLU,2000-01-01,2024-03-05',
      'feed,ACME,equity:XNYS:ACME,2024-03-05,2025-01-01',
    )
    const at = (id: string, event_time: string, symbol: string, source: string | null = 'feed') =>
      trade(id, { event_time, instrument_id: symbol, source })
    const input = await folder.write(
      'symbols.ndjson',
      ndjson([
        at('before', '2024-03-04T23:59:59.999999Z', 'ACME'),
        at('on the day', '2024-03-05T00:00:00Z', 'ACME'),
        at('too late', '2025-01-01T00:00:00Z', 'ACME'),
        at('too early', '1999-12-31T23:59:59Z', 'ACME'),
        at('other source', '2024-03-05T12:00:00Z', 'ACME', 'stooq'),
        at('no source', '2024-03-05T12:00:00Z', 'ACME', null),
        at('other case', '2024-03-05T12:00:00Z', 'acme'),
        at('an id', '2024-03-05T12:00:00Z', 'equity:XNYS:ACME'),
      ]),
    )
    const lake = folder.lake()
    const record = await lake.run({ runId: 'symbols', input: [input], allowDqBreach: true })

    expect(record.pipes).toMatchObject([{ in: 8, accepted: 3, quarantined: 5, rules: { unknown_instrument: 5 } }])
    expect(await lake.rows('SELECT event_id, instrument_id FROM silver.market_events ORDER BY event_time')).toEqual([
      { event_id: 'before', instrument_id: 'equity:XWAR:SLU' },
      { event_id: 'on the day', instrument_id: 'equity:XNYS:ACME' },
      { event_id: 'an id', instrument_id: 'equity:XNYS:ACME' },
    ])
    expect(await lake.rows('SELECT DISTINCT instrument_id FROM bronze.market_events ORDER BY 1')).toHaveLength(3)
    expect(
      await lake.rows(`SELECT DISTINCT record->>'instrument_id' AS symbol FROM quarantine.market_events ORDER BY 1`),
    ).toEqual([{ symbol: 'ACME' }, { symbol: 'acme' }])
  })

  it('is one with its instrument when keys are compared', async () => {
    const input = await folder.write(
      'same.ndjson',
      ndjson([
        trade('e', { source: 'stooq', instrument_id: 'acme.us' }),
        trade('e', { source: 'stooq', instrument_id: 'equity:XNYS:ACME' }),
      ]),
    )
    const record = await folder.lake().run({ runId: 'same', input: [input] })
    expect(record.pipes).toMatchObject([{ in: 2, accepted: 1, duplicate: 1 }])
  })

  it('that was unknown is resolved by a later alias, from the same bytes', async () => {
    const lake = folder.lake()
    const input = await folder.write('later.ndjson', ndjson([trade('e', { source: 'feed', instrument_id: 'LATE' })]))
    const first = await lake.run({ runId: 'first', input: [input], allowDqBreach: true })
    await addAliases('feed,LATE,equity:XNYS:ACME,,')
    const second = await lake.run({ runId: 'second', input: [input], replace: true })
    expect([first.pipes[0]?.accepted, second.pipes[0]?.accepted]).toEqual([0, 1])
    expect((await errorOf(lake.run({ runId: 'first', input: [input], allowDqBreach: true }))).code).toBe(
      'SLUICE_RUN_ID_TAKEN',
    )
  })
})

describe('reference tables', () => {
  it('can be joined by a query, with the types of their columns', async () => {
    const rows = await folder.lake().rows(
      `SELECT a.symbol, i.price_can_be_negative AS negative, c.minor_units FROM instrument_aliases a
       JOIN instruments i USING (instrument_id) JOIN reference.currencies c ON c.code = i.currency
       WHERE a.source = 'stooq' AND DATE '2024-01-01' >= a.valid_from AND a.valid_to IS NULL ORDER BY 1`,
    )
    expect(rows).toEqual([
      { symbol: 'acme.us', negative: false, minor_units: '2' },
      { symbol: 'slu', negative: false, minor_units: '2' },
      { symbol: 'wrld.de', negative: false, minor_units: '2' },
    ])
  })

  it('state old amounts in the currency of a day', async () => {
    const [row] = await folder.lake().rows(
      `SELECT to_currency, (1000::DECIMAL(38,9) / factor)::DECIMAL(38,6) AS amount FROM redenominations
       WHERE from_currency = 'BGL' AND effective_date <= DATE '2026-06-30' ORDER BY steps DESC LIMIT 1`,
    )
    expect(row).toEqual({ to_currency: 'EUR', amount: '0.511292' })
  })

  it('can be joined by a model, and a model that misspells one is found without a row', async () => {
    const sql = await readFile(join(folder.folder, 'models/gold/risk_summary.sql'), 'utf8')
    const joined = sql.replace(
      'FROM gold.risk_metrics',
      'FROM gold.risk_metrics SEMI JOIN reference.instruments USING (instrument_id)',
    )
    expect(joined).not.toBe(sql)
    const findings = async (text: string) => {
      const project = await loadProject({ folder: folder.folder })
      const models = project.models.map(model => (model.table === 'risk_summary' ? loadModel(text, model.file) : model))
      return (await validateProject({ ...project, models })).filter(finding => finding.status !== 'ok')
    }
    expect(await findings(joined)).toEqual([])
    expect(await findings(joined.replace('reference.instruments', 'reference.instrumnts'))).toMatchObject([
      { subject: 'models/gold/risk_summary.sql', detail: expect.stringContaining('instrumnts') },
    ])
  })

  it('are there when a run derives', async () => {
    const models = folder.project.models
      .filter(model => model.table !== 'risk_summary')
      .map(model =>
        model.table === 'price_bars'
          ? { ...model, sql: `SELECT * FROM (${model.sql}) SEMI JOIN reference.instruments USING (instrument_id)` }
          : model,
      )
    const lake = folder.lake({ models })
    await lake.run({ input: [await folder.write('derive.ndjson', ndjson([trade('e')]))] })
    expect(await lake.rows(`SELECT DISTINCT instrument_id FROM gold.price_bars`)).toEqual([
      { instrument_id: 'crypto:coingecko:bitcoin' },
    ])
  })

  it('have a table for every other CSV file of the project, all of it text', async () => {
    await folder.write('sectors.csv', 'instrument_id,sector\nequity:XNYS:ACME,01\n')
    const lake = folder.lake({
      references: { ...folder.project.references, sectors: join(folder.folder, 'sectors.csv') },
    })
    expect(await lake.rows('SELECT sector FROM reference.sectors')).toEqual([{ sector: '01' }])
  })
})

describe('a fault in a reference file', () => {
  beforeEach(() => addAliases('stooq,acme.us,equity:XNYS:ACME,,', 'stooq,x,equity:XNYS:ACNE,,'))

  it('is found by validate, file, line and column', async () => {
    const findings = await validateProject(await loadProject({ folder: folder.folder }))
    expect(findings.filter(finding => finding.status !== 'ok')).toEqual([
      expect.objectContaining({ subject: 'instrument_aliases.csv', place: 'instrument_aliases.csv:10:1' }),
      expect.objectContaining({ subject: 'instrument_aliases.csv', place: 'instrument_aliases.csv:11:9' }),
    ])
    expect(findings).toContainEqual({
      subject: 'instruments.csv',
      status: 'ok',
      detail: 'reference.instruments: 8 rows',
    })
  })

  it('stops a run before anything is written, and says all of them', async () => {
    const lake = folder.lake()
    const input = await folder.write('one.ndjson', ndjson([trade('e')]))
    const error = await errorOf(lake.run({ input: [input] }))
    expect(error).toMatchObject({
      code: 'SLUICE_REFERENCE_INVALID',
      place: { file: 'instrument_aliases.csv', line: 10, column: 1 },
    })
    expect(error.message).toContain('(and 1 more)')
    expect(await lake.files('bronze')).toEqual({})
  })

  it('does not stop a query that needs no reference table', async () => {
    expect(await folder.lake().rows('SELECT count(*) AS n FROM silver.bars')).toEqual([{ n: '0' }])
  })
})

it('a contract that joins on a file which the project lacks is refused', async () => {
  const { instruments: _instruments, ...references } = folder.project.references
  const input = await folder.write('one.ndjson', ndjson([trade('e')]))
  expect((await errorOf(folder.lake({ references }).run({ input: [input] }))).code).toBe('SLUICE_CONTRACT_INVALID')
})

it('a file that is not UTF-8 is refused', async () => {
  await writeFile(join(folder.folder, 'instruments.csv'), Buffer.from([0x69, 0xff, 0xfe]))
  expect((await errorOf(validateProject(folder.project))).message).toContain('it is not UTF-8')
})
