import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createJiti } from 'jiti'
import { expect, it } from 'vitest'
import { loadContract } from '../../src/contract/load-contract.js'
import { answerRecords } from '../../src/sources/answers/answer-records.js'
import { openAnswerSpool } from '../../src/sources/answers/answer-spool.js'
import type { Provider } from '../../src/sources/source.js'
import { ROOT } from '../guard/repository.js'
import { testDuckDb } from '../support/duckdb.js'
import { blocksOf } from './markdown.js'

/** A year that begins on a Thursday, asked for from Saturday on: the answer begins with Friday. */
const BODY = {
  base: 'EUR',
  rates: { '2026-01-02': { USD: 1.1738, PLN: 4.216 }, '2026-01-05': { USD: 1.1664, PLN: 4.2143 } },
}

it('the provider of add-a-source.md reads an answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-guide-'))
  const duckdb = await testDuckDb()
  try {
    const file = join(folder, 'frankfurter.ts')
    await writeFile(file, blocksOf('docs/guides/add-a-source.md')[0]!.text)
    const zod = join(ROOT, 'node_modules/zod/index.js')
    const { frankfurter } = await createJiti(import.meta.url, { alias: { zod } }).import<{ frankfurter: Provider }>(
      file,
    )
    const source = frankfurter.sources['rates']!
    const contract = loadContract(await readFile(join(ROOT, 'contracts/fx_rates.odcs.yaml'), 'utf8'), 'fx_rates')
    const spool = await openAnswerSpool(source, join(folder, 'answers'))
    await spool.add({
      captureId: 'a'.repeat(32),
      pipe: 'euro',
      params: { base: 'EUR' },
      interval: { startMs: Date.UTC(2026, 0, 3), endMs: Date.UTC(2026, 0, 6) },
      receivedAtMs: Date.UTC(2026, 0, 6),
      body: Buffer.from(JSON.stringify(BODY)),
    })
    await spool.close()
    const [statement] = answerRecords(source, contract, {}, spool)
    const rows = await duckdb.rows(`SELECT instrument_id, event_time, mid FROM (${statement!.sql})`)
    expect(rows).toEqual([
      { instrument_id: 'fx:frankfurter:EURUSD', event_time: '2026-01-05', mid: '1.1664' },
      { instrument_id: 'fx:frankfurter:EURPLN', event_time: '2026-01-05', mid: '4.2143' },
    ])
  } finally {
    duckdb.close()
    await rm(folder, { recursive: true })
  }
})
