// Decides in a process of its own and prints the outcome: `decide-child.ts <JSON>`. With `dieAt` it ends itself without a word before it
// creates an object whose path holds that text.
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { folder, lake, models: tables, filter, decision, nowMs, dieAt } = JSON.parse(process.argv[2]!)
const { link } = files
files.link = async (from, to) => {
  if (dieAt !== undefined && new RegExp(dieAt).test(String(to))) {
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => undefined)
  }
  return link(from, to)
}
syncBuiltinESMExports()

const { loadProject } = await import('../../../src/pipeline/project/load-project.js')
const { decideQuarantined } = await import('../../../src/pipeline/holding/decide-quarantine.js')
const project = await loadProject({ folder })
const models = project.models.filter(({ table }) => tables.includes(table))
const own = { ...project, models, config: { ...project.config, lake } }
const outcome = await decideQuarantined(own, filter, decision, { nowMs })
process.stdout.write(JSON.stringify(outcome))
