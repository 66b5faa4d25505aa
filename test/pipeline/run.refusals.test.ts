import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import type { RunOptions } from '../../src/pipeline/run.js'
import { testDuckDb } from '../support/duckdb.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

let folder: ProjectFolder
let lake: TestLake
let good: string
beforeAll(async () => {
  folder = await projectFolder()
  lake = folder.lake()
  good = await folder.write('good.ndjson', ndjson(trades(3)))
  await lake.run({ runId: 'good', input: [good] })
  mkdirSync(`${folder.folder}/folder.json`)
})
afterAll(() => folder.remove())

const LINES = ndjson(trades(50))

describe('a run refuses, writes nothing, and says where and what next:', () => {
  it.each<[string, string, string, string | Uint8Array | undefined]>([
    ['a file that is not there', 'SLUICE_INPUT_MISSING', 'nowhere.json', undefined],
    ['a pattern that matches nothing', 'SLUICE_INPUT_MISSING', 'nowhere-*.json', undefined],
    ['a folder', 'SLUICE_INPUT_IS_DIRECTORY', 'folder.json', undefined],
    ['gzip that ends in the middle', 'SLUICE_INPUT_TRUNCATED', 'cut.json.gz', gzipSync(LINES).subarray(0, 300)],
    ['gzip with a wrong checksum', 'SLUICE_INPUT_DAMAGED', 'sum.json.gz', damaged(gzipSync(LINES))],
    [
      'gzip with other bytes after its end',
      'SLUICE_INPUT_DAMAGED',
      'tail.json.gz',
      Buffer.concat([gzipSync(LINES), Buffer.from('and more')]),
    ],
    [
      'an HTML page',
      'SLUICE_INPUT_FORMAT',
      'page.csv',
      '<!DOCTYPE html>\n<html><body>Too many requests</body></html>\n',
    ],
    ['an XML text', 'SLUICE_INPUT_FORMAT', 'page.xml', '<?xml version="1.0"?><a/>'],
    ['one number', 'SLUICE_INPUT_FORMAT', 'number.json', '42'],
    ['one word', 'SLUICE_INPUT_EMPTY', 'word.csv', 'hello'],
    ['one text of JSON', 'SLUICE_INPUT_FORMAT', 'text.ndjson', '"event_id"\n'],
    ['null', 'SLUICE_INPUT_FORMAT', 'null.json', 'null'],
    ['an empty array', 'SLUICE_INPUT_EMPTY', 'none.json', ' [ ] '],
    ['a CSV of only a header', 'SLUICE_INPUT_EMPTY', 'header.csv', 'event_id,price\r\n\r\n'],
    [
      'a CSV whose header has a quote too many',
      'SLUICE_INPUT_FORMAT',
      'header-quote.csv',
      'event_id,"price\na,1\nb,2\n',
    ],
    ['a decimal comma that nobody declared', 'SLUICE_INPUT_FORMAT', 'comma.csv', 'event_id;price;size\na;1.250,5;1\n'],
    [
      'a JSON array that ends in the middle',
      'SLUICE_INPUT_TRUNCATED',
      'cut.json',
      `[${LINES.trim().replaceAll('\n', ',')}`,
    ],
    [
      'a JSON array that ends inside a record',
      'SLUICE_INPUT_TRUNCATED',
      'cut2.json',
      `[${LINES.trim().replaceAll('\n', ',').slice(0, -40)}`,
    ],
    [
      'a JSON array with a fault inside',
      'SLUICE_INPUT_FORMAT',
      'inside.json',
      '[{"event_id": "a"}, oops, {"event_id": "b"}]',
    ],
    ['a JSON array without a comma', 'SLUICE_INPUT_FORMAT', 'comma.json', '[{"event_id": "a"} {"event_id": "b"}]'],
    ['two JSON arrays in one file', 'SLUICE_INPUT_FORMAT', 'two.json', '[{"event_id": "a"}][{"event_id": "b"}]'],
    [
      'a JSON array that ends inside a text',
      'SLUICE_INPUT_TRUNCATED',
      'text.json',
      '[{"event_id": "a"},{"event_id": "b]',
    ],
    [
      'a text that is neither JSON nor has a known column',
      'SLUICE_INPUT_FORMAT',
      'prose.txt',
      'Dear all,\nplease find enclosed\n',
    ],
    [
      'text that is not UTF-8',
      'SLUICE_INPUT_ENCODING',
      'latin.ndjson',
      Buffer.from(LINES.replaceAll('USD', 'Zé'), 'latin1'),
    ],
    [
      'text that is not UTF-8 inside gzip',
      'SLUICE_INPUT_ENCODING',
      'latin.gz',
      gzipSync(Buffer.from('{"a":"\xe9"}\n', 'latin1')),
    ],
    ['an empty file', 'SLUICE_INPUT_EMPTY', 'empty.json', ''],
    ['a file of blanks', 'SLUICE_INPUT_EMPTY', 'blank.json', ' \n\r\n\t\n'],
    ['an empty file inside gzip', 'SLUICE_INPUT_EMPTY', 'empty.gz', gzipSync('')],
    [
      'zstd without a declared format',
      'SLUICE_INPUT_FORMAT',
      'x.zst',
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 1, 0, 0]),
    ],
    ['a CSV that names a column twice', 'SLUICE_INPUT_FORMAT', 'twice.csv', 'event_id,price,Price\na,1,2\n'],
    ['damaged Parquet', 'SLUICE_INPUT_FORMAT', 'cut.parquet', Buffer.from('PAR1 and then nothing that is Parquet')],
  ])('%s (%s)', async (_, code, name, body) => {
    const path = body === undefined ? `${folder.folder}/${name}` : await folder.write(name, body)
    const before = await lake.files()
    const error = await errorOf(lake.run({ input: [path] }))
    expect(error.code).toBe(code)
    expect(`${error.message} ${JSON.stringify(error.place)}`).toContain(path)
    expect(error.next).toMatch(/\w+.*\.$/)
    expect(changes(before, await lake.files())).toEqual([])
  })

  it.each([
    ['a pipe', 'pipe.ndjson'],
    ['a device', '/dev/zero'],
  ])('%s, without waiting for it (SLUICE_INPUT_NOT_A_FILE)', async (kind, name) => {
    const path = resolve(folder.folder, name)
    if (kind === 'a pipe') execFileSync('mkfifo', [path])
    const before = await lake.files()
    const error = await errorOf(lake.run({ input: [path] }))
    expect([error.code, error.place]).toEqual(['SLUICE_INPUT_NOT_A_FILE', { file: path }])
    expect(changes(before, await lake.files())).toEqual([])
  })

  it.each([
    ['an HTML page', '<html></html>', 'csv', 'SLUICE_INPUT_FORMAT'],
    ['one number', '42', 'ndjson', 'SLUICE_INPUT_FORMAT'],
    ['a word', 'hello', 'csv', 'SLUICE_INPUT_EMPTY'],
    ['a line of prose', 'Dear all,\nplease find enclosed\n', 'csv', 'SLUICE_INPUT_FORMAT'],
    ['lines of JSON, declared as an array', LINES, 'json', 'SLUICE_INPUT_FORMAT'],
  ])('%s, whatever format the pipe declares', async (what, body, format, code) => {
    const input = await folder.write('declared', body)
    const text = `pipes:\n  - { name: own, source: file, contract: market_events, input: ${input}, format: ${format} }\n`
    const error = await errorOf(lake.with({ pipes: parsePipes(text, 'pipes/own.yaml') }).run())
    expect(error.code).toBe(code)
    if (what.includes('declared as an array')) expect(error.next).toContain('format: ndjson')
  })

  it.each<[string, string, Partial<RunOptions>]>([
    ['a run id that climbs out of the lake', 'SLUICE_RUN_ID_INVALID', { runId: '../x' }],
    ['a run id of 500 characters', 'SLUICE_RUN_ID_INVALID', { runId: 'x'.repeat(500) }],
    ['an empty run id', 'SLUICE_RUN_ID_INVALID', { runId: '' }],
    ['an unknown contract, with the nearest one', 'SLUICE_CONTRACT_UNKNOWN', { contract: 'market_event' }],
    ['a contract that no file can fill', 'SLUICE_ARGUMENT_INVALID', { contract: 'risk_summary' }],
    ['an unknown pipe, with the nearest one', 'SLUICE_PIPE_UNKNOWN', { input: [], select: ['sample-bar'] }],
  ])('%s (%s)', async (_, code, options) => {
    const before = await lake.files()
    const error = await errorOf(lake.run({ input: [good], ...options }))
    expect(error.code).toBe(code)
    expect(error.message.length).toBeLessThan(300)
    expect(changes(before, await lake.files())).toEqual([])
  })

  it.each([
    ['one bad file among good ones', 'nowhere.ndjson', 'SLUICE_INPUT_MISSING'],
    ['one cut array among good files', 'cut.json', 'SLUICE_INPUT_TRUNCATED'],
  ])('%s', async (_, bad, code) => {
    await folder.write('cut.json', '[{"event_id": "x"}, ')
    const before = await lake.files()
    const error = await errorOf(lake.run({ input: [good, `${folder.folder}/${bad}`] }))
    expect(error.code).toBe(code)
    expect(`${error.message} ${JSON.stringify(error.place)}`).toContain(bad)
    expect(changes(before, await lake.files())).toEqual([])
  })

  it('a lake that is not there yet is not made for an input that is not there', async () => {
    const fresh = folder.lake()
    await errorOf(fresh.run({ input: ['nowhere.json'] }))
    expect(existsSync(fresh.root)).toBe(false)
  })

  it('zstd that ends in the middle (SLUICE_INPUT_TRUNCATED)', async () => {
    const duckdb = await testDuckDb()
    const path = `${folder.folder}/cut.csv.zst`
    await duckdb.run(
      `COPY (SELECT range AS event_id, hash(range) AS venue FROM range(50000)) TO '${path}' (FORMAT csv, COMPRESSION zstd)`,
    )
    duckdb.close()
    await truncate(path, 200_000)
    const pipes = parsePipes(
      'pipes:\n  - { name: cut, source: file, contract: market_events, input: cut.csv.zst, format: csv }\n',
      'pipes/cut.yaml',
    )
    const before = await lake.files()
    const error = await errorOf(lake.with({ pipes }).run({ select: ['cut'] }))
    expect(error).toMatchObject({ code: 'SLUICE_INPUT_TRUNCATED', place: { file: path } })
    expect(changes(before, await lake.files())).toEqual([])
  })

  it('a damaged page of Parquet is only found by reading it: the bytes are kept, and the error says so', async () => {
    const duckdb = await testDuckDb()
    const path = `${folder.folder}/page.parquet`
    await duckdb.run(
      `COPY (SELECT hash(range)::VARCHAR AS event_id FROM range(1000)) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
    )
    duckdb.close()
    const bytes = await readFile(path)
    await writeFile(path, bytes.fill(0x55, 200, 2000))
    const tables = await lake.contents(['bronze.market_events', 'silver.market_events'])
    const error = await errorOf(lake.run({ input: [path] }))
    expect(error).toMatchObject({ code: 'SLUICE_INPUT_FORMAT', next: expect.stringContaining('kept as a capture') })
    expect(`${error.message} ${error.next}`).not.toContain('Nothing was written')
    expect(await lake.contents(['bronze.market_events', 'silver.market_events'])).toEqual(tables)
  })

  it('an empty file is legitimate where the pipe says so', async () => {
    await folder.write('quiet.json', '')
    const pipes = parsePipes(
      'pipes:\n  - { name: quiet, source: file, contract: market_events, input: quiet.json, empty: allow }\n',
      'pipes/quiet.yaml',
    )
    const record = await folder.lake({ models: [], pipes }).run({ select: ['quiet'] })
    expect(record).toMatchObject({ status: 'published', pipes: [{ in: 0, accepted: 0 }] })
  })
})

describe('SQL of a pipe is refused with its place, and nothing is written:', () => {
  it.each([
    ['two expressions', 'event_id, price'],
    ['a second statement', 'event_id); DROP TABLE x; SELECT (1'],
    ['a query of a file', "(SELECT content FROM read_text('/etc/passwd'))"],
    ['a file as a table', "(SELECT * FROM '/etc/passwd')"],
    ['the environment', "getenv('HOME')"],
  ])('%s', async (_, expression) => {
    const text = `pipes:\n  - name: bad\n    source: file\n    contract: market_events\n    input: good.ndjson\n    map:\n      event_id: ${JSON.stringify(expression)}\n`
    const before = await lake.files()
    const error = await errorOf(lake.with({ pipes: parsePipes(text, 'pipes/bad.yaml') }).run({ select: ['bad'] }))
    expect(error).toMatchObject({ code: 'SLUICE_SQL_REFUSED', place: { file: 'pipes/bad.yaml', line: 2 } })
    expect(changes(before, await lake.files())).toEqual([])
  })
})

describe('SQL of a contract is refused with its place, and nothing is written:', () => {
  it.each([
    ['two expressions', 'price > 0, price < 9'],
    ['a second statement', 'price > 0; DROP TABLE x'],
    ['file access', "price > (SELECT count(*) FROM read_csv('/etc/passwd'))"],
    ['a file as a table', "price > (SELECT count(*) FROM '/etc/passwd')"],
    ['a column that there is not', 'prise > 0'],
  ])('%s', async (_, rule) => {
    const path = 'contracts/market_events.odcs.yaml'
    const text = await readFile(`${folder.folder}/${path}`, 'utf8')
    await folder.write(path, text.replace('implementation: bid <= ask', `implementation: ${JSON.stringify(rule)}`))
    try {
      const before = await lake.files()
      const refused = loadProject({ folder: folder.folder }).then(({ contracts }) =>
        lake.with({ contracts }).run({ input: [good] }),
      )
      const error = await errorOf(refused)
      expect(error.code).toMatch(/^SLUICE_(SQL_REFUSED|CONTRACT_INVALID)$/)
      expect(error.place).toMatchObject({ file: path, line: expect.any(Number) })
      expect(changes(before, await lake.files())).toEqual([])
    } finally {
      await folder.write(path, text)
    }
  })
})

describe('a project file is refused with file, line and column:', () => {
  it.each([
    ['a duplicate key', 'sluice.yaml', 'lake: a\nlake: b\n', { line: 2 }, /unique/],
    ['an unknown key, with the nearest one', 'sluice.yaml', 'lak: a\n', { line: 1 }, /nearest is `lake`/],
    [
      'an unknown key of a pipe',
      'pipes/sample.yaml',
      'pipes:\n  - { name: x, source: sample.bars, contract: bars, tag: [y] }\n',
      { line: 2 },
      /nearest is `tags`/,
    ],
    [
      'a pipe with an unknown contract',
      'pipes/sample.yaml',
      'pipes:\n  - { name: x, source: sample.bars, contract: bar }\n',
      { line: 2 },
      /bars/,
    ],
    ['YAML that is none', 'pipes/sample.yaml', 'pipes: [\n', {}, /./],
  ])('%s', async (_, path, text, place, message) => {
    const old = await readFile(`${folder.folder}/${path}`, 'utf8')
    await folder.write(path, text)
    try {
      const error = await errorOf(loadProject({ folder: folder.folder }))
      expect(error.place).toMatchObject({ ...place })
      expect(JSON.stringify(error.place)).toContain(path)
      expect(error.message).toMatch(message)
    } finally {
      await folder.write(path, old)
    }
  })
})

/** The paths that are new, gone or different. */
function changes(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(path => before[path] !== after[path])
}

function damaged(packed: Buffer): Buffer {
  const copy = Buffer.from(packed)
  copy[copy.length - 6]! ^= 0xff
  return copy
}
