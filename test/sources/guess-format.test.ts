import { describe, expect, it } from 'vitest'
import { guessFormat } from '../../src/sources/file/guess-format.js'

describe('the format of a text', () => {
  it.each<[string, ReturnType<typeof guessFormat>, string]>([
    ['an object', 'ndjson', '{"a": 1}'],
    ['objects after blank lines', 'ndjson', ' \r\n\n {"a": 1}\n{"a": 2}\n'],
    ['a word, then objects', 'ndjson', 'oops\n{"a": 1}\n{"a": 2}\n'],
    ['a word, then objects with CRLF, the last one cut off', 'ndjson', 'oops\r\n{"a": 1}\r\n{"a": 2}\r\n{"a'],
    ['a log line in brackets, then objects', 'ndjson', '[INFO] begin\n{"a": 1}\n{"a": 2}\n'],
    ['an array on one line', 'json', '[{"a": 1}, {"a": 2}]'],
    ['an array with an object per line', 'json', '[\n{"a": 1},\n{"a": 2}\n]\n'],
    ['an array of one object', 'json', '[\n{"a": 1}\n]'],
    ['an array of which only the beginning is seen', 'json', '[\n{"a": 1}'],
    ['an array that begins on the first line', 'json', '[{"a": 1},\n{"a": 2}'],
    ['an array with commas of their own', 'json', '[{"a": 1}\n,\n{"a": 2}\n,\n{"a": 3}'],
    ['an array of arrays, one per line', 'json', '[[1, 2],\n[3, 4]]'],
    ['an array that is written wide', 'json', '[\n  {\n    "a": 1\n  }\n]'],
    ['a header and cells', 'csv', 'a,b\n1,2\n'],
    ['a header and cells that hold JSON', 'csv', 'a,b\n1,{"x": 1}\n2,{"x": 2}\n'],
    ['a header alone', 'csv', 'a,b'],
    ['mostly cells, and an object', 'csv', 'a\n1\n2\n{"x": 1}\n3\n'],
  ])('that begins with %s is %s', (_, format, text) => {
    expect(guessFormat(text)).toBe(format)
  })
})
