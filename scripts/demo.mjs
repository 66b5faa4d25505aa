// npm run demo: a project in demo/ with generated sample data, and one in demo-fx/ that asks NBP and the ECB over HTTP. Nobody outside is
// asked: the providers are the simulator, on loopback and at a fixed present, so every demo gives the same rows.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startSimulator } from '../dist/testing.js'

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const NOW_MS = Date.UTC(2026, 0, 1)
const MARK = '\n# The simulator of this demo'

await sluice('init', 'demo')
await sluice('run', '--project', 'demo')

const simulator = await startSimulator({ clock: { now: () => NOW_MS, monotonicMs: () => performance.now() } })
await sluice('init', 'demo-fx', '--template', 'fx')
// A demo before this one had another port.
const own = readFileSync('demo-fx/sluice.yaml', 'utf8').split(MARK)[0]
writeFileSync('demo-fx/sluice.yaml', own + settings())
await sluice('run', '--project', 'demo-fx', '--now', new Date(NOW_MS).toISOString())
await simulator.close()

/** Written down, so that no later run mixes what the simulator said with what the banks say. */
function settings() {
  const address = name => `  ${name}: { url: "${simulator.urlOf(name)}", per_second: 100, burst: 10 }\n`
  return `${MARK}: npx sluice sandbox --port ${simulator.port} --now 2026-01-01T00:00:00Z\nproviders:\n${address('nbp')}${address('ecb')}network:\n  allow_hosts: ["127.0.0.1:${simulator.port}"]\n`
}

async function sluice(...args) {
  const [code] = await once(spawn(process.execPath, [CLI, ...args], { stdio: 'inherit' }), 'exit')
  if (code !== 0) process.exit(code ?? 1)
}
