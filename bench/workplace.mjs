// Where the benchmarks keep their input, projects and lakes, and the settings that both sides of a comparison share.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
export const CLI = join(REPOSITORY, 'dist', 'cli', 'main.js')
export const THREADS = Number(process.env.SLUICE_BENCH_THREADS ?? 2)
export const MEMORY_LIMIT = process.env.SLUICE_BENCH_MEMORY ?? '1GB'
export const INSTRUMENTS = 200

/** A path in the folder of the benchmarks, which is kept from run to run: SLUICE_BENCH_DIR, else sluice-bench below the temp folder. */
export function benchPath(...parts) {
  const folder = process.env.SLUICE_BENCH_DIR ?? join(tmpdir(), 'sluice-bench')
  mkdirSync(folder, { recursive: true })
  return join(folder, ...parts)
}

/** Throws unless the product is built: the benchmarks measure `dist`, as users run it. */
export function requireBuild() {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing. Run \`npm run build\` first.`)
}

/** A fresh project without a lake: the repository's contracts and models, and the instruments that the events name. */
export function makeProject(name, memoryLimit = MEMORY_LIMIT) {
  const folder = benchPath(name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const part of ['contracts', 'models', 'schemas']) {
    if (existsSync(join(REPOSITORY, part))) cpSync(join(REPOSITORY, part), join(folder, part), { recursive: true })
  }
  const engine = `engine:\n  threads: ${THREADS}\n  memory_limit: ${memoryLimit}\n  temp_folder: ${benchPath('temp')}\n`
  writeFileSync(join(folder, 'sluice.yaml'), `lake: data_lake\n${engine}`)
  writeFileSync(join(folder, 'instruments.csv'), instrumentsCsv())
  return folder
}

/** The reference table that says which instruments there are. */
export function instrumentsCsv() {
  const ids = Array.from({ length: INSTRUMENTS }, (_, index) => `crypto:bench:c${String(index).padStart(3, '0')}`)
  return `instrument_id\n${ids.join('\n')}\n`
}
