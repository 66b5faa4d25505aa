import { describe, expect, it } from 'vitest'
import { nextPage, type PagedAnswer } from '../../../src/sources/http/paging.js'
import type { Paging } from '../../../src/sources/source.js'

const FIRST = 'https://api.example.com/v1/rows?from=2024-01-01&page=1'

function answer(body: unknown, headers: Record<string, string> = {}): PagedAnswer {
  return { headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }
}

const rows = (count: number) => ({ data: Array.from({ length: count }, (_, i) => ({ i })) })

describe('paging by page number', () => {
  const paging: Paging = { by: 'page', param: 'page', start: 1, size: 3, records: '$.data[*]', maxPages: 4 }

  it('asks for the next page while pages are full, and keeps the rest of the address', () => {
    expect(nextPage(paging, FIRST, answer(rows(3)), 1)).toBe('https://api.example.com/v1/rows?from=2024-01-01&page=2')
    expect(nextPage(paging, FIRST, answer(rows(2)), 1)).toBeUndefined()
    expect(nextPage(paging, FIRST, answer(rows(3)), 4)).toBeUndefined()
  })

  it('without a size goes on until a page has nothing', () => {
    const { size: _, ...open } = paging
    expect(nextPage(open, FIRST, answer(rows(1)), 1)).toContain('page=2')
    expect(nextPage(open, FIRST, answer(rows(0)), 1)).toBeUndefined()
  })

  it('counts the lines of a CSV without its header', () => {
    const csv: Paging = { ...paging, records: 'csv', size: 2 }
    expect(nextPage(csv, FIRST, answer('a\n1\n2\n'), 1)).toContain('page=2')
    expect(nextPage(csv, FIRST, answer('a\n1\n'), 1)).toBeUndefined()
  })

  it('stops at a body that it cannot read', () => {
    expect(nextPage(paging, FIRST, answer('{"data": ['), 1)).toBeUndefined()
  })
})

describe('paging by offset', () => {
  it('moves by the size of a page', () => {
    const paging: Paging = { by: 'offset', param: 'skip', size: 2, records: '$', maxPages: 100 }
    expect(nextPage(paging, 'https://a.example/x?skip=4', answer([1, 2]), 3)).toBe('https://a.example/x?skip=6')
    expect(nextPage(paging, 'https://a.example/x?skip=4', answer([1]), 3)).toBeUndefined()
  })
})

describe('paging by cursor', () => {
  const paging: Paging = { by: 'cursor', param: 'after', path: '$.meta.next', maxPages: 100 }

  it('passes the cursor on, encoded and exact', () => {
    expect(nextPage(paging, 'https://a.example/x', answer({ meta: { next: 'a/b=' } }), 1)).toBe(
      'https://a.example/x?after=a%2Fb%3D',
    )
    expect(nextPage(paging, 'https://a.example/x', answer('{"meta":{"next":12345678901234567890}}'), 1)).toBe(
      'https://a.example/x?after=12345678901234567890',
    )
  })

  it.each([{}, { meta: null }, { meta: { next: null } }, { meta: { next: '' } }, { meta: { next: false } }])(
    'ends with %j',
    body => {
      expect(nextPage(paging, 'https://a.example/x?after=1', answer(body), 2)).toBeUndefined()
    },
  )

  it('ends at a cursor that repeats itself', () => {
    expect(nextPage(paging, 'https://a.example/x?after=7', answer({ meta: { next: 7 } }), 2)).toBeUndefined()
  })
})

describe('paging by link', () => {
  const paging: Paging = { by: 'link', maxPages: 100 }

  it.each([
    ['</v1/rows?page=2>; rel="next", </v1/rows?page=9>; rel="last"'],
    [
      '<https://api.example.com/v1/rows?page=1>; rel=prev, <https://api.example.com/v1/rows?page=2>; title="a, b"; rel=next',
    ],
    ['<https://api.example.com/v1/rows?page=2>;rel="last next"'],
  ])('reads %s', link => {
    expect(nextPage(paging, FIRST, answer([], { link }), 1)).toBe('https://api.example.com/v1/rows?page=2')
  })

  it.each([undefined, '', '</x>; rel="prev"', '</x>; rel="nextish"', '<http://[>; rel=next'])('ends with %j', link => {
    expect(nextPage(paging, FIRST, answer([], link === undefined ? {} : { link }), 1)).toBeUndefined()
  })

  it('never leaves the origin, where the key would go along', () => {
    const link = '<http://evil.example/v1/rows?page=2>; rel="next"'
    expect(nextPage(paging, FIRST, answer([], { link }), 1)).toBe('https://api.example.com/v1/rows?page=2')
  })

  it('takes the link from the body, without the key in it', () => {
    const inBody: Paging = { by: 'link', path: '$.next', without: 'apikey', maxPages: 100 }
    const body = { next: 'https://api.example.com/v1/rows?page=2&apikey=SECRET' }
    expect(nextPage(inBody, FIRST, answer(body), 1)).toBe('https://api.example.com/v1/rows?page=2')
  })
})
