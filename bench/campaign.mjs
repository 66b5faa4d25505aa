// The seeded fault campaign: worlds with planted faults, two runs of the product each, judged by the truth. See docs/reference/what-is-caught.md.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createJiti } from 'jiti'

const { values } = parseArgs({
  options: {
    // Of the product; a world takes two.
    runs: { type: 'string', default: '20' },
    // Of the first world. With --runs 2 a single world is repeated.
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
    // What a child does: every so many worlds from a seed on.
    worlds: { type: 'string' },
    step: { type: 'string', default: '1' },
  },
})
const jiti = createJiti(import.meta.url)
if (values.worlds === undefined) await whole()
else await part(Number(values.seed), Number(values.worlds), Number(values.step))

async function whole() {
  const { tallyOf, tallyText } = await jiti.import('../test/campaign/tally.ts')
  const worlds = Math.max(1, Math.round(Number(values.runs) / 2))
  const processes = Math.min(worlds, Number(values.processes))
  const began = performance.now()
  const parts = Array.from({ length: processes }, (_, at) => {
    const count = Math.floor((worlds - at - 1) / processes) + 1
    return partOf(Number(values.seed) + at, count, processes)
  })
  const outcomes = (await Promise.all(parts)).flat()
  console.log(tallyText(tallyOf(outcomes)))
  console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s in ${processes} processes`)
  if (outcomes.length < worlds) throw new Error(`${outcomes.length} of ${worlds} worlds came to an end`)
}

/** The outcomes of a child; progress goes to standard error. */
async function partOf(seed, count, step) {
  const args = [
    fileURLToPath(import.meta.url),
    '--seed',
    String(seed),
    '--worlds',
    String(count),
    '--step',
    String(step),
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const outcomes = []
  for await (const line of createInterface(child.stdout)) {
    outcomes.push(JSON.parse(line))
    if (outcomes.length % 25 === 0) console.error(`${outcomes.length} of ${count} worlds from seed ${seed} on`)
  }
  return outcomes
}

async function part(seed, count, step) {
  const { randomWorld } = await jiti.import('../test/campaign/campaign.ts')
  for (let at = 0; at < count; at++) {
    try {
      console.log(JSON.stringify(await randomWorld(seed + at * step)))
    } catch (cause) {
      console.error(`The world of seed ${seed + at * step} broke: ${cause?.stack ?? cause}`)
    }
  }
}
