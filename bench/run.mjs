// npm run bench [-- name…] [-- --runs N --rows N]: runs the named benchmarks, or all of them, one after another.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BENCHMARKS = [
  'commit',
  'start',
  'increment',
  'events',
  'scale',
  'store',
  'replay',
  'checks',
  'pipes',
  'calendar',
  'gold',
  'backfill',
  'plan',
  'compact',
  'many-runs',
  'ledger',
  'campaign',
  'kills',
]

const firstOption = process.argv.findIndex((word, at) => at > 1 && word.startsWith('--'))
const names = process.argv.slice(2, firstOption === -1 ? undefined : firstOption)
const options = firstOption === -1 ? [] : process.argv.slice(firstOption)
const unknown = names.filter(name => !BENCHMARKS.includes(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${BENCHMARKS.join(', ')}.`)
  process.exit(2)
}
for (const name of names.length === 0 ? BENCHMARKS : names) {
  console.log(`\n== ${name}`)
  const file = fileURLToPath(new URL(`${name}.mjs`, import.meta.url))
  const { status } = spawnSync(process.execPath, [file, ...options], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
