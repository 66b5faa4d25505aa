import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/core/errors.js'
import { validateProject } from '../../src/pipeline/doctor/validate.js'
import { findProject } from '../../src/pipeline/project/find-project.js'
import { initProject } from '../../src/pipeline/project/init-project.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import { loadSettings } from '../../src/pipeline/project/load-settings.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-project-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function refusal(work: () => unknown): Promise<SluiceError> {
  try {
    await work()
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(SluiceError)
    return thrown as SluiceError
  }
  throw new Error('nothing was refused')
}

const change = async (name: string, from: string | RegExp, to: string) => {
  const text = await readFile(join(folder, name), 'utf8')
  expect(text).toMatch(from)
  await writeFile(join(folder, name), text.replace(from, to))
}

const failures = async () =>
  (await validateProject(await loadProject({ folder }))).filter(finding => finding.status !== 'ok')

describe('initProject', () => {
  it('makes a project that loads, and validates without a fault', async () => {
    const { written, kept } = await initProject(folder)
    expect(kept).toEqual([])
    expect(written).toEqual(expect.arrayContaining(['sluice.yaml', 'pipes/sample.yaml', '.gitignore', '.env.example']))
    const project = await loadProject({ folder })
    expect(project.pipes.map(pipe => [pipe.name, pipe.group])).toEqual([
      ['sample-bars', 'sample'],
      ['sample-events', 'sample'],
    ])
    expect(Object.keys(project.references).sort()).toEqual(['instrument_aliases', 'instruments'])
    expect(project.models.length).toBeGreaterThan(0)
    expect(project.macros.length).toBeGreaterThan(0)
    expect(await failures()).toEqual([])
  })

  it('keeps every file that exists, says which, and completes the rest', async () => {
    await writeFile(join(folder, 'sluice.yaml'), 'lake: mine\n')
    expect((await initProject(folder)).kept).toEqual(['sluice.yaml'])
    await rm(join(folder, 'pipes'), { recursive: true })
    const again = await initProject(folder)
    expect(again.written).toEqual(['pipes/sample.yaml'])
    expect(await readFile(join(folder, 'sluice.yaml'), 'utf8')).toBe('lake: mine\n')
  })

  it('refuses a folder that is a file, and leaves the file as it was', async () => {
    const file = join(folder, 'file')
    await writeFile(file, 'x')
    const error = await refusal(() => initProject(file))
    expect(error.code).toBe('SLUICE_ARGUMENT_INVALID')
    expect(await readFile(file, 'utf8')).toBe('x')
  })

  it('gives every YAML file a schema that stands beside it', async () => {
    const { written } = await initProject(folder)
    for (const name of written.filter(file => file.endsWith('.yaml'))) {
      const [first] = (await readFile(join(folder, name), 'utf8')).split('\n')
      const schema = /^# yaml-language-server: \$schema=(.+)$/.exec(first ?? '')?.[1]
      expect(schema, name).toBeDefined()
      expect(JSON.parse(await readFile(join(folder, name, '..', schema!), 'utf8'))).toHaveProperty('$schema')
    }
  })
})

describe('loadProject', () => {
  it('places faults by the file as it is called within the project', async () => {
    await initProject(folder)
    await change('pipes/sample.yaml', 'source: sample.events', 'sourc: sample.events')
    const error = await refusal(() => loadProject({ folder }))
    expect(error.code).toBe('SLUICE_PIPE_INVALID')
    expect(error.place).toMatch(/^pipes\/sample\.yaml:\d+:\d+$/)
  })

  it('refuses two contracts for one dataset', async () => {
    await initProject(folder)
    await cp(join(folder, 'contracts/bars.odcs.yaml'), join(folder, 'contracts/copy.odcs.yaml'))
    const error = await refusal(() => loadProject({ folder }))
    expect(error.code).toBe('SLUICE_CONTRACT_INVALID')
    expect(error.message).toContain('contracts/copy.odcs.yaml')
  })

  it('loads a project of nothing but an empty sluice.yaml', async () => {
    await writeFile(join(folder, 'sluice.yaml'), '')
    expect(await loadProject({ folder })).toMatchObject({ contracts: [], pipes: [], models: [], references: {} })
  })

  it('has the same configuration and hash as loadSettings', async () => {
    await initProject(folder)
    const flags = { engine: { threads: 3 } }
    const [full, bare] = await Promise.all([loadProject({ folder, flags }), loadSettings({ folder, flags, env: {} })])
    expect(bare.config).toEqual(full.config)
    expect(bare.configHash).toBe(full.configHash)
  })
})

describe('findProject', () => {
  it('finds the nearest sluice.yaml above a folder', async () => {
    await writeFile(join(folder, 'sluice.yaml'), '')
    await mkdir(join(folder, 'a/b'), { recursive: true })
    expect(findProject(join(folder, 'a/b'))).toBe(folder)
  })

  it('says what to do where there is none', async () => {
    const error = await refusal(() => findProject(join(folder, 'nowhere')))
    expect(error.code).toBe('SLUICE_PROJECT_MISSING')
  })
})

describe('validateProject', () => {
  beforeEach(() => initProject(folder))

  it('places a fault in the SQL of a pipe to the character', async () => {
    await change(
      'pipes/sample.yaml',
      'contract: bars\n',
      "contract: bars\n    map: { close: 'close + read_text(1)' }\n",
    )
    const [fault, ...others] = await failures()
    expect(others).toEqual([])
    expect(fault).toMatchObject({ status: 'fail', subject: 'pipes/sample.yaml' })
    expect(fault?.detail).toContain('read_text')
    expect(fault?.place).toMatch(/^pipes\/sample\.yaml:7:\d+$/)
  })

  it('finds a column that a model misspells, without a row of data', async () => {
    await change('models/gold/risk_summary.sql', 'instrument_id, date, close,', 'instrument_id, date, clos,')
    const [fault] = await failures()
    expect(fault).toMatchObject({ status: 'fail', subject: 'models/gold/risk_summary.sql' })
    expect(fault?.detail).toContain('clos')
  })

  it('finds a model that does not give a field of its contract', async () => {
    await change('models/gold/risk_summary.sql', /max_drawdown_loss, sharpe, figures/, 'max_drawdown_loss, figures')
    const [fault] = await failures()
    expect(fault?.detail).toBe('the SELECT lacks sharpe of its contract')
  })

  it('finds a model that reads a file', async () => {
    await change('models/gold/risk_summary.sql', 'FROM gold.risk_metrics', "FROM read_csv('/etc/passwd')")
    const [fault] = await failures()
    expect(fault?.status).toBe('fail')
  })

  it('makes no lake', async () => {
    await validateProject(await loadProject({ folder }))
    await expect(readFile(join(folder, 'data_lake'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
