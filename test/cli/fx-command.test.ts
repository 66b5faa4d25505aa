import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { NOW, type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
  const rates = [
    ['USD', 3.9876],
    ['GBP', 5.0321],
  ].map(([base_currency, mid]) => ({
    ...{ instrument_id: `fx:nbp:${base_currency}PLN`, event_time: '2026-01-05', source: 'nbp', fixing: 'nbp:A' },
    ...{ base_currency, quote_currency: 'PLN', mid, fixing_no: '002/A/NBP/2026' },
  }))
  const input = [await folder.write('rates.ndjson', ndjson(rates))]
  await fxLake().run({ input, contract: 'fx_rates', nowMs: NOW })
})
afterAll(() => folder.remove())

function fxLake() {
  const { config, models } = folder.project
  return folder.lake({ config, models: models.filter(model => model.table === 'fx_daily') })
}

async function fx(...words: string[]) {
  const terminal = fakeTerminal({ folder: folder.folder })
  const exit = await runProgram(['fx', ...words, '--on', '2026-01-05'], terminal)
  return { exit, out: terminal.out(), err: terminal.err() }
}

describe('sluice fx', () => {
  it('shows what was rounded away, and nothing of it where the amount is exact', async () => {
    expect((await fx('1000', 'USD', 'PLN')).out).not.toContain('unrounded')
    const { out } = await fx('0.001', 'USD', 'PLN')
    expect(out).toMatch(/^0\.001 USD = 0\.00 PLN\nunrounded +0\.0039876 PLN\n/)
    const json = JSON.parse((await fx('0.001', 'USD', 'PLN', '--output', 'json')).out)
    expect(json).toMatchObject({ converted: '0.00', unrounded: '0.0039876' })
  })

  it('converts pence, and as many digits as tables hold, exactly', async () => {
    expect((await fx('250', 'GBX', 'PLN')).out).toMatch(/^250 GBX = 12\.58 PLN\nunrounded +12\.58025 PLN\n/)
    const most = '99999999999999999999.999999999999999999'
    expect((await fx(most, 'USD', 'USD')).out).toContain(`unrounded   ${most} USD`)
    const { exit, err } = await fx('1'.repeat(41), 'USD', 'PLN')
    expect([exit, err]).toEqual([2, expect.stringMatching(/41 digits before the point .*at most 20 digits/s)])
  })

  it('says what a code is that has no rate, and what to do', async () => {
    expect((await fx('1', 'USDT', 'PLN')).err).toMatch(/USDT is a stablecoin.*Convert the currency itself/s)
    expect((await fx('1', 'PLZ', 'USD')).err).toMatch(/PLZ became PLN on 1995-01-01.*Convert PLN instead/s)
    expect((await fx('1', 'ZAc', 'PLN')).err).toMatch(/ZAc is a minor unit: 100 are one ZAR.*Fetch the rates/s)
    expect((await fx('1', 'PNL', 'USD')).err).toMatch(/no currency "PNL".* Did you mean "PLN"/s)
  })
})
