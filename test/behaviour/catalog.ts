import { describe, expect, it } from 'vitest'
import { newTableMetadata } from '../../src/iceberg/create-metadata.js'
import type { TableMetadata } from '../../src/iceberg/types.js'
import type { Catalog, CommitOutcome, LoadedTable, TableName } from '../../src/lake/catalog.js'
import { addressOf, tableLocation } from '../../src/lake/table-location.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import type { Loss } from '../support/lossy-store.js'

/** A catalog on an empty lake, with the faults that the suite needs. */
export interface CatalogOnTrial {
  readonly catalog: Catalog
  readonly store: ObjectStore
  /** Loses the answers of the next commit attempts. */
  lose(losses: readonly Loss[]): void
}

type Make = () => Promise<CatalogOnTrial>

/** What every catalog promises. */
export function catalogBehaviour(kind: string, make: Make): void {
  describe(`catalog: ${kind}`, () => {
    creation(make)
    commits(make)
    races(make)
    lostAnswers(make)
    listing(make)
  })
}

const bars: TableName = { layer: 'silver', dataset: 'bars', major: 1 }
const UUID = '6f1c3e0a-0000-4000-8000-000000000001'

export function emptyTable(store: ObjectStore, name: TableName, uuid = UUID): TableMetadata {
  const schema = {
    type: 'struct' as const,
    'schema-id': 0,
    fields: [{ id: 1, name: 'x', required: false, type: 'long' as const }],
  }
  const spec = { 'spec-id': 0, fields: [] }
  return newTableMetadata({
    uuid,
    location: tableLocation(store, name),
    schema,
    spec,
    properties: {},
    nowMs: 1_767_225_600_000,
  })
}

function tableOf(outcome: CommitOutcome): LoadedTable {
  if (outcome.outcome !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`)
  return outcome.table
}

const setProperty = (name: string, value: string) => [{ action: 'set-properties' as const, updates: { [name]: value } }]

function creation(make: Make): void {
  it('knows no table in an empty lake', async () => {
    const { catalog } = await make()
    expect(await catalog.load(bars)).toBeUndefined()
    expect(await catalog.list()).toEqual([])
  })

  it('loads what was created, with its first version', async () => {
    const { catalog, store } = await make()
    const made = tableOf(await catalog.create(bars, emptyTable(store, bars)))
    expect(made).toMatchObject({ name: bars, version: 1, metadata: { 'table-uuid': UUID } })
    expect(await catalog.load(bars)).toEqual(made)
    expect(await store.head(made.metadataKey)).toBeDefined()
  })

  it('has seen what was made and committed here, and what was not there until it is loaded again', async () => {
    const { catalog, store } = await make()
    expect(await catalog.seen(bars)).toBeUndefined()
    const made = tableOf(await catalog.create(bars, emptyTable(store, bars)))
    expect((await catalog.seen(bars))?.version).toBe(1)
    await catalog.commit(made, [], setProperty('a', '1'))
    expect((await catalog.seen(bars))?.version).toBe(2)
    expect((await catalog.load(bars))?.version).toBe(2)
  })

  it('refuses a second table of the same name and keeps the first, however many versions it has', async () => {
    const { catalog, store } = await make()
    let table = tableOf(await catalog.create(bars, emptyTable(store, bars)))
    for (const round of ['1', '2']) {
      const other = emptyTable(store, bars, '6f1c3e0a-0000-4000-8000-000000000002')
      expect(await catalog.create(bars, other)).toMatchObject({ outcome: 'conflict' })
      expect((await catalog.load(bars))?.metadata['table-uuid']).toBe(UUID)
      table = tableOf(await catalog.commit(table, [], setProperty('round', round)))
    }
  })

  it('lets one of eight creators win', async () => {
    const { catalog, store } = await make()
    const uuids = Array.from({ length: 8 }, (_, i) => `6f1c3e0a-0000-4000-8000-00000000000${i}`)
    const outcomes = await Promise.all(uuids.map(uuid => catalog.create(bars, emptyTable(store, bars, uuid))))
    const winners = outcomes.flatMap(outcome => (outcome.outcome === 'committed' ? [outcome.table] : []))
    expect(winners).toHaveLength(1)
    expect(await catalog.load(bars)).toEqual(winners[0])
  })
}

function commits(make: Make): void {
  it('commits updates as the next version and remembers the file it replaced', async () => {
    const { catalog, store } = await make()
    const first = tableOf(await catalog.create(bars, emptyTable(store, bars)))
    const requirements = [{ type: 'assert-table-uuid' as const, uuid: UUID }]
    const second = tableOf(await catalog.commit(first, requirements, setProperty('owner', 'desk')))
    expect(second.version).toBe(2)
    expect(second.metadata.properties).toMatchObject({ owner: 'desk' })
    expect(second.metadata['metadata-log'].map(entry => entry['metadata-file'])).toEqual([
      addressOf(store, first.metadataKey),
    ])
    expect(await catalog.load(bars)).toEqual(second)
  })

  it('is in conflict with a stale base, and changes nothing', async () => {
    const { catalog, store } = await make()
    const base = tableOf(await catalog.create(bars, emptyTable(store, bars)))
    const winner = tableOf(await catalog.commit(base, [], setProperty('a', '1')))
    expect(await catalog.commit(base, [], setProperty('b', '2'))).toMatchObject({ outcome: 'conflict' })
    expect(await catalog.load(bars)).toEqual(winner)
  })

  it('is in conflict when a requirement does not hold, says why, and changes nothing', async () => {
    const { catalog, store } = await make()
    const base = tableOf(await catalog.create(bars, emptyTable(store, bars)))
    const requirements = [{ type: 'assert-ref-snapshot-id' as const, ref: 'main', 'snapshot-id': 7n }]
    const refused = await catalog.commit(base, requirements, setProperty('a', '1'))
    expect(refused).toEqual({ outcome: 'conflict', reason: expect.stringContaining('snapshot of main') })
    expect(await catalog.load(bars)).toEqual(base)
  })

  it('keeps tables of other layers, datasets and majors apart', async () => {
    const { catalog, store } = await make()
    const names = [bars, { ...bars, layer: 'bronze' as const }, { ...bars, dataset: 'bars_2' }, { ...bars, major: 2 }]
    for (const name of names) {
      const table = tableOf(await catalog.create(name, emptyTable(store, name)))
      tableOf(await catalog.commit(table, [], setProperty('me', tableLocation(store, name))))
    }
    for (const name of names)
      expect((await catalog.load(name))?.metadata.properties).toMatchObject({ me: tableLocation(store, name) })
  })

  it('names the file when metadata is corrupt', async () => {
    const { catalog, store } = await make()
    const made = tableOf(await catalog.create(bars, emptyTable(store, bars)))
    for (const broken of ['', '{"format-version": 2', '{}', '\xff\xfe']) {
      await store.put(made.metadataKey, Buffer.from(broken, 'latin1'))
      await expect(catalog.load(bars)).rejects.toMatchObject({
        code: 'SLUICE_METADATA_CORRUPT',
        details: { place: { file: addressOf(store, made.metadataKey) } },
      })
    }
  })
}

function races(make: Make): void {
  it('loses nothing when eight writers commit five times each and retry after a conflict', async () => {
    const { catalog, store } = await make()
    await catalog.create(bars, emptyTable(store, bars))
    let conflicts = 0

    async function commitUntilDone(property: string): Promise<void> {
      for (;;) {
        const base = (await catalog.load(bars))!
        const done = await catalog.commit(base, [], setProperty(property, 'done'))
        if (done.outcome === 'committed') return
        expect(done.outcome).toBe('conflict')
        conflicts++
      }
    }
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let commit = 0; commit < 5; commit++) await commitUntilDone(`${writer}.${commit}`)
      }),
    )
    const table = (await catalog.load(bars))!
    expect(Object.values(table.metadata.properties).filter(value => value === 'done')).toHaveLength(40)
    expect(table.version).toBe(41)
    expect(table.metadata['metadata-log']).toHaveLength(40)
    expect(conflicts).toBeGreaterThan(0)
  })
}

function lostAnswers(make: Make): void {
  it.each([['done'], ['not done']] as Loss[][])(
    'finds out about a commit whose answer was lost once (%s)',
    async loss => {
      const { catalog, store, lose } = await make()
      lose([loss!])
      const made = tableOf(await catalog.create(bars, emptyTable(store, bars)))
      lose([loss!])
      const next = tableOf(await catalog.commit(made, [], setProperty('a', '1')))
      expect(next.version).toBe(2)
      expect(await catalog.load(bars)).toEqual(next)
    },
  )

  it('says unknown when the answer is lost again, and leaves a whole version behind or none', async () => {
    for (const losses of [
      ['not done', 'not done'],
      ['done', 'not done'],
      ['not done', 'done'],
    ] as Loss[][]) {
      const { catalog, store, lose } = await make()
      const base = tableOf(await catalog.create(bars, emptyTable(store, bars)))
      lose(losses)
      expect((await catalog.commit(base, [], setProperty('a', '1'))).outcome).toBe('unknown')
      const found = (await catalog.load(bars))!
      expect(found.version).toBe(losses.includes('done') ? 2 : 1)
      expect(found.metadata.properties['a']).toBe(losses.includes('done') ? '1' : undefined)
    }
  })

  it('is in conflict, not committed, when the answer is lost and another was first', async () => {
    const { catalog, store, lose } = await make()
    const base = tableOf(await catalog.create(bars, emptyTable(store, bars)))
    const winner = tableOf(await catalog.commit(base, [], setProperty('winner', '1')))
    lose(['done'])
    expect((await catalog.commit(base, [], setProperty('loser', '1'))).outcome).toBe('conflict')
    expect(await catalog.load(bars)).toEqual(winner)
  })
}

function listing(make: Make): void {
  it('lists all tables by layer, dataset and major, and nothing else that lies in the lake', async () => {
    const { catalog, store } = await make()
    const names: TableName[] = [
      { layer: 'bronze', dataset: 'bars', major: 1 },
      { layer: 'silver', dataset: 'bars', major: 2 },
      { layer: 'silver', dataset: 'bars', major: 10 },
      { layer: 'silver', dataset: 'fx_rates', major: 1 },
      { layer: 'gold', dataset: 'risk_summary', major: 1 },
      { layer: 'quarantine', dataset: 'bars', major: 1 },
      { layer: 'gold_easter', dataset: 'risk_summary', major: 1 },
      { layer: 'gold_spring', dataset: 'risk_summary', major: 1 },
    ]
    for (const name of names.toReversed()) tableOf(await catalog.create(name, emptyTable(store, name)))
    await store.put('bronze/captures/provider=nbp/date=2026-01-01/run.ndjson.gz', Buffer.from('x'))
    await store.put('silver/orphaned/contract_version=v1/year=2026/x.parquet', Buffer.from('x'))
    await store.put('silver/odd/contract_version=vX/metadata/v1.metadata.json', Buffer.from('x'))
    await store.put('_runs/one.json', Buffer.from('{}'))
    expect(await catalog.list()).toEqual(names)
  })
}
