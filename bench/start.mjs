// From the shell's command to its end: what a person waits for.
import { rmSync } from 'node:fs'
import { benchOptions, judge, runNode, timeCalls } from './measure.mjs'
import { benchPath, CLI, requireBuild } from './workplace.mjs'

requireBuild()
const { runs } = benchOptions({ runs: 20 })
const project = benchPath('sample-project')
rmSync(project, { recursive: true, force: true })
await runNode([CLI, 'init', project])
await runNode([CLI, 'run', '--project', project])

const bare = await timeCalls(runs, () => runNode(['-e', '']))
const help = await timeCalls(runs, () => runNode([CLI, '--help']))
const tables = await timeCalls(runs, () => runNode([CLI, 'tables', '--project', project]))
for (const [name, times] of Object.entries({ 'node alone': bare, help, tables })) {
  console.log(`       ${name}: median ${times.median.toFixed(0)} ms, fastest ${times.fastest.toFixed(0)} ms`)
}
judge('sluice --help', help.median, 150, ' ms')
judge('sluice tables on the sample lake', tables.median, 400, ' ms')
