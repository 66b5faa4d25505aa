import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { seededRandom } from '../../src/core/random.js'
import { countChanges, judgeDeath, prepareScenario, type Scenario } from './campaign.js'
import { answerOf } from './command.js'
import { folderPlace } from './lake-place.js'
import { TINY_KEYS, tinyRun, writeTinyProject } from './tiny-project.js'

/** `SLUICE_KILLS=1000 SLUICE_SEED=7` is another campaign; the same seed kills at the same changes. */
const KILLS = Number(process.env['SLUICE_KILLS'] ?? 12)
const SEED = Number(process.env['SLUICE_SEED'] ?? 1)
/** Models of the sample that are kept: all of them would take most of the time and write in no other way. */
const MODELS = ['price_bars.sql', 'bars_daily.sql', 'returns_daily.sql']
const SAMPLE_KEYS = {
  'silver.bars': 'instrument_id, bar_interval, event_time',
  'silver.market_events': 'instrument_id, event_time, event_id',
  'gold.returns_daily': 'instrument_id, date',
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kills-'))
  folders.push(folder)
  return folder
}

async function tiny(): Promise<Scenario> {
  const project = newFolder()
  await writeTinyProject(project)
  return prepareScenario({
    project,
    place: folderPlace(project),
    keys: TINY_KEYS,
    isTimed: true,
    steps: [tinyRun(project, 'first', 'r1'), tinyRun(project, 'second', 'r2')],
  })
}

async function sample(isTimed: boolean, ...commands: (readonly string[])[]): Promise<Scenario> {
  const project = join(newFolder(), 'p')
  await answerOf(['init', project])
  const models = join(project, 'models', 'gold')
  for (const name of readdirSync(models)) if (!MODELS.includes(name)) rmSync(join(models, name))
  const steps = commands.map(command => [...command, '--project', project, '--memory-limit', '512MB'])
  return prepareScenario({ project, place: folderPlace(project), keys: SAMPLE_KEYS, isTimed, steps })
}

const DEMO = ['run', '--run-id', 'demo', '--now', '2026-01-10T00:00:00Z']
const BACKFILL = ['backfill', '--start-date', '2025-12-01', '--end-date', '2025-12-03', '--select', 'sample-events']

it.each([
  ['a run of a tiny project', KILLS * 0.7, () => tiny()],
  ['the run of a new project', KILLS * 0.1, () => sample(true, DEMO)],
  ['a backfill over a lake that has newer days', KILLS * 0.2, () => sample(false, DEMO, BACKFILL)],
] as const)(
  '%s, killed at random moments, is finished by the same command',
  { timeout: 7_200_000 },
  async (_, kills, prepare) => {
    const scenario = await prepare()
    const changes = await countChanges(scenario)
    const random = seededRandom(SEED)
    const faults: string[] = []
    let died = 0
    for (let kill = 0; kill < Math.ceil(kills); kill++) {
      const at = 1 + Math.floor(random() * changes)
      const afterMs = random() < 0.5 ? undefined : Math.floor(random() * 30)
      const death = { at, fault: 'kill-after' as const, ...(afterMs !== undefined && { afterMs }) }
      const judged = await judgeDeath(scenario, death)
      if (judged.died) died += 1
      faults.push(...judged.faults.map(fault => `change ${at} of ${changes}, ${afterMs ?? 0} ms later: ${fault}`))
    }
    await scenario.place.forget()
    expect(faults).toEqual([])
    // A late one may find the command at its end.
    expect(died).toBeGreaterThan(kills / 2)
  },
)
