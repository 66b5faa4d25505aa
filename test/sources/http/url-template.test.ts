import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SluiceError } from '../../../src/core/errors.js'
import { type UrlParts, urlTemplate } from '../../../src/sources/http/url-template.js'

const MAY = { startMs: Date.parse('2026-05-01T00:00Z'), endMs: Date.parse('2026-06-01T00:00Z') }
const BASE = 'https://api.example.com/v1'

function fill(parts: Partial<UrlParts>, params: Record<string, string> = {}): string {
  const template = urlTemplate({ base: BASE, path: '', ...parts }, { params: Object.keys(params), asks: 'interval' })
  return template({ params, interval: MAY })
}

function refusal(parts: Partial<UrlParts>, asks: 'interval' | 'now' = 'interval'): SluiceError {
  const place = { file: 'pipes/a.yaml', line: 7, column: 3 }
  try {
    urlTemplate({ base: BASE, path: '', ...parts }, { params: ['code', 'table'], asks }, place)
  } catch (thrown) {
    return thrown as SluiceError
  }
  throw new Error('the template was accepted')
}

describe('urlTemplate', () => {
  it('asks for a half-open interval by its last day where the provider counts that in', () => {
    expect(fill({ path: '/rates/{table}/{start:date}/{end:last-date}' }, { table: 'A' })).toBe(
      `${BASE}/rates/A/2026-05-01/2026-05-31`,
    )
  })

  it('writes the edges of an interval in each format', () => {
    const formats = ['date', 'yyyymmdd', 'dd-mm-yyyy', 'yyyymm', 'year', 'iso', 's', 'ms', 'last-ms', 'last-s']
    const query = Object.fromEntries(formats.map(format => [format, `{end:${format}}`]))
    expect(Object.fromEntries(new URL(fill({ query })).searchParams)).toEqual({
      date: '2026-06-01',
      yyyymmdd: '20260601',
      'dd-mm-yyyy': '01-06-2026',
      yyyymm: '202606',
      year: '2026',
      iso: '2026-06-01T00:00:00Z',
      s: '1780272000',
      ms: '1780272000000',
      'last-ms': '1780271999999',
      'last-s': '1780271999',
    })
  })

  it('keeps whatever a value holds in its own part of the path or query', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), value => {
        fc.pre(value !== '.' && value !== '..')
        const url = new URL(fill({ path: 'a/{v}/b', query: { q: 'x {v}', z: '1' } }, { v: value }))
        expect(url.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'v1', 'a', value, 'b'])
        expect([...url.searchParams]).toEqual([
          ['q', `x ${value}`],
          ['z', '1'],
        ])
        expect(url.hash).toBe('')
      }),
    )
  })

  it('sends half a character as what stands for unknown ones', () => {
    expect(fill({ path: '{v}' }, { v: 'a\uD83D' })).toBe(`${BASE}/a%EF%BF%BD`)
  })

  it('leaves out a query parameter that comes out empty', () => {
    expect(fill({ path: '/a', query: { x: '{x}', y: '{y}' } }, { x: '', y: '1' })).toBe(`${BASE}/a?y=1`)
    expect(fill({ path: '/a', query: { x: '{x}' } }, { x: '' })).toBe(`${BASE}/a`)
  })

  it('refuses values that would ask for another thing', () => {
    for (const code of ['', '.', '..'])
      expect(() => fill({ path: '/a/{code}/b' }, { code }), code).toThrow(/Nothing was asked/)
    expect(() => fill({ path: '/a/{code}' }, { code: '..' })).toThrow(/leads out/)
  })

  it('refuses an unknown placeholder at load, with its place and the nearest known one', () => {
    expect(refusal({ path: '/rates/{tabel}' })).toMatchObject({
      code: 'SLUICE_PIPE_INVALID',
      place: 'pipes/a.yaml:7:3',
      message: expect.stringContaining('Did you mean "table"?'),
    })
    expect(refusal({ query: { d1: '{start:yyymmdd}' } }).message).toContain('"start:yyyymmdd"')
    for (const path of ['/{start}', '/{end:}', '/{code:date}', '/{}', '/{constructor}', '/{start:__proto__}']) {
      expect(refusal({ path }).message, path).toContain('is unknown')
    }
  })

  it('refuses an interval where a source knows only the present', () => {
    expect(refusal({ path: '/{start:date}' }, 'now').message).toContain('`{start:date}` is unknown')
  })

  it('refuses stray braces, a query in the path, and a base that is no plain http address', () => {
    for (const path of ['/a{', '/a}b', '/{{code}}', '/{code}}', '/a?b={code}', '/a#b']) {
      expect(refusal({ path }).code, path).toBe('SLUICE_PIPE_INVALID')
    }
    const withUser = refusal({ base: 'https://u:s3cret@host' }).message
    expect(withUser).toContain('holds a user name')
    expect(withUser).not.toContain('s3cret')
    for (const base of ['ftp://a', 'file:///etc', 'https://', 'https://{code}.example.com', 'x', '']) {
      expect(refusal({ base }).message, base).toContain('not an http address')
    }
  })

  it('says which value is missing when it is filled', () => {
    const template = urlTemplate({ base: BASE, path: '/{code}/{start:s}' }, { params: ['code'], asks: 'interval' })
    expect(() => template({ params: {}, interval: MAY })).toThrow('`{code}`')
    expect(() => template({ params: { code: 'a' } })).toThrow('`{start:s}`')
  })
})
