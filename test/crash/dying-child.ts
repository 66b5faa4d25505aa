// Loaded before the command line in a process of its own: kills it as CRASH_PLAN says, `{ root, at, fault, afterMs }`.
import { plantFaults } from './fault-fs.js'

const { root, at, fault, afterMs } = JSON.parse(process.env['CRASH_PLAN']!)
let done = 0
await plantFaults(root, ({ changes }) => {
  // A death before a look leaves what a death after the change before it does.
  if (!changes) return undefined
  done += 1
  if (done !== at) return undefined
  if (afterMs === undefined) return fault
  // Later than the change: code that is not JavaScript may be at work by then.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), afterMs)
  return undefined
})
