import { describe, expect, it } from 'vitest'
import { ask, type Question } from './asking.js'

const csv = (query: string, question: Question = {}): string[] =>
  ask('stooq', `/q/d/l/?apikey=k&${query}`, question)
    .body.split('\r\n')
    .filter(line => line !== '')

describe('CSV of Stooq', () => {
  it('has a bar per session, lines that end in CR LF, and the newest last', () => {
    const { body, headers } = ask('stooq', '/q/d/l/?s=aapl.us&d1=20261124&d2=20261130&i=d&apikey=k', {
      now: Date.parse('2026-12-01T00:00:00Z'),
    })
    expect(headers['content-type']).toBe('text/csv')
    expect(body.endsWith('\r\n')).toBe(true)
    const [header, ...rows] = body.trimEnd().split('\r\n')
    expect(header).toBe('Date,Open,High,Low,Close,Volume')
    // Thanksgiving is missing.
    expect(rows.map(row => row.split(',')[0])).toEqual(['2026-11-24', '2026-11-25', '2026-11-27', '2026-11-30'])
    for (const row of rows) {
      const [open, high, low, close] = row.split(',').slice(1).map(Number) as [number, number, number, number]
      expect(high).toBeGreaterThanOrEqual(Math.max(open, close))
      expect(low).toBeLessThanOrEqual(Math.min(open, close))
    }
  })

  it.each(['usdpln', 'xauusd'])('has no volume for %s', symbol => {
    expect(csv(`s=${encodeURIComponent(symbol)}&d1=20261101`)[0]).toBe('Date,Open,High,Low,Close')
  })

  it.each([
    ['by its own address', () => ask('stooq-pl', '/q/d/l?s=pkn&d1=20261101&apikey=k')],
    ['by lang', () => ask('stooq', '/q/d/l?s=pkn&d1=20261101&apikey=k&lang=pl')],
    ['by host', () => ask('stooq', '/q/d/l?s=pkn&d1=20261101&apikey=k', { headers: { host: 'stooq.pl' } })],
  ])('is Polish %s', (_, answer) => {
    expect(answer().body.split('\r\n')[0]).toBe('Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen')
  })

  it('joins days into weeks, each dated by its last day', () => {
    const days = csv('s=msft.us&d1=20261102&d2=20261113')
    const weeks = csv('s=msft.us&d1=20261102&d2=20261113&i=w')
    expect(weeks.slice(1).map(row => row.split(',')[0])).toEqual(['2026-11-06', '2026-11-13'])
    expect(weeks[1]!.split(',')[1]).toBe(days[1]!.split(',')[1])
    expect(weeks[1]!.split(',')[4]).toBe(days[5]!.split(',')[4])
  })

  it('lowers old prices of shares, with long fractions, unless told not to', () => {
    const old = 's=aapl.us&d1=20200106&d2=20200110'
    const [adjusted, raw] = [csv(old)[1]!.split(',')[1]!, csv(`${old}&o=1111111`)[1]!.split(',')[1]!]
    expect(Number(adjusted)).toBeLessThan(Number(raw))
    expect(adjusted).toMatch(/\.\d{6,}$/)
    expect(raw).toMatch(/^\d+(\.\d{1,2})?$/)
    // A year later, the same day has another price.
    expect(csv(old, { now: Date.parse('2027-11-22T12:00:00Z') })[1]!.split(',')[1]).not.toBe(adjusted)
  })

  it('has pence in London, and a hundred yen', () => {
    const price = (symbol: string): number => Number(csv(`s=${symbol}&d1=20261116`)[1]!.split(',')[4])
    expect(price('hsba.uk')).toBeGreaterThan(300)
    expect(price('jpypln')).toBeGreaterThan(1)
  })
})

describe('what Stooq says with 200', () => {
  it.each([
    ['stooq', '/q/d/l/?s=nothing.zz&apikey=k', 'No data'],
    ['stooq-pl', '/q/d/l/?s=nothing.zz&apikey=k', 'Brak danych'],
    ['stooq', '/q/d/l/?s=aapl.us&d1=20261121&d2=20261122&apikey=k', 'No data'],
    ['stooq', '/q/d/l/?s=aapl.us&apikey=wrong', 'Access denied'],
    ['stooq-pl', '/q/d/l/?s=pkn&apikey=wrong', 'Odmowa dostępu'],
  ] as const)('%s %s: %s', (provider, target, body) => {
    const answer = ask(provider, target, target.includes('wrong') ? { key: 'right' } : {})
    expect([answer.status, answer.body]).toEqual([200, body])
  })

  it('to one without a key is a page for browsers', () => {
    const { status, headers, body } = ask('stooq', '/q/d/l/?s=aapl.us')
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(body).toMatch(/^<!DOCTYPE html>/)
  })
})
