// Replays one project in a process of its own, which ends itself without a word when a step begins: `replay-child.ts <JSON>`.
import { loadContract } from '../../../src/contract/load-contract.js'
import { loadProject } from '../../../src/pipeline/project/load-project.js'
import { replay } from '../../../src/pipeline/replay/replay-lake.js'

const { folder, config, pipes, contract, models, nowMs, dieAt } = JSON.parse(process.argv[2]!)
const project = await loadProject({ folder })
const contracts = [
  ...project.contracts.filter(own => own.dataset !== 'ticks'),
  loadContract(contract, 'contracts/ticks.odcs.yaml'),
]
await replay(
  { ...project, config, pipes, contracts, models: models ? project.models : [] },
  {
    datasets: [],
    select: [],
    dryRun: false,
    allowDqBreach: false,
    nowMs,
    onProgress: ({ step }) => {
      if (step === dieAt) process.kill(process.pid, 'SIGKILL')
    },
  },
)
