// Loaded with `node --import` into a measured process: writes what it used to the file of SLUICE_BENCH_USAGE when it ends.
import { writeFileSync } from 'node:fs'

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  const usage = { peakBytes: maxRSS * 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }
  if (process.env.SLUICE_BENCH_USAGE) writeFileSync(process.env.SLUICE_BENCH_USAGE, JSON.stringify(usage))
})
