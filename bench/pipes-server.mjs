// The provider simulator in a process of its own, for the benchmark of pipes: prints its port, ends with its parent.
import { startSimulator } from '../dist/testing.js'

const nowMs = Number(process.argv[2])
const simulator = await startSimulator({
  clock: { now: () => nowMs, monotonicMs: () => performance.now() },
  remember: 1,
})
console.log(simulator.port)
process.stdin.resume().on('end', () => process.exit(0))
