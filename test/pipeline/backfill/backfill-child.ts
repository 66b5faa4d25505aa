// Backfills one project in a process of its own, so that a test can kill it: `backfill-child.ts <JSON>`.

import { fixedClock } from '../../../src/core/clock.js'
import { seededRandom } from '../../../src/core/random.js'
import { backfill } from '../../../src/pipeline/backfill/backfill.js'
import { systemDeps } from '../../../src/pipeline/deps.js'
import { loadProject } from '../../../src/pipeline/project/load-project.js'

const { folder, config, pipes, contracts, interval, nowMs, dieAt } = JSON.parse(process.argv[2]!)
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
  { ...systemDeps, clock: fixedClock(nowMs), wait: async () => undefined, random: seededRandom(1), env: {} },
)
