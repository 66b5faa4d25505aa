import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { exactText, plus } from '../../src/finops/decimal.js'
import { priceUsage } from '../../src/finops/price-usage.js'
import { priceListSchema, priceWarning } from '../../src/finops/prices.js'
import { type Usage, usageOf } from '../../src/finops/usage.js'

const [file = ''] = readdirSync('prices')
const list = priceListSchema.parse(JSON.parse(readFileSync(`prices/${file}`, 'utf8')))
const ARM = { architecture: 'arm', memoryGb: '1' } as const

function used(parts: Partial<Usage>): Usage {
  return usageOf(name => parts[name] ?? 0)
}

/** 1,000 sources asked each hour for 30 days: 720,000 runs of 5 s, with 6 PUT and 10 GET each. */
const HOURLY = used({
  invocations: 720_000,
  wall_ms: 720_000 * 5000,
  store_puts: 720_000 * 6,
  store_gets: 720_000 * 10,
})

function texts(usage: Usage, machine: Parameters<typeof priceUsage>[2] = ARM) {
  return Object.fromEntries(
    Object.entries(priceUsage(usage, list, machine)).map(([key, value]) => [key, exactText(value)]),
  )
}

it('a thousand sources asked each hour cost as worked by hand', () => {
  expect(texts(HOURLY)).toEqual({
    lambda_seconds: '48.00024',
    lambda_requests: '0.144',
    s3_writes: '21.6',
    s3_reads: '2.88',
    once: '72.62424',
    storage_per_month: '0',
  })
})

it('x86 and half the memory have their own price', () => {
  expect(texts(HOURLY, { architecture: 'x86', memoryGb: '0.5' })['lambda_seconds']).toBe('30.00006')
})

it('LIST costs what PUT does, HEAD what GET does, and DELETE nothing', () => {
  const cost = texts(used({ store_lists: 1000, store_heads: 1000, store_deletes: 1_000_000 }))
  expect([cost['s3_writes'], cost['s3_reads']]).toEqual(['0.005', '0.0004'])
})

it('a gigabyte that is kept for a month costs the price of one', () => {
  expect(texts(used({ bytes_written: 2 ** 30 }))).toMatchObject({ storage_per_month: '0.023', once: '0' })
})

it('parts cost exactly what the whole does', () => {
  const parts = [used({ wall_ms: 1, store_puts: 1 }), used({ wall_ms: 2, store_gets: 7, invocations: 1 })]
  const whole = used({ wall_ms: 3, store_puts: 1, store_gets: 7, invocations: 1 })
  const [a, b] = parts.map(part => priceUsage(part, list, ARM).once)
  expect(exactText(plus(a!, b!))).toBe(exactText(priceUsage(whole, list, ARM).once))
})

it('an old list is warned about, and one of the future', () => {
  const days = (count: number) => Date.parse(list.date) + count * 86_400_000
  expect(priceWarning(list, days(180))).toBeUndefined()
  expect(priceWarning(list, days(181))).toContain('181 days old')
  expect(priceWarning(list, days(-3))).toContain('not yet')
})
