import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/core/errors.js'
import { FX_CONVENTIONS } from '../../src/market/currency/fx-conventions.js'
import { hashConfig, loadConfig } from '../../src/pipeline/project/load-config.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-config-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function refusal(work: Promise<unknown>): Promise<SluiceError> {
  const thrown = await work.then(
    () => undefined,
    error => error,
  )
  expect(thrown).toBeInstanceOf(SluiceError)
  return thrown as SluiceError
}

const yaml = (text: string) => writeFile(join(folder, 'sluice.yaml'), text)
const dotEnv = (text: string) => writeFile(join(folder, '.env'), text)

describe('loadConfig', () => {
  it('gives the defaults for an empty file: a lake in the project and 1 GB of memory', async () => {
    await yaml('')
    const config = await loadConfig({ folder, env: {} })
    expect(config.lake).toBe(join(folder, 'data_lake'))
    expect(config.engine.memoryLimit).toBe('1GB')
    expect(config.engine.threads).toBeGreaterThan(0)
    expect(config.engine.tempFolder.startsWith(tmpdir())).toBe(true)
    expect(config.input.contract).toBeUndefined()
  })

  it('takes every setting from the highest source that has it, key by key', async () => {
    await yaml(
      'lake: from_yaml\nengine: { threads: 1, memory_limit: 1GB, temp_folder: t }\ninput: { contract: bars }\n',
    )
    await dotEnv('SLUICE__LAKE=from_dotenv\nSLUICE__ENGINE__MEMORY_LIMIT=2GB\nSLUICE__ENGINE__THREADS=2\n')
    const env = { SLUICE__ENGINE__MEMORY_LIMIT: '3GB', SLUICE__ENGINE__THREADS: '3' }
    const config = await loadConfig({ folder, env, flags: { engine: { threads: 4 } } })
    expect(config).toEqual({
      lake: join(folder, 'from_dotenv'),
      engine: { threads: 4, memoryLimit: '3GB', tempFolder: join(folder, 't') },
      fx: { conventions: FX_CONVENTIONS, normalize: ['reporting'] },
      input: { contract: 'bars' },
      providers: {},
      network: { allowHosts: [], userAgentContact: undefined },
      fetch: { deadlineMs: 600_000, timeoutMs: 30_000, maxBodyBytes: 256_000_000, attempts: 4 },
    })
  })

  it('adds conventions of its own for rates, and refuses to follow one that is none', async () => {
    await yaml('fx: { conventions: { desk: { source: house, days_before: 2 } }, normalize: [desk, tax] }')
    expect((await loadConfig({ folder, env: {} })).fx).toEqual({
      conventions: { ...FX_CONVENTIONS, desk: { source: 'house', daysBefore: 2 } },
      normalize: ['desk', 'tax'],
    })
    await yaml('fx: { normalize: [taxes] }')
    await expect(loadConfig({ folder, env: {} })).rejects.toThrow('there is no convention "taxes". Did you mean "tax"?')
  })

  it('has events only where somebody is told, each setting from wherever it is', async () => {
    await yaml('events: { deadline: PT5S }')
    expect(await loadConfig({ folder, env: {} })).not.toHaveProperty('events')
    await yaml('events: { webhook: { url: "https://a.example/x", header: X-Token }, command: [a, b c] }')
    const env = { SLUICE__EVENTS__WEBHOOK__SECRET: 'HOOK', SLUICE__EVENTS__ATTEMPTS: '2' }
    expect((await loadConfig({ folder, env })).events).toEqual({
      source: expect.stringMatching(/^urn:sluice:sluice-config-/),
      ...{ deadlineMs: 10_000, attempts: 2, command: ['a', 'b c'] },
      webhook: { url: 'https://a.example/x', secret: 'HOOK', header: 'X-Token' },
    })
  })

  it.each([
    ['events: { webhook: { secret: HOOK } }', 'events.webhook has no url'],
    ['events: { webhook: { url: "https://me:pw@a.example/" } }', 'without a user'],
    ['events: { webhook: { url: "ftp://a.example/" } }', '`url`: Invalid URL'],
    ['events: { webhook: { url: "https://a.example/", secret: "s3cret!" } }', 'environment variable'],
    ['events: { command: [] }', '`command`'],
    ['events: { source: "a b", command: [x] }', 'a URI reference'],
  ])('refuses %s', async (text, hint) => {
    await yaml(text)
    expect((await refusal(loadConfig({ folder, env: {} }))).message).toContain(hint)
  })

  it('takes the settings of a provider one by one, from wherever each is', async () => {
    await yaml(
      'providers: { coingecko-pro: { per_second: 0.5, per_month: 1000 }, nbp: { url: "http://a.example/" } }\n',
    )
    const env = {
      SLUICE__PROVIDERS__COINGECKO_PRO__PER_SECOND: '2',
      SLUICE__PROVIDERS__NBP__CONCURRENCY: '1',
      SLUICE__NETWORK__ALLOW_HOSTS: '127.0.0.1:8080, localhost',
      SLUICE__FETCH__MAX_BODY: '1MiB',
    }
    expect(await loadConfig({ folder, env })).toMatchObject({
      providers: {
        'coingecko-pro': { perSecond: 2, perMonth: 1000 },
        nbp: { url: 'http://a.example', concurrency: 1 },
      },
      network: { allowHosts: ['127.0.0.1:8080', 'localhost'] },
      fetch: { maxBodyBytes: 1_048_576 },
    })
  })

  it.each([
    ['SLUICE__PROVIDERS__NBP__URLS', 'Did you mean'],
    ['SLUICE__PROVIDERS', 'not a setting'],
  ])('refuses the variable %s', async (variable, message) => {
    await yaml('')
    expect((await refusal(loadConfig({ folder, env: { [variable]: 'x' } }))).message).toContain(message)
  })

  it('keeps an s3:// address as it is', async () => {
    await yaml('lake: s3://bucket/prefix\n')
    expect((await loadConfig({ folder, env: {} })).lake).toBe('s3://bucket/prefix')
  })

  it('treats an empty variable as one that is not set', async () => {
    await yaml('lake: here\n')
    expect((await loadConfig({ folder, env: { SLUICE__LAKE: '' } })).lake).toBe(join(folder, 'here'))
  })

  it('names the nearest key and its place for an unknown key in sluice.yaml', async () => {
    await yaml('lake: x\nengine:\n  memmory_limit: 2GB\n')
    const error = await refusal(loadConfig({ folder, env: {} }))
    expect(error.code).toBe('SLUICE_CONFIG_INVALID')
    expect(error.message).toContain('`memory_limit`')
    expect(error.place).toBe('sluice.yaml:3:3')
  })

  it('refuses a key that stands twice', async () => {
    await yaml('lake: x\nlake: y\n')
    const error = await refusal(loadConfig({ folder, env: {} }))
    expect(error.place).toBe('sluice.yaml:2:1')
  })

  it('names the nearest variable for an unknown SLUICE__ variable, in the environment and in .env', async () => {
    await yaml('')
    const env = { SLUICE__ENGINE__MEMORY_LIMT: '1GB' }
    expect((await refusal(loadConfig({ folder, env }))).message).toContain('"SLUICE__ENGINE__MEMORY_LIMIT"')
    await dotEnv('SLUICE__LAKES=x\n')
    expect((await refusal(loadConfig({ folder, env: {} }))).message).toContain('SLUICE__LAKES in .env is not a setting')
  })

  it('lets variables of other programs alone', async () => {
    await yaml('')
    await dotEnv('AWS_SECRET_ACCESS_KEY=x\nSLUICE_OTHER=1\n')
    await expect(loadConfig({ folder, env: { PATH: '/bin' } })).resolves.toBeDefined()
  })

  it('names the variable or the flag whose value cannot be used', async () => {
    await yaml('')
    const env = { SLUICE__ENGINE__THREADS: 'many' }
    expect((await refusal(loadConfig({ folder, env }))).message).toMatch(/^SLUICE__ENGINE__THREADS: /)
    const flags = { engine: { memory_limit: 'lots' } }
    expect((await refusal(loadConfig({ folder, env: {}, flags }))).message).toMatch(/^--memory-limit: /)
  })

  it('refuses a folder without sluice.yaml instead of inventing a project', async () => {
    expect((await refusal(loadConfig({ folder, env: {} }))).code).toBe('SLUICE_PROJECT_MISSING')
  })

  it('refuses a sluice.yaml that is not UTF-8', async () => {
    await writeFile(join(folder, 'sluice.yaml'), Buffer.from([0x6c, 0xff, 0xfe]))
    expect((await refusal(loadConfig({ folder, env: {} }))).message).toContain('not UTF-8')
  })
})

describe('hashConfig', () => {
  it('changes with every setting and with nothing else', async () => {
    await yaml('lake: a\n')
    const one = hashConfig(await loadConfig({ folder, env: {} }))
    await yaml('# a comment\nlake: "a"\n')
    expect(hashConfig(await loadConfig({ folder, env: {} }))).toBe(one)
    await yaml('lake: b\n')
    expect(hashConfig(await loadConfig({ folder, env: {} }))).not.toBe(one)
  })
})
