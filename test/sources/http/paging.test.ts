import { describe, expect, it } from 'vitest'
import { type AskedPage, markOf, nextPage, type PagedAnswer } from '../../../src/sources/http/paging.js'
import type { Paging } from '../../../src/sources/source.js'

const FIRST = 'https://api.example.com/v1/rows?from=2024-01-01&page=1'
const LAST = { outcome: 'last' }

function answer(body: unknown, headers: Record<string, string> = {}): PagedAnswer {
  return { headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }
}

function asked(url: string, page = 1, mark = url): AskedPage {
  return { url, page, mark }
}

const next = (url: string) => ({ outcome: 'next', url })
const cut = (why: RegExp) => ({ outcome: 'cut', why: expect.stringMatching(why) })
const rows = (count: number) => ({ data: Array.from({ length: count }, (_, i) => ({ i })) })

describe('paging by page number', () => {
  const paging: Paging = { by: 'page', param: 'page', start: 1, size: 3, maxPages: 4 }
  const following = (body: unknown, page = 1, of = paging, records = '$.data[*]') =>
    nextPage(of, records, asked(FIRST, page), answer(body))

  it('asks for the next page while pages are full, and keeps the rest of the address', () => {
    expect(following(rows(3))).toEqual(next('https://api.example.com/v1/rows?from=2024-01-01&page=2'))
    expect(following(rows(2))).toEqual(LAST)
  })

  it('says that there is more than may be asked for', () => {
    expect(following(rows(3), 4)).toEqual(cut(/more pages than the 4/))
    expect(following(rows(2), 4)).toEqual(LAST)
  })

  it('without a size goes on until a page has nothing', () => {
    const open: Paging = { by: 'page', param: 'page', start: 1, maxPages: 4 }
    expect(following(rows(1), 1, open)).toEqual(next('https://api.example.com/v1/rows?from=2024-01-01&page=2'))
    expect(following(rows(0), 1, open)).toEqual(LAST)
  })

  it('counts the lines of a CSV without its header', () => {
    const csv: Paging = { by: 'page', param: 'page', start: 1, size: 2, maxPages: 4 }
    expect(following('a\n1\n2\n', 1, csv, 'csv')).toMatchObject({ outcome: 'next' })
    expect(following('a\n1\n', 1, csv, 'csv')).toEqual(LAST)
  })

  it('does not take a body that it cannot read for the last', () => {
    expect(following('{"data": [')).toEqual(cut(/page 1 cannot be read/))
  })
})

describe('a byte order mark before a page', () => {
  const cursor: Paging = { by: 'cursor', param: 'cursor', path: '$.next', maxPages: 9 }
  const offset: Paging = { by: 'offset', param: 'skip', size: 2, maxPages: 9 }

  it('does not hide the pages after it', () => {
    const page = asked('https://a.example/x?skip=0')
    expect(nextPage(cursor, '$', page, answer('\uFEFF{"next":"n2"}'))).toEqual(
      next('https://a.example/x?skip=0&cursor=n2'),
    )
    expect(nextPage(offset, '$', page, answer('\uFEFF[1,2]'))).toEqual(next('https://a.example/x?skip=2'))
    expect(nextPage(offset, '$', page, answer('\uFEFF[1]'))).toEqual(LAST)
  })
})

describe('paging by offset', () => {
  it('moves by the size of a page', () => {
    const paging: Paging = { by: 'offset', param: 'skip', size: 2, maxPages: 100 }
    const third = asked('https://a.example/x?skip=4', 3)
    expect(nextPage(paging, '$', third, answer([1, 2]))).toEqual(next('https://a.example/x?skip=6'))
    expect(nextPage(paging, '$', third, answer([1]))).toEqual(LAST)
  })
})

describe('paging by cursor', () => {
  const paging: Paging = { by: 'cursor', param: 'after', path: '$.meta.next', maxPages: 100 }
  const following = (body: unknown, page = asked('https://a.example/x')) =>
    nextPage(paging, '$.data', page, answer(body))

  it('passes the cursor on, encoded and exact', () => {
    expect(following({ meta: { next: 'a/b=' } })).toEqual(next('https://a.example/x?after=a%2Fb%3D'))
    expect(following('{"meta":{"next":12345678901234567890}}')).toEqual(
      next('https://a.example/x?after=12345678901234567890'),
    )
  })

  it.each([
    {},
    { meta: null },
    { meta: { next: null } },
    { meta: { next: '' } },
    { meta: { next: false } },
    { meta: { next: 0 } },
  ])('ends with %j', body => {
    expect(following(body, asked('https://a.example/x?after=1', 2))).toEqual(LAST)
  })

  it.each([{ meta: { next: { x: 1 } } }, { meta: { next: [7] } }, { meta: { next: true } }])(
    'does not take %j for the end',
    body => {
      expect(following(body)).toEqual(cut(/no text or number/))
    },
  )

  it('ends at an empty page that names itself, and not at a full one', () => {
    const here = asked('https://a.example/x?after=7', 2)
    expect(following({ data: [], meta: { next: 7 } }, here)).toEqual(LAST)
    expect(following({ data: [1], meta: { next: 7 } }, here)).toEqual(cut(/asked for already/))
  })

  it.each([1, 2, 3, 5, 17])('finds a circle of %i pages behind a tail, before it is gone round four times', length => {
    const tail = 6
    let page = asked('https://a.example/x?after=1')
    for (let at = 1; at <= tail + 4 * length + 2; at++) {
      const to = at < tail ? at + 1 : tail + ((at - tail + 1) % length)
      const found = following({ data: [1], meta: { next: to } }, page)
      if (found.outcome === 'cut') return
      expect(found.outcome).toBe('next')
      page = { url: (found as { url: string }).url, page: page.page + 1, mark: markOf(page) }
    }
    expect.fail('the circle was not found')
  })
})

describe('paging by link', () => {
  const paging: Paging = { by: 'link', maxPages: 100 }
  const following = (headers: Record<string, string>) => nextPage(paging, '$', asked(FIRST), answer([1], headers))

  it.each([
    ['</v1/rows?page=2>; rel="next", </v1/rows?page=9>; rel="last"'],
    [
      '<https://api.example.com/v1/rows?page=1>; rel=prev, <https://api.example.com/v1/rows?page=2>; title="a, b"; rel=next',
    ],
    ['<https://api.example.com/v1/rows?page=2>;rel="last next"'],
    ['<http://api.example.com/v1/rows?page=2>; rel=next'],
  ])('reads %s', link => {
    expect(following({ link })).toEqual(next('https://api.example.com/v1/rows?page=2'))
  })

  it.each([undefined, '', '</x>; rel="prev"', '</x>; rel="nextish"'])('ends with %j', link => {
    expect(following(link === undefined ? {} : { link })).toEqual(LAST)
  })

  it('never leaves the origin, where the key would go along', () => {
    expect(following({ link: '<http://evil.example/v1/rows?page=2>; rel="next"' })).toEqual(
      cut(/at another host, evil\.example/),
    )
    expect(following({ link: '<https://api.example.com:8443/v1/rows?page=2>; rel="next"' })).toEqual(
      cut(/another host/),
    )
  })

  it('says so when the link is no address', () => {
    expect(following({ link: '<http://[>; rel=next' })).toEqual(cut(/no address/))
  })

  it('takes the link from the body, without the key in it', () => {
    const inBody: Paging = { by: 'link', path: '$.next', without: 'apikey', maxPages: 100 }
    const body = { next: 'https://api.example.com/v1/rows?page=2&apikey=SECRET' }
    expect(nextPage(inBody, '$.data', asked(FIRST), answer(body))).toEqual(
      next('https://api.example.com/v1/rows?page=2'),
    )
  })
})
