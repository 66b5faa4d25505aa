// Makes the sample lake of a release, which every later one must open: `npx jiti test/upgrade/make-lake.ts FOLDER`. The folder stands in the
// lake's metadata for good, so take one that says nothing of the machine, and copy it to test/upgrade/lake-<release> afterwards.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answerOf } from '../crash/command.js'
import { tinyRun, writeTinyProject } from '../crash/tiny-project.js'

const [, , lake] = process.argv
if (lake === undefined) throw new Error('make-lake.ts FOLDER')
const project = mkdtempSync(join(tmpdir(), 'sluice-upgrade-'))
await writeTinyProject(project)
await answerOf([...tinyRun(project, 'first', 'r1'), '--lake', lake])
await answerOf([...tinyRun(project, 'second', 'r2'), '--lake', lake])
await answerOf(['compact', 'quarantine.ticks', '--project', project, '--lake', lake])
rmSync(project, { recursive: true })
