import { describe, expect, it } from 'vitest'
import { ask, askJson } from './asking.js'

interface Item {
  readonly time: string
  readonly price: string
}
const SPAN = 'from=2026-11-01T00:00:00Z&to=2026-11-02T01:00:00Z'
const all = askJson<Item[]>('http', `/all/a.json?${SPAN}`)

describe('the generic API', () => {
  it('has a row per step of a half-open span', () => {
    expect(all).toHaveLength(25)
    expect([all[0]!.time, all.at(-1)!.time]).toEqual(['2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z'])
    expect(askJson<Item[]>('http', `/all/a.json?${SPAN}&step=1d`)).toHaveLength(2)
    expect(askJson<Item[]>('http', '/all/a.json?from=2026-11-22T12:00:00Z&to=2027-01-01T00:00:00Z')).toHaveLength(1)
  })

  it('has the same rows as CSV', () => {
    const { body, headers } = ask('http', `/all/a.csv?${SPAN}`)
    const [header, ...rows] = body.trimEnd().split('\n')
    expect([headers['content-type'], header]).toEqual(['text/csv; charset=utf-8', 'time,series,price,volume'])
    expect(rows.map(row => row.split(',')[2])).toEqual(all.map(({ price }) => price))
  })

  it('gives all rows by pages', () => {
    const page = (number: number) =>
      askJson<{ page: number; pages: number; total: number; items: Item[] }>(
        'http',
        `/page/a.json?${SPAN}&per_page=10&page=${number}`,
      )
    expect(page(1)).toMatchObject({ page: 1, pages: 3, total: 25 })
    expect([1, 2, 3].flatMap(number => page(number).items)).toEqual(all)
    expect(page(4).items).toEqual([])
  })

  it('gives all rows by offsets', () => {
    const at = (offset: number) =>
      askJson<{ total: number; items: Item[] }>('http', `/offset/a.json?${SPAN}&limit=20&offset=${offset}`).items
    expect([...at(0), ...at(20)]).toEqual(all)
  })

  it('gives all rows by cursors', () => {
    const found: Item[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { items: Item[]; next_cursor: string | null } = askJson(
        'http',
        `/cursor/a.json?${SPAN}&limit=10&cursor=${cursor}`,
      )
      found.push(...page.items)
      cursor = page.next_cursor
    }
    expect(found).toEqual(all)
  })

  it('gives all rows by links', () => {
    const found: Item[] = []
    for (let target: string | undefined = `/link/a.json?${SPAN}&per_page=10`; target !== undefined; ) {
      const answer = ask('http', target)
      found.push(...(JSON.parse(answer.body) as Item[]))
      target = /^<http:\/\/simulator\/root(.*)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1]
    }
    expect(found).toEqual(all)
  })

  it.each([
    ['auth-header', { 'x-api-key': 'right' }, ''],
    ['auth-bearer', { authorization: 'Bearer right' }, ''],
    ['auth-query', {}, '&api_key=right'],
  ])('takes a key by %s', (auth, headers, query) => {
    const target = `/${auth}/all/a.json?${SPAN}${query}`
    expect(ask('http', target, { headers, key: 'right' }).status).toBe(200)
    expect(ask('http', target, { headers, key: 'other' }).status).toBe(401)
    expect(ask('http', `/${auth}/all/a.json`).status).toBe(401)
  })

  it.each(['/all/a.xml', '/some/a.json', '/auth-none/all/a.json'])('does not know %s', target => {
    expect([404, 401]).toContain(ask('http', target).status)
  })

  it.each(['from=never', 'step=1y', 'limit=0&offset=0', 'offset=-1'])('refuses %s', query => {
    expect(ask('http', `/offset/a.json?${query}`).status).toBe(400)
  })
})
