import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { answerAsNbp, DAY, lakeOn, NOW, nbpPipe } from './nbp-server.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

describe('a pipe that asks a provider', () => {
  it('asks for what is missing in pieces that the provider takes, and publishes it', async () => {
    const server = await serve(answerAsNbp)
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const record = await lake.run({ nowMs: NOW })
    expect(record.status).toBe('published')
    expect(server.asked.map(({ url }) => url)).toEqual([
      '/exchangerates/tables/A/2025-10-22/2026-01-22?format=json',
      '/exchangerates/tables/A/2026-01-23/2026-01-30?format=json',
    ])
    expect(record.pipes).toMatchObject([{ pipe: 'nbp-a', in: 73, accepted: 73, quarantined: 0 }])
    expect(record.sources).toMatchObject([{ pipe: 'nbp-a', state: 'answered', requests: 2, repeated: 0 }])
    expect(
      await lake.rows(
        `SELECT event_time, mid, _known_at, _known_basis FROM silver.fx_rates ORDER BY event_time DESC LIMIT 1`,
      ),
    ).toMatchObject([{ mid: '3.300000000000000000', _known_basis: 'rule' }])
  })

  it('asks only for the day that was not over when it runs again, and stores the same bytes once', async () => {
    const server = await serve(answerAsNbp)
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    await lake.run({ nowMs: NOW })
    const again = await lake.run({ nowMs: NOW + 3_600_000 })
    expect(server.asked.slice(2).map(({ url }) => url)).toEqual([
      '/exchangerates/tables/A/2026-01-30/2026-01-30?format=json',
    ])
    expect(again.status).toBe('published')
    const third = await lake.run({ nowMs: NOW + 7_200_000 })
    expect(third.status).toBe('nothing_due')
    expect(third.sources).toMatchObject([{ state: 'answered', requests: 1, repeated: 1 }])
    expect(await lake.rows('SELECT count(*)::INTEGER AS n FROM silver.fx_rates')).toEqual([{ n: 73 }])
  })
})

describe('a dry run', () => {
  it('asks nobody and writes nothing, into an empty lake and into a full one', async () => {
    const server = await serve(answerAsNbp)
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const planned = await lake.run({ nowMs: NOW, dryRun: true })
    expect([planned.status, server.asked, await lake.files()]).toEqual(['planned', [], {}])
    await lake.run({ nowMs: NOW })
    const before = await lake.files()
    await lake.run({ nowMs: NOW + DAY, dryRun: true })
    expect(await lake.files()).toEqual(before)
  })
})

describe('when a provider does not answer as it should', () => {
  it('fails that pipe alone; what it was not told stays open', async () => {
    let broken = true
    const server = await serve((request, response) => {
      if (broken && request.url!.includes('2025-10-22'))
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
      else answerAsNbp(request, response)
    })
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const config = { ...lake.project.config, fetch: { ...lake.project.config.fetch, attempts: 1 } }
    const record = await lake.with({ config }).run({ nowMs: NOW })
    expect(record.status).toBe('partial')
    expect(record.sources).toMatchObject([{ state: 'failed', meaning: 'blocked', requests: 2 }])
    expect(record.pipes).toMatchObject([{ accepted: 6 }])
    broken = false
    const next = await lake.run({ nowMs: NOW + 60_000 })
    expect(next.sources).toMatchObject([
      { state: 'answered', intervals: [expect.stringMatching(/^2025-10-22/), expect.anything()] },
    ])
    expect(await lake.rows('SELECT count(*)::INTEGER AS n FROM silver.fx_rates')).toEqual([{ n: 73 }])
  })

  it('says that every provider failed, and publishes nothing', async () => {
    const server = await serve((_, response) => response.writeHead(500).end())
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const config = { ...lake.project.config, fetch: { ...lake.project.config.fetch, attempts: 1 } }
    const record = await lake.with({ config }).run({ nowMs: NOW })
    expect(record.status).toBe('failed')
    expect(record.sources).toMatchObject([{ state: 'failed', meaning: 'unavailable' }])
  })

  it('takes an answer without a record for none: the interval is asked for again', async () => {
    let silent = true
    const server = await serve((request, response) => {
      if (silent) response.writeHead(200, { 'content-type': 'application/json' }).end('{"tables": "moved"}')
      else answerAsNbp(request, response)
    })
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a', { sinceMs: NOW - 10 * DAY })])
    const record = await lake.run({ nowMs: NOW })
    expect(record.sources).toMatchObject([{ state: 'failed', meaning: 'mismatch' }])
    silent = false
    expect((await lake.run({ nowMs: NOW + 60_000 })).pipes).toMatchObject([{ accepted: 9 }])
  })

  it('goes on in the next run with what the time of this one was too short for', async () => {
    const server = await serve((request, response) => {
      if (request.url!.includes('2026-01-23')) return
      answerAsNbp(request, response)
    })
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    const config = { ...lake.project.config, fetch: { ...lake.project.config.fetch, deadlineMs: 700 } }
    const record = await lake.with({ config }).run({ nowMs: NOW })
    expect(record.status).toBe('partial')
    expect(record.sources).toMatchObject([{ state: 'not finished', meaning: 'not_finished' }])
    expect(record.pipes).toMatchObject([{ accepted: 67 }])
  })
})

describe('an answer that nothing was published', () => {
  const mute = () => serve((_, response) => response.writeHead(404).end('404 NotFound - Not Found - Brak danych'))

  it('is believed for a weekend', async () => {
    const lake = lakeOn(folder, await mute(), [nbpPipe('nbp-a', { sinceMs: Date.UTC(2026, 0, 31) })])
    const sunday = Date.UTC(2026, 1, 1, 13)
    expect((await lake.run({ nowMs: sunday })).sources).toMatchObject([{ state: 'answered' }])
  })

  it('is not believed for a week of publication days, and the week stays open', async () => {
    const server = await mute()
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a', { sinceMs: NOW - 7 * DAY })])
    for (const nowMs of [NOW, NOW + 60_000]) {
      const { status, sources } = await lake.run({ nowMs })
      expect([status, sources]).toMatchObject(['failed', [{ state: 'failed', meaning: 'mismatch' }]])
    }
    expect(server.asked).toHaveLength(2)
  })
})

describe('a correction of what was published before', () => {
  it('becomes a version when the days are asked again, known from when we saw it', async () => {
    let corrected = false
    const server = await serve((request, response) =>
      answerAsNbp(request, response, day => (corrected && day === '2026-01-28' ? 3.33 : Number(`3.${day.slice(-2)}`))),
    )
    const revisit = { lastMs: 7 * DAY, everyMs: DAY }
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a', { sinceMs: NOW - 20 * DAY, revisit })])
    await lake.run({ nowMs: NOW })
    corrected = true
    expect((await lake.run({ nowMs: NOW + 3_600_000 })).pipes).toMatchObject([{ accepted: 0 }])
    const record = await lake.run({ nowMs: NOW + DAY })
    expect(record.pipes).toMatchObject([{ accepted: 1 }])
    expect(
      await lake.rows(
        `SELECT mid, _known_basis FROM silver.fx_rates_versions WHERE event_time = '2026-01-28' ORDER BY _known_at`,
      ),
    ).toMatchObject([{ _known_basis: 'rule' }, { mid: '3.330000000000000000', _known_basis: 'captured' }])
  })
})
