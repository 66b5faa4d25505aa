// Runs one project in a process of its own, which ends itself without a word when a step begins: `killed-child.ts <JSON>`.

import { PLAIN_RUN } from '../../src/pipeline/open-lake.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import { run } from '../../src/pipeline/run.js'

const { folder, lake, input, contract, nowMs, dieAt, models } = JSON.parse(process.argv[2]!)
const project = await loadProject({ folder })
await run(
  {
    ...project,
    models: project.models.filter(({ table }) => models.includes(table)),
    config: { ...project.config, lake },
  },
  {
    ...PLAIN_RUN,
    input: [input],
    contract,
    nowMs,
    onProgress: ({ step, detail }) => {
      if (`${step} ${detail}`.startsWith(dieAt)) process.kill(process.pid, 'SIGKILL')
    },
  },
)
