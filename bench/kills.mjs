// Commands killed with SIGKILL at random moments, each judged and run once more, in slices of a seed each: `-- kills --kills 1000 --slice 50`. A slice
// is the test of test/crash/kills.test.ts with its own seed, and says in one line per scenario what it did; `--seed 7` goes on from the seventh.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    slice: { type: 'string', default: '50' },
    // Of the first slice; the others follow.
    seed: { type: 'string', default: '1' },
  },
})
const [kills, slice, seed] = [values.kills, values.slice, values.seed].map(Number)
const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const total = { kills: 0, died: 0, faults: 0 }

for (let at = 0; at * slice < kills; at++) {
  const env = {
    ...process.env,
    // Colours would stand before the lines that are looked for.
    NO_COLOR: '1',
    SLUICE_KILLS: String(Math.min(slice, kills - at * slice)),
    SLUICE_SEED: String(seed + at),
  }
  const args = [vitest, 'run', 'test/crash/kills.test.ts']
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for (const line of stdout.matchAll(/^KILLS .*: (\d+) from seed \d+ on, (\d+) found it alive, (\d+) faults$/gm)) {
    console.log(line[0])
    total.kills += Number(line[1])
    total.died += Number(line[2])
    total.faults += Number(line[3])
  }
  console.log(`${new Date().toISOString()} slice of seed ${seed + at} ${status === 0 ? 'passed' : 'FAILED'}`)
  if (status !== 0) {
    console.log(stdout)
    process.exitCode = 1
  }
}
console.log(`${total.kills} kills, ${total.died} found their command alive, ${total.faults} faults`)
