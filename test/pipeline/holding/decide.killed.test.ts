import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDebts } from '../../../src/pipeline/derive/stale-gold.js'
import { doctor } from '../../../src/pipeline/doctor/doctor.js'
import { type DecisionOutcome, decideQuarantined } from '../../../src/pipeline/holding/decide-quarantine.js'
import { listQuarantine } from '../../../src/pipeline/holding/find-quarantined.js'
import { openDecisions } from '../../../src/pipeline/holding/open-decisions.js'
import type { Decision } from '../../../src/pipeline/holding/recall.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { listRuns } from '../../../src/pipeline/record/runs.js'
import { localStore } from '../../../src/storage/local-store.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { ndjson, trades } from '../../support/records.js'
import { decideApart } from './deciding.js'

const NOW = Date.parse('2026-03-05T12:00:00Z')
const MODELS = ['price_bars']
type Kind = 'holds' | 'rows'
type Move = 'release' | 'discard'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** A lake with a held batch, or with a row in quarantine beside a published batch. */
async function lakeWith(kind: Kind): Promise<TestLake> {
  const lake = folder.lake({ models: folder.project.models.filter(({ table }) => MODELS.includes(table)) })
  const bad = trades(kind === 'holds' ? 4 : 1, { price: -1 }, 'bad')
  const input = await folder.write(`${kind}.ndjson`, ndjson([...trades(30), ...bad]))
  const record = await lake.run({ input: [input], contract: 'market_events', nowMs: NOW })
  expect(record.status).toBe(kind === 'holds' ? 'held' : 'published')
  return lake
}

const decisionOf = (move: Move): Decision => ({ move, by: 'eve', reason: 'looked at it' })
const decide = (lake: TestLake, kind: Kind, move: Move) =>
  decideQuarantined(lake.project, { kind }, decisionOf(move), { nowMs: NOW })

/** What readers see, and how many rows are accepted over all runs. */
async function stateOf(lake: TestLake) {
  const rows = await lake.rows(`SELECT (SELECT count(*)::INTEGER FROM silver.market_events) AS silver,
    (SELECT list(md5((event_id, price, _position)::VARCHAR) ORDER BY event_id) FROM silver.market_events) AS rows,
    (SELECT list_sort(list((instrument_id, bar_interval, bar_start, low, high, volume)::VARCHAR)) FROM gold.price_bars) AS bars,
    (SELECT list((record, rules, state)::VARCHAR ORDER BY record) FROM quarantine.market_events) AS quarantine,
    (SELECT list((move, decided_by, rows, rows_moved, status)::VARCHAR) FROM ledger.decisions) AS decisions`)
  const records = await listRuns(lake.project)
  const accepted = records.flatMap(({ pipes }) => pipes).reduce((sum, own) => sum + own.accepted, 0)
  return { ...rows[0], accepted }
}

const whole = new Map<string, Promise<{ state: unknown; record: RunRecord }>>()
/** The same decision, never killed. */
function smooth(kind: Kind, move: Move) {
  const make = async () => {
    const lake = await lakeWith(kind)
    const decided = await decide(lake, kind, move)
    if (decided.outcome !== 'decided') throw new Error('nothing was decided')
    return { state: await stateOf(lake), record: decided.record }
  }
  const key = `${kind} ${move}`
  if (!whole.has(key)) whole.set(key, make())
  return whole.get(key)!
}

describe('a decision that is killed', () => {
  it.each([
    ['release', 'holds', '/gold/price_bars/.*metadata/v', 'before gold is derived'],
    ['release', 'holds', '/_runs/', 'before its record'],
    ['release', 'rows', '/quarantine/market_events/.*metadata/v', 'between silver and quarantine'],
    ['discard', 'rows', '/_runs/', 'before its record'],
    ['discard', 'holds', '/_state/holds/', 'before holds are given up'],
  ] as const)('%s of %s at %s, %s, is finished by the same command', async (move, kind, dieAt, _when) => {
    const lake = await lakeWith(kind)
    const deciding = { filter: { kind }, decision: decisionOf(move), nowMs: NOW, models: MODELS, dieAt }
    expect(await decideApart(deciding, folder, lake)).toBe('killed')
    const told = (await doctor(lake.project)).filter(({ subject }) => subject === 'decisions')
    expect(told).toMatchObject([{ status: 'warn', detail: expect.stringContaining(`the ${move} by eve of`) }])
    const again = await decide(lake, kind, move)
    expect(again).toMatchObject({ outcome: 'nothing', finished: [{ decision: { move, by: 'eve' } }] })
    const { state, record } = await smooth(kind, move)
    const [finished] = again.finished
    expect([finished?.pipes, finished?.datasets]).toEqual([record.pipes, record.datasets])
    expect(await stateOf(lake)).toEqual(state)
    const { accepted, silver } = state as { readonly silver: number; readonly accepted: number }
    expect(accepted).toBe(silver)
    const store = localStore(lake.root)
    const sharing = { store, wait: async () => undefined, random: () => 0 }
    expect((await openDecisions(sharing).read()).open).toEqual({})
    expect(await readDebts(store)).toEqual([])
  })

  it('before anybody knows of it was never taken', async () => {
    const lake = await lakeWith('holds')
    const deciding = {
      filter: { kind: 'holds' as const },
      decision: decisionOf('discard'),
      nowMs: NOW,
      models: MODELS,
      dieAt: '/_decisions/',
    }
    expect(await decideApart(deciding, folder, lake)).toBe('killed')
    expect(await decide(lake, 'holds', 'release')).toMatchObject({ outcome: 'decided', finished: [] })
    expect(await lake.rows('SELECT move FROM ledger.decisions')).toEqual([{ move: 'release' }])
  })
})

describe('several that decide about one hold at once', () => {
  it('are one that wins, and others that are told who did', async () => {
    const lake = await lakeWith('holds')
    const { holds } = await listQuarantine(lake.project, {}, 1)
    const filter = { ids: [holds[0]!.id] }
    const moves = ['release', 'discard', 'release'] as const
    const outcomes = await Promise.all(
      moves.map((move, at) =>
        decideApart(
          { filter, decision: { ...decisionOf(move), by: `person ${at}` }, nowMs: NOW, models: MODELS },
          folder,
          lake,
        ),
      ),
    )
    const decided = outcomes.filter(outcome => outcome !== 'killed' && outcome.outcome === 'decided')
    expect(decided).toHaveLength(1)
    const [winner] = decided as Extract<DecisionOutcome, { outcome: 'decided' }>[]
    const { by, move } = winner!.record.decision!
    const others = outcomes.filter(outcome => outcome !== winner)
    expect(others).toMatchObject(
      [1, 2].map(() => ({ outcome: 'taken', before: [{ by, move, reason: 'looked at it' }] })),
    )
    expect(await lake.rows('SELECT decided_by FROM ledger.decisions')).toEqual([{ decided_by: by }])
  })
})
