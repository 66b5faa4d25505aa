// Loaded with `node --import` into a measured process: writes what it used to the file of SLUICE_BENCH_USAGE when it ends.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const LINUX_IO = '/proc/self/io'

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6
  const usage = { peakBytes: maxRSS * 1024, cpuSeconds, readBytes: readBytes() }
  if (process.env.SLUICE_BENCH_USAGE) writeFileSync(process.env.SLUICE_BENCH_USAGE, JSON.stringify(usage))
})

/** All that was read from files, by the SQL engine too and whether or not it lay in the page cache; 0 where the system does not count it. */
function readBytes() {
  if (!existsSync(LINUX_IO)) return 0
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(LINUX_IO, 'utf8'))?.[1] ?? 0)
}
