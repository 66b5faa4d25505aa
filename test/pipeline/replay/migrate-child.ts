// Migrates one project in a process of its own, which ends itself without a word when a step begins: `migrate-child.ts <JSON>`.
import { loadContract } from '../../../src/contract/load-contract.js'
import { migrateDataset } from '../../../src/pipeline/contracts/migrate-dataset.js'
import { loadProject } from '../../../src/pipeline/project/load-project.js'

const { folder, config, pipes, contract, dataset, nowMs, dieAt } = JSON.parse(process.argv[2]!)
const project = await loadProject({ folder })
const contracts = [
  ...project.contracts.filter(own => own.dataset !== dataset),
  loadContract(contract, 'contracts/x.odcs.yaml'),
]
await migrateDataset({ ...project, config, pipes, contracts, models: [] }, dataset, {
  dryRun: false,
  allowDqBreach: false,
  nowMs,
  onProgress: ({ step }) => {
    if (step === dieAt) process.kill(process.pid, 'SIGKILL')
  },
})
