// Forty years of one calendar in a process that has just begun, and a million dates looked up in the table of sessions.
import { execFileSync } from 'node:child_process'
import { benchOptions, judge, median, timeCalls } from './measure.mjs'
import { benchPath, MEMORY_LIMIT, requireBuild, THREADS } from './workplace.mjs'

requireBuild()
const { runs } = benchOptions({ runs: 20 })

const MODULE = new URL('../dist/market/calendar/calendar.js', import.meta.url).href
const COLD = `import { calendar } from ${JSON.stringify(MODULE)}
const [started, cpu] = [performance.now(), process.cpuUsage()]
const { length } = calendar('XNYS').sessions('1985-01-01', '2024-12-31')
const used = process.cpuUsage(cpu)
console.log(JSON.stringify({ length, wallMs: performance.now() - started, cpuMs: (used.user + used.system) / 1000 }))`
const cold = Array.from({ length: runs }, () =>
  JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', COLD], { encoding: 'utf8' })),
)
const wall = cold.map(run => run.wallMs)
console.log(
  `       ${cold[0].length} sessions: median ${median(wall).toFixed(1)} ms, CPU ${median(cold.map(run => run.cpuMs)).toFixed(1)} ms`,
)
judge(`40 years of XNYS in a new process, fastest of ${runs}`, Math.min(...wall), 20, ' ms')

const { openDuckDb } = await import('../dist/engine/duckdb.js')
const { loadSessions, viewSessions } = await import('../dist/pipeline/read/calendar-sessions.js')
const db = await openDuckDb({ threads: THREADS, memoryLimit: MEMORY_LIMIT, tempFolder: benchPath('temp') })
const engine = await db.connect()
await engine.run('CREATE SCHEMA silver')
const load = await timeCalls(1, async () => {
  await loadSessions(engine)
  await viewSessions(engine)
})
await engine.run(`CREATE TABLE asked AS SELECT ['XNYS', 'XLON', 'XWAR', 'XTKS'][1 + i % 4] AS mic,
  DATE '2000-01-01' + (i % 9000)::INTEGER AS day FROM range(1000000) AS asked(i)`)
const join = await timeCalls(runs, () =>
  engine.rows(`SELECT count(session_date) FROM asked
    LEFT JOIN silver.calendar_sessions AS sessions ON sessions.mic = asked.mic AND session_date = day`),
)
console.log(`       the table of all sessions: made in ${load.median.toFixed(0)} ms`)
console.log(`       a million dates: median ${join.median.toFixed(0)} ms, fastest ${join.fastest.toFixed(0)} ms`)
engine.close()
db.close()
