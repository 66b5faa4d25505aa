import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classify, type Expectation, type JudgedAnswer } from '../../../src/sources/answers/classify.js'
import { isAnswered, type Judgement } from '../../../src/sources/answers/meaning.js'
import type { AnswerRule } from '../../../src/sources/source.js'

const JSON_DUE: Expectation = { kind: 'json' }
const CSV_DUE: Expectation = { kind: 'csv', header: /^(Date|Data),/ }

function answer(body: string | Buffer, rest: Partial<JudgedAnswer> = {}): JudgedAnswer {
  return { status: 200, headers: {}, body: Buffer.from(body as string), end: 'whole', ...rest }
}

function judge(body: string | Buffer, rest: Partial<JudgedAnswer> = {}, expects = JSON_DUE): Judgement {
  return classify(answer(body, rest), [], expects)
}

const typed = (type: string): Partial<JudgedAnswer> => ({ headers: { 'content-type': type } })
const PAGE = '<!DOCTYPE html><html><body>Checking your browser</body></html>'

describe('a status', () => {
  it.each([
    [204, '', 'empty'],
    [206, '[1', 'mismatch'],
    [302, '', 'mismatch'],
    [304, '', 'mismatch'],
    [400, 'Limit of 93 days has been exceeded', 'error'],
    [401, '{"error":"key"}', 'refused'],
    [402, '', 'refused'],
    [403, 'no', 'refused'],
    [403, PAGE, 'blocked'],
    [404, 'nothing', 'error'],
    [408, '', 'unavailable'],
    [422, '{"error":"Missing parameter vs_currency"}', 'error'],
    [425, '', 'unavailable'],
    [429, PAGE, 'rate_limited'],
    [451, '', 'refused'],
    [500, '[{"looks":"fine"}]', 'unavailable'],
    [503, PAGE, 'unavailable'],
    [599, '', 'unavailable'],
  ])('%i with `%s` is %s', (status, body, meaning) => {
    expect(judge(body, { status }).meaning).toBe(meaning)
  })

  it('comes with what the provider says, on one line and not too long', () => {
    expect(judge('{"error":{"message":"no\\nsuch coin"}}', { status: 404 }).why).toBe('HTTP 404: no such coin')
    expect(judge(` plain\u0000 ${'x'.repeat(500)}`, { status: 400 }).why).toMatch(/^HTTP 400: plain x{100,200}…$/)
    expect(judge(PAGE, { status: 502 }).why).toBe('HTTP 502, a web page')
    expect(judge('', { status: 502 }).why).toBe('HTTP 502')
  })
})

describe('304', () => {
  it('says that nothing changed only to who asked whether something did', () => {
    expect(classify(answer('', { status: 304 }), [], JSON_DUE, true).meaning).toBe('unchanged')
    expect(classify(answer('', { status: 304 }), [], JSON_DUE, false).meaning).toBe('mismatch')
  })
})

describe('with 200', () => {
  it.each([
    ['records', '[{"a":1}]', 'data'],
    ['records after a byte order mark and spaces', '\uFEFF \n{"a":[1]}', 'data'],
    ['records with empty error fields', '{"error":[],"errors":null,"result":{"a":1}}', 'data'],
    ['records with a word for error in them', '[{"message":"hello","x":1},{"error":"e"}]', 'data'],
    ['a status of well-being', '{"status":{"error_code":0,"error_message":""},"data":[1]}', 'data'],
    ['an empty list', '[]', 'empty'],
    ['an empty object', ' {} ', 'mismatch'],
    ['null', 'null', 'mismatch'],
    ['a web page', PAGE, 'blocked'],
    ['a web page in other letters', '\n<HTML lang="pl">', 'blocked'],
    ['a script', '<script>challenge()</script>', 'blocked'],
    ['XML', '<?xml version="1.0"?><a/>', 'mismatch'],
    ['nothing', '', 'truncated'],
    ['blanks', ' \r\n\t', 'truncated'],
    ['half a document', '{"prices":[[1,2],[3,', 'truncated'],
    ['a document that ends in a string', '[{"a":"b', 'truncated'],
    ['a document that ends in an escape', '["a\\', 'truncated'],
    ['a document that ends in a word', '[1,tru', 'truncated'],
    ['NaN', '{"price":NaN}', 'mismatch'],
    ['-Infinity', '[1,-Infinity]', 'mismatch'],
    ['half a document with NaN', '{"price":NaN,"b":[', 'mismatch'],
    ['a comma too many', '[1,]', 'mismatch'],
    ['words', 'No data', 'mismatch'],
    ['a number', '42', 'mismatch'],
    ['a text', '"ok"', 'mismatch'],
    ['brackets in strings', '{"a":"[[["}', 'data'],
    ['ten thousand brackets', '['.repeat(10_000), 'truncated'],
  ])('%s: %#', (_, body, meaning) => {
    expect(judge(body)).toMatchObject({ meaning })
  })

  it('a web page is known by its type alone', () => {
    expect(judge('[{"a":1}]', typed('text/html; charset=utf-8')).meaning).toBe('blocked')
    expect(judge('[{"a":1}]', typed('text/plain')).meaning).toBe('data')
  })

  it('names the word that JSON does not have', () => {
    expect(judge('{"NaN":"NaN","price":NaN}').why).toBe('the JSON holds NaN, at byte 21')
    expect(judge('{"NaN":"NaN",,}').why).toBe('the text is not JSON, at byte 13')
  })

  it.each([
    ['{"status":{"error_code":429,"error_message":"Rate"}}', 'rate_limited'],
    ['{"error":{"status":{"error_code":10005,"error_message":"plan"}}}', 'error'],
    ['{"error":"coin not found"}', 'error'],
    ['{"error":"You are rate limited"}', 'rate_limited'],
    ['{"error":["EQuery:Unknown asset pair"]}', 'error'],
    ['{"error":{"code":403,"message":"no"}}', 'refused'],
    ['{"errors":{"a":"b"},"data":[1]}', 'error'],
    ['{"error":true}', 'error'],
    ['{"status":500,"error":"Internal Server Error"}', 'unavailable'],
    ['{"error_code":429,"error_message":"Too Many Requests.  Exceeded Rate Limit"}', 'rate_limited'],
    ['{"code":-1121,"msg":"Invalid symbol."}', 'error'],
    ['{"message":"Not found"}', 'error'],
    ['{"success":false,"error":{"code":104}}', 'error'],
    ['{"success":false}', 'error'],
    ['[{"message":[{"id":"120","key":"Invalid value","value":"x"}]}]', 'error'],
    ['{"Error Message":"Invalid API call"}', 'error'],
  ])('%s is %s', (body, meaning) => {
    expect(judge(body)).toMatchObject({ meaning, why: expect.stringMatching(/^an error came with success: ./) })
  })

  it('half a document is truncated wherever it was cut', () => {
    fc.assert(
      fc.property(fc.array(fc.json({ noUnicodeString: false }), { minLength: 1 }), fc.nat(), (parts, at) => {
        const body = Buffer.from(`{"records":[${parts.join(',')}]}`)
        const half = body.subarray(0, 1 + (at % (body.length - 1)))
        // A cut inside a character is not UTF-8 any more: that is a mismatch of its own.
        fc.pre(half.toString('utf8').indexOf('\uFFFD') === -1)
        expect(judge(half).meaning).toBe('truncated')
      }),
    )
  })
})

describe('a charset', () => {
  const polish = Buffer.from([0x44, 0x61, 0x74, 0x65, 0x2c, 0x42, 0x0a, 0x31, 0x2c, 0xb3, 0x0a])

  it('other than UTF-8 is a mismatch unless it was declared', () => {
    expect(judge(Buffer.from([0x5b, 0x22, 0xb3, 0x22, 0x5d]))).toMatchObject({
      meaning: 'mismatch',
      why: 'the text is not UTF-8',
    })
    expect(judge(polish, {}, CSV_DUE).meaning).toBe('mismatch')
    expect(judge(polish, {}, { ...CSV_DUE, encoding: 'windows-1250' } as Expectation).meaning).toBe('data')
  })

  it('of two bytes is a mismatch', () => {
    expect(judge(Buffer.from('\uFEFF[1]', 'utf16le')).meaning).toBe('mismatch')
  })
})

describe('where every line of a CSV ends', () => {
  const due: Expectation = { ...CSV_DUE, endsLines: true }

  it.each([
    ['a last number that was cut', 'Date,Open\n2026-01-02,10\n2026-01-03,1', 'truncated'],
    ['a last line with its end', 'Date,Open\r\n2026-01-02,10\r\n', 'data'],
    ['a header without an end', 'Date,Open', 'empty'],
  ])('%s is %s', (_, body, meaning) => {
    expect(judge(body, {}, due).meaning).toBe(meaning)
  })
})

describe('where CSV is due', () => {
  it.each([
    ['lines', 'Date,Open,Close\r\n2026-01-02,1,2\r\n', 'data'],
    ['lines without a last line end', 'Date,Open,Close\n2026-01-02,1,2', 'data'],
    ['a byte order mark before the header', '\uFEFFData,Otwarcie\n2026-01-02,1\n', 'data'],
    ['a last line with too few columns', 'Date,Open,Close\n2026-01-02,1,2\n2026-01-03,1', 'truncated'],
    ['a short line in the middle', 'Date,Open,Close\n2026-01-02\n2026-01-03,1,2\n', 'data'],
    ['delimiters in quotes', 'Date,Name\n2026-01-02,"a,b,c"', 'data'],
    ['a header alone', 'Date,Open,Close\r\n', 'empty'],
    ['another header', 'Symbol,Price\na,1\n', 'mismatch'],
    ['words', 'Exceeded the daily hits limit', 'mismatch'],
    ['a JSON error', '{"error":"no such series"}', 'error'],
    ['other JSON', '[1]', 'mismatch'],
    ['a web page', PAGE, 'blocked'],
    ['nothing', '', 'truncated'],
  ])('%s: %#', (_, body, meaning) => {
    expect(judge(body, {}, CSV_DUE)).toMatchObject({ meaning })
  })
})

describe('the rules of a provider', () => {
  const rules: AnswerRule[] = [
    { why: 'has no condition', meaning: 'data' },
    { status: 404, body: /Brak danych/g, meaning: 'empty', why: 'no table on that day' },
    { status: [418, 403], contentType: /json/, meaning: 'rate_limited', why: 'banned for a while' },
    { body: /^$/, meaning: 'empty', why: 'nothing' },
  ]

  it('come before the general ones, the first that fits, as often as asked', () => {
    for (let i = 0; i < 3; i++) {
      expect(classify(answer('404 NotFound - Brak danych', { status: 404 }), rules, JSON_DUE)).toEqual({
        meaning: 'empty',
        why: 'no table on that day',
      })
    }
    expect(classify(answer('{}', { status: 418, ...typed('application/json') }), rules, JSON_DUE).meaning).toBe(
      'rate_limited',
    )
    expect(classify(answer(''), rules, JSON_DUE).meaning).toBe('empty')
  })

  it('need all their conditions', () => {
    expect(classify(answer('other', { status: 404 }), rules, JSON_DUE).meaning).toBe('error')
    expect(classify(answer('no', { status: 403, ...typed('text/plain') }), rules, JSON_DUE).meaning).toBe('refused')
  })

  it('do not speak for an answer that was cut', () => {
    expect(classify(answer('Brak danych', { status: 404, end: 'cut' }), rules, JSON_DUE).meaning).toBe('truncated')
  })

  it('look at the first 4 kB of a body', () => {
    const late = answer(`${' '.repeat(5_000)}Brak danych`, { status: 404 })
    expect(classify(late, rules, JSON_DUE).meaning).toBe('error')
  })
})

it('every answer has a meaning and a reason, whatever its bytes', () => {
  const due = fc.constantFrom(JSON_DUE, CSV_DUE)
  const status = fc.integer({ min: 100, max: 599 })
  fc.assert(
    fc.property(fc.uint8Array(), status, due, (bytes, status, expects) => {
      const { meaning, why } = judge(Buffer.from(bytes), { status }, expects)
      expect(why).not.toBe('')
      if (isAnswered(meaning)) expect([200, 201, 203, 204, 205, 304]).toContain(status)
    }),
  )
})
