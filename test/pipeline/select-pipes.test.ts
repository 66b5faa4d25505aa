import { describe, expect, it } from 'vitest'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { selectPipes } from '../../src/pipeline/pipes/select-pipes.js'
import { feedersOf } from '../../src/pipeline/registry/feeders.js'
import { contractOf } from '../support/projects.js'
import { refusal } from '../support/refusal.js'

const PIPES = [
  ...parsePipes(
    `pipes:
  - { name: nbp-a, source: nbp.rates, contract: fx_rates, tags: [fx, daily] }
  - { name: nbp-gold, source: nbp.gold, contract: market_events, tags: [metal, daily] }
`,
    'pipes/fx/nbp.yaml',
  ),
  ...parsePipes(
    `pipes:
  - { name: "coin-{id}", source: sample.bars, contract: bars, tags: [crypto], for_each: { id: [btc, eth] } }
  - { name: coin-old, source: sample.bars, contract: bars, tags: [crypto], enabled: false }
`,
    'pipes/crypto.yaml',
  ),
]

const MAKING = {
  contracts: [
    contractOf('bars', ['x']),
    contractOf('fx_rates', ['x']),
    contractOf('market_events', ['x']),
    contractOf('macro', ['x']),
  ],
  models: [
    { table: 'price_bars', sql: 'SELECT * FROM silver.bars' },
    { table: 'fx_daily', sql: "SELECT 'silver.market_events' -- gold.price_bars\nFROM silver.fx_rates_versions" },
    { table: 'risk', sql: 'SELECT * FROM gold.price_bars JOIN "gold"."fx_daily" USING (x)' },
  ],
}

function names(select: string | readonly string[], exclude: readonly string[] = []): string[] {
  return selectPipes(PIPES, { select: [select].flat(), exclude }, MAKING).map(pipe => pipe.name)
}

describe('a selection', () => {
  it.each([
    ['source:nbp', ['nbp-a', 'nbp-gold']],
    ['source:nbp.rates', ['nbp-a']],
    ['source:sample.*', ['coin-btc', 'coin-eth']],
    ['contract:bars', ['coin-btc', 'coin-eth']],
    ['pipes/fx/*', ['nbp-a', 'nbp-gold']],
    ['pipes/fx', ['nbp-a', 'nbp-gold']],
    ['./pipes/crypto.yaml', ['coin-btc', 'coin-eth']],
    ['path:pipes/*.yaml', ['nbp-a', 'nbp-gold', 'coin-btc', 'coin-eth']],
    ['group:crypto', ['coin-btc', 'coin-eth']],
    ['tag:daily,source:nbp.gold', ['nbp-gold']],
    ['coin-*,*-eth', ['coin-eth']],
    ['+bars', ['coin-btc', 'coin-eth']],
    ['+silver.bars', ['coin-btc', 'coin-eth']],
    ['+gold.fx_daily', ['nbp-a']],
    ['+risk', ['nbp-a', 'coin-btc', 'coin-eth']],
    ['+risk,tag:crypto', ['coin-btc', 'coin-eth']],
    ['nbp-a+', ['nbp-a']],
    ['+nbp-a', ['nbp-a']],
    ['price_bars+', ['coin-btc', 'coin-eth']],
  ])('takes %s', (term, expected) => {
    expect(names(term)).toEqual(expected)
  })

  it('adds what several values select, and leaves out what is excluded', () => {
    expect(names(['tag:metal', 'coin-btc'])).toEqual(['nbp-gold', 'coin-btc'])
    expect(names([], ['tag:daily'])).toEqual(['coin-btc', 'coin-eth'])
    expect(names(['+risk'], ['coin-*'])).toEqual(['nbp-a'])
  })

  it.each([
    [['tag:fy'], [], 'Did you mean "tag:fx"?'],
    [['source:npb'], [], 'Did you mean "source:nbp"?'],
    [['pipes/fy/*'], [], 'pipes/fy/*'],
    [['+rusk'], [], 'Did you mean "risk"?'],
    [['+macro'], [], 'No pipe feeds "macro"'],
    [['tag:fx,tag:metal'], [], 'No pipe is in all of tag:fx and tag:metal'],
    [['nbp-a'], ['tag:fx'], 'excluded'],
    [['nbp-a'], ['tag:fxx'], 'Did you mean "tag:fx"?'],
    [['coin-old'], [], 'disabled'],
  ])('refuses %j without %j', async (select, exclude, message) => {
    const error = await refusal(() => names(select, exclude))
    expect(error.code).toBe('SLUICE_PIPE_UNKNOWN')
    expect(error.message).toContain(message)
  })
})

describe('feedersOf', () => {
  it('does not follow names in texts and comments', () => {
    expect(feedersOf('fx_daily', MAKING)).toEqual(new Set(['fx_rates']))
  })

  it('ends where models read each other in a circle', () => {
    const models = [
      { table: 'a', sql: 'SELECT * FROM gold.b, silver.bars' },
      { table: 'b', sql: 'SELECT * FROM gold.a' },
    ]
    expect(feedersOf('b', { ...MAKING, models })).toEqual(new Set(['bars']))
  })
})
