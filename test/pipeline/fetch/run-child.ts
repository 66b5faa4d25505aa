// Runs one project in a process of its own, so that a test can kill it: `run-child.ts <JSON>`.

import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import { loadProject } from '../../../src/pipeline/project/load-project.js'
import { run } from '../../../src/pipeline/run.js'

const { folder, config, pipes, nowMs } = JSON.parse(process.argv[2]!)
const project = await loadProject({ folder })
await run({ ...project, config, pipes, models: [] }, { ...PLAIN_RUN, nowMs })
