import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { readKey } from '../../../src/sources/http/read-key.js'
import { type HttpRequest, keyHeader, printedRequest, wireRequest } from '../../../src/sources/http/request.js'
import { Secret, scrubberOf } from '../../../src/sources/http/secret.js'

const VALUE = 'k3y/with+odd"chars'
const secret = new Secret(VALUE)
const folder = mkdtempSync(join(tmpdir(), 'sluice-key-'))
afterAll(() => rmSync(folder, { recursive: true }))

function request(place: NonNullable<HttpRequest['key']>['in']): HttpRequest {
  return { url: 'https://a.example/x?y=1', headers: { Accept: 'text/csv' }, key: { secret, in: place } }
}

describe('a secret', () => {
  it('does not show in any way of printing what holds it', () => {
    const holders = [secret, { secret }, [secret], new Map([['a', secret]]), request({ query: 'key' })]
    const prints = holders.flatMap(holder => [
      inspect(holder, { depth: 9, showHidden: true, getters: true }),
      JSON.stringify(holder),
      String(holder),
      `${JSON.stringify(Object.entries(holder))}`,
      JSON.stringify({ ...holder }),
    ])
    expect(prints.filter(print => print.includes('k3y'))).toEqual([])
    expect(`${secret}`).toBe('***')
    expect(secret.reveal()).toBe(VALUE)
  })

  it('has a fingerprint of its own', () => {
    expect(secret.fingerprint).toMatch(/^[0-9a-f]{8}$/)
    expect(new Secret(VALUE).fingerprint).toBe(secret.fingerprint)
    expect(new Secret('other').fingerprint).not.toBe(secret.fingerprint)
  })
})

describe('a request', () => {
  it.each([
    ['a query', { query: 'api key' }, 'https://a.example/x?y=1&api%20key=***', undefined],
    ['a header', { header: 'X-Key' }, 'https://a.example/x?y=1', 'x-key'],
    ['a bearer token', { bearer: true }, 'https://a.example/x?y=1', 'authorization'],
  ] as const)('carries its key in %s, and is printed without it', (_, place, url, header) => {
    const printed = printedRequest(request(place))
    expect(printed.url).toBe(url)
    expect(JSON.stringify(printed)).not.toContain('k3y')
    expect(keyHeader(request(place))).toBe(header)
    const sent = wireRequest(request(place))
    const shown = new URL(sent.url).searchParams.get('api key') ?? sent.headers[header ?? '']
    expect(shown).toBe('bearer' in place ? `Bearer ${VALUE}` : VALUE)
    expect(JSON.stringify(printed)).toContain('***')
  })

  it('asks whether something has changed', () => {
    const { headers } = wireRequest({ url: 'x', headers: {}, validators: { etag: '"a"', lastModified: 'Mon' } })
    expect(headers).toEqual({ 'if-none-match': '"a"', 'if-modified-since': 'Mon' })
  })
})

describe('a scrubber', () => {
  it('finds the secret plain, percent-encoded and in JSON', () => {
    const scrub = scrubberOf(secret)
    const forms = [
      VALUE,
      encodeURIComponent(VALUE),
      JSON.stringify({ VALUE }),
      new URLSearchParams({ a: VALUE }).toString(),
    ]
    for (const form of forms) expect(scrub.text(`<${form}>`), form).toMatch(/^<[^k]*\*\*\*[^k]*>$/)
  })

  it('leaves all other bytes as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (before, after) => {
        const body = Buffer.concat([before, Buffer.from(VALUE), after])
        const scrubbed = scrubberOf(secret).bytes(body)
        expect(scrubbed).toEqual(Buffer.concat([before, Buffer.from('***'), after]))
        const other = Buffer.from(before)
        expect(scrubberOf(secret).bytes(other)).toBe(other)
        expect(scrubberOf(undefined).bytes(body)).toBe(body)
      }),
    )
  })
})

describe('readKey', () => {
  const file = (text: string): string => {
    const path = join(folder, `key-${text.length}`)
    writeFileSync(path, text)
    return path
  }

  it('takes the variable, or the file that is named, without the line end', async () => {
    expect((await readKey('A', { A: 'zq9' }))?.reveal()).toBe('zq9')
    expect((await readKey('A', { A_FILE: file('zq9d\n') }))?.reveal()).toBe('zq9d')
    expect((await readKey('A', { A: '', A_FILE: file('zq9d\n') }))?.reveal()).toBe('zq9d')
  })

  it('is undefined when nothing is set', async () => {
    expect(await readKey('A', {})).toBeUndefined()
    expect(await readKey('A', { A: ' ', B: 'x' })).toBeUndefined()
  })

  it.each([
    ['both at once', () => ({ A: 'zq9', A_FILE: file('zq9d') }), /Both A and A_FILE/],
    ['a file that is not there', () => ({ A_FILE: join(folder, 'none') }), /cannot be read/],
    ['an empty file', () => ({ A_FILE: file('\n') }), /is empty/],
    ['a line break in the key', () => ({ A: 'zq9\nzq9' }), /holds a space/],
    ['letters beyond ASCII', () => ({ A: 'zq9é' }), /not ASCII/],
  ])('refuses %s without telling the value', async (_, env, message) => {
    const refused = await readKey('A', env()).catch((thrown: unknown) => thrown)
    expect(refused).toMatchObject({ code: 'SLUICE_CONFIG_INVALID', message: expect.stringMatching(message) })
    expect(inspect(refused)).not.toMatch(/zq9/)
  })
})
