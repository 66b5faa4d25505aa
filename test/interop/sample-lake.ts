import { mkdtempSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLake } from '../../src/index.js'
import { compact } from '../../src/pipeline/maintain/compact.js'
import { expire } from '../../src/pipeline/maintain/expire.js'
import { initProject } from '../../src/pipeline/project/init-project.js'

const FIXTURE = fileURLToPath(new URL('../fixtures/sample_events.json', import.meta.url))

/**
 * A project whose lake has seen the sample, a file of events over it, and a contract that grew: every layer, appends, rewritten
 * partitions, a column added, one widened, one renamed, small files joined, snapshots expired. Also benchmarks, baskets, what is held, and the sample's dollar as fixings of NBP. Gives
 * its folder.
 */
export async function makeSampleLake(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-interop-'))
  await initProject(folder)
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const run = async (runId: string, options: { input?: string[]; contract?: string }): Promise<void> => {
    const lake = await openLake({ folder })
    const record = await lake.run({ ...options, runId })
    if (record.status !== 'published') throw new Error(`${runId} ended as ${record.status}`)
  }
  await write('benchmarks.csv', BENCHMARKS)
  await write('baskets.csv', BASKETS)
  await write('garch_parameters.csv', GARCH_PARAMETERS)
  await run('sample', {})
  await run('holdings', { input: [await write('holdings.csv', HOLDINGS)], contract: 'holdings' })
  await run('fixings', { input: [await write('fixings.csv', await fixingsOf(folder))], contract: 'fx_rates' })
  await run('events', { input: [FIXTURE], contract: 'market_events' })
  await write('contracts/settlements.odcs.yaml', FIRST_CONTRACT)
  await run('before', { input: [await write('before.csv', BEFORE)], contract: 'settlements' })
  await write('contracts/settlements.odcs.yaml', GROWN_CONTRACT)
  await run('after', { input: [await write('after.csv', AFTER)], contract: 'settlements' })
  await maintain(folder)
  return folder
}

/** Joins files of tables of every layer and forgets some of their snapshots; `settlements` keeps its files of each contract. */
async function maintain(folder: string): Promise<void> {
  const { project } = await openLake({ folder })
  const tables = [
    'bronze.market_events',
    'silver.market_events',
    'quarantine.market_events',
    'gold.data_quality_metrics',
  ]
  const joined = await compact(project, { tables, dryRun: false })
  if (joined.filter(({ outcome }) => outcome === 'compacted').length < 2) throw new Error('There was nothing to join.')
  const [metrics] = await expire(project, { tables: tables.slice(-1), olderThanMs: 0, keep: 3, dryRun: false })
  if (metrics?.outcome !== 'expired') throw new Error('There was nothing to expire.')
}

/** The daily closes of the sample's dollar in zlotys as the fixings that it would have been made of. */
async function fixingsOf(folder: string): Promise<string> {
  const lake = await openLake({ folder })
  const { rows } = await lake.query(
    `SELECT event_time::DATE::VARCHAR AS date, close FROM silver.bars WHERE instrument_id = 'fx:nbp:USDPLN' AND bar_interval = '1d'`,
  )
  const lines = rows.map(({ date, close }) => `fx:nbp:USDPLN,${date}T00:00:00Z,nbp,nbp:A,USD,PLN,${close}`)
  return ['instrument_id,event_time,source,fixing,base_currency,quote_currency,mid', ...lines, ''].join('\n')
}

const BENCHMARKS = `instrument_id,benchmark_id
crypto:coingecko:ethereum,crypto:coingecko:bitcoin
equity:XNYS:ACME,etf:XETR:WRLD
`

const BASKETS = `basket,instrument_id
mixed,crypto:coingecko:bitcoin
mixed,equity:XNYS:ACME
mixed,etf:XETR:WRLD
coins,crypto:coingecko:bitcoin
coins,crypto:coingecko:ethereum
coins,crypto:coingecko:solana
shares,equity:XNYS:ACME
shares,equity:XWAR:SLU
shares,etf:XETR:WRLD
`

const HOLDINGS = `portfolio,instrument_id,as_of,quantity
main,crypto:coingecko:bitcoin,2025-12-29,0.5
main,equity:XNYS:ACME,2025-12-29,-400
`

const GARCH_PARAMETERS = `instrument_id,omega,alpha,beta
crypto:coingecko:bitcoin,2.5e-5,0.08,0.9
equity:XNYS:ACME,4e-6,0.11,0.86
`

const BEFORE = `instrument_id,event_time,price,venue
equity:XNYS:ACME,2025-03-31T20:00:00Z,101.1234,XNYS
equity:XNYS:ACME,2025-04-01T20:00:00Z,102.5,
equity:XNYS:ACME,2025-04-02T20:00:00Z,99999999.9999,XNYS
equity:XNYS:ACME,2025-04-03T20:00:00Z,none,XNYS
`

const AFTER = `instrument_id,event_time,price,exchange,open_interest
equity:XNYS:ACME,2025-04-04T20:00:00Z,1234567890123456.7891,XNYS,9007199254740993
equity:XNYS:ACME,2025-05-01T20:00:00Z,100,XNYS,
`

const FIRST_CONTRACT = contract('1.0.0', 'decimal(12,4)', '      - { name: venue, logicalType: string }')

const GROWN_CONTRACT = contract(
  '1.1.0',
  'decimal(20,4)',
  `      - name: exchange
        logicalType: string
        customProperties: [{ property: renamedFrom, value: venue }]
      - { name: open_interest, logicalType: integer }`,
)

function contract(version: string, priceType: string, more: string): string {
  return `apiVersion: v3.1.0
kind: DataContract
id: settlements
version: ${version}
status: active
description: { purpose: Settlement prices. }
schema:
  - name: settlements
    logicalType: object
    properties:
      - { name: instrument_id, logicalType: string, primaryKey: true, primaryKeyPosition: 1 }
      - { name: event_time, logicalType: timestamp, primaryKey: true, primaryKeyPosition: 2 }
      - { name: price, logicalType: number, physicalType: "${priceType}" }
${more}
customProperties:
  - { property: eventTime, value: event_time }
  - { property: partition, value: month }
  - { property: mergePolicy, value: first }
`
}
