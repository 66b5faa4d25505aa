// Backfills one project in a process of its own, so that a test can kill it: `backfill-child.ts <JSON>`.
import { backfill } from '../../../src/pipeline/backfill/backfill.js'
import { loadProject } from '../../../src/pipeline/load-project.js'
import { stillDeps } from './past-project.js'

const { folder, config, pipes, contracts, interval, dieAt } = JSON.parse(process.argv[2]!)
const { models, ...project } = await loadProject({ folder })
const plain = { select: [], params: {}, allowDqBreach: false, workers: 1, resume: false, dryRun: false }
await backfill(
  { ...project, models: models.filter(({ table }) => table === 'fx_daily'), config, pipes, contracts },
  {
    ...plain,
    interval,
    onProgress: ({ step, detail }) => {
      if (`${step} ${detail}`.includes(dieAt)) process.kill(process.pid, 'SIGKILL')
    },
  },
  stillDeps(),
)
