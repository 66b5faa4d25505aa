import { Command } from 'commander'
import { example, inProject, onProject, type Settle } from './command-parts.js'
import { addEvidenceCommands } from './evidence-commands.js'
import { addHoldingCommands } from './holding-commands.js'
import { addMaintainCommands } from './maintain-commands.js'
import { addModelCommands } from './model-commands.js'
import { addRuns } from './runs-commands.js'
import { addSourceCommands } from './source-commands.js'
import type { Terminal } from './terminal.js'

/** A program and the exit code that its last action chose. */
export interface Program {
  readonly command: Command
  exitCode(): number
}

/**
 * The command line. Every action imports what it needs when it runs, so that `--help` loads neither DuckDB nor a parser.
 * Wrong usage throws commander's own errors instead of ending the process.
 */
export function buildProgram(terminal: Terminal, version: string): Program {
  let exitCode = 0
  const settle = async (work: Promise<number>) => {
    exitCode = await work
  }
  const command = new Command('sluice')
    .description(
      'A local-first lakehouse for financial data: bytes kept as evidence, contracts, Iceberg tables, risk figures.',
    )
    .version(version, '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.write(text),
      // Only help arrives here: faults are thrown and printed by the caller.
      writeErr: text => terminal.write(text),
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => terminal.columns ?? 80,
      getErrHelpWidth: () => terminal.columns ?? 80,
    })
    .showSuggestionAfterError(true)
    .addHelpText('after', example('sluice init demo', 'sluice run --project demo'))
  addInit(command, terminal, settle)
  addRun(command, terminal, settle)
  addBackfill(command, terminal, settle)
  addWatch(command, terminal, settle)
  addModelCommands(command, terminal, settle)
  addReading(command, terminal, settle)
  addRuns(command, terminal, settle)
  addSourceCommands(command, terminal, settle)
  addHoldingCommands(command, terminal, settle)
  addEvidenceCommands(command, terminal, settle)
  addQuality(command, terminal, settle)
  addCalendar(command, terminal, settle)
  addFx(command, terminal, settle)
  addTrace(command, terminal, settle)
  addLineage(command, terminal, settle)
  addContract(command, terminal, settle)
  addChecks(command, terminal, settle)
  addMaintainCommands(command, terminal, settle)
  addCost(command, terminal, settle)
  addSandbox(command, terminal, settle)
  return { command, exitCode: () => exitCode }
}

function addInit(program: Command, terminal: Terminal, settle: Settle): void {
  program
    .command('init [dir]')
    .description('Make a project: settings, contracts, pipes, models. Keeps every file that exists.')
    .option('--template <name>', 'sample: works offline; fx, crypto, macro: live pipes', 'sample')
    .option('--output <kind>', 'table or json', 'table')
    .addHelpText('after', example('sluice init demo', 'sluice init rates --template fx'))
    .action((dir, options) => settle(import('./init-command.js').then(m => m.initCommand(dir, options, terminal))))
}

function addRun(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('run'))
    .description('Take data through bronze, silver and gold. Without options: every pipe that needs no parameter.')
    .option(
      '--select <term...>',
      'pipes by name, pattern, group, path, tag:x, source:x, contract:x or +table; a,b: both',
    )
    .option('--exclude <term...>', 'pipes to leave out, named in the same way')
    .option('--param <name=value...>', 'values for the parameters of the selected pipes')
    .option('--input <file...>', 'files to read with a contract and no pipe')
    .option('--contract <name>', 'the contract that --input keeps')
    .option('--run-id <id>', 'name of the run; the same one again does nothing')
    .option('--allow-dq-breach', 'publish the accepted rows although a threshold is broken')
    .option('--replace', 'compute the touched partitions again, from bronze')
    .option('--from <time>', 'ask providers from here on, whether it was fetched or not, and for nothing else')
    .option('--to <time>', 'up to here (default: now)')
    .option('--part-way', 'go as far as the credits of this month do; else what they cannot hold is refused')
    .option('--dry-run', 'do everything but write')
    .option('--now <time>', 'the time that the run takes for now, as 2026-11-22T12:15:00Z')
    .addHelpText(
      'after',
      example(
        'sluice run',
        'sluice run --select sp500 --param path=sp500_5yr.csv.gz',
        'sluice run --select tag:fx,source:nbp +risk_summary --exclude "*-gold"',
        'sluice run --select nbp-a --from 2024-01-01 --to 2025-01-01',
        'sluice run --input events.json --contract market_events --run-id load-001',
      ),
    )
    .action(options => settle(import('./run-command.js').then(m => m.runCommand(options, terminal))))
}

function addBackfill(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('backfill'))
    .description(
      'Fetch what is missing of past days and publish it. The same command again goes on where it was. What is there already is not asked for again.',
    )
    .option('--start-date <date>', 'the first day, UTC')
    .option('--end-date <date>', 'the last day: it is included')
    .option('--start <time>', 'instead: from this time on')
    .option('--end <time>', 'up to this time, which is not included')
    .option('--select <term...>', 'pipes, as for run')
    .option('--exclude <term...>', 'pipes to leave out, named in the same way')
    .option('--param <name=value...>', 'values for the parameters of the selected pipes')
    .option('--allow-dq-breach', 'publish the accepted rows although a threshold is broken')
    .option('--workers <count>', 'groups of pipes at once; the limits of providers hold for all together', '1')
    .option('--resume', 'go on with this backfill, only if it was begun and the project is the same')
    .option('--part-way', 'go as far as the credits of this month do; else what they cannot hold is refused')
    .option('--dry-run', 'say what would be asked and what it would take; ask nobody')
    .addHelpText(
      'after',
      example(
        'sluice backfill --start-date 2024-01-01 --end-date 2024-12-31 --dry-run',
        'sluice backfill --start-date 2024-01-01 --end-date 2024-12-31 --select nbp-a tag:crypto',
        'sluice backfill --start 2024-03-01T08:00:00Z --end 2024-03-01T16:00:00Z --select "binance-*"',
      ),
    )
    .action(options => settle(import('./backfill-command.js').then(m => m.backfillCommand(options, terminal))))
}

function addWatch(program: Command, terminal: Terminal, settle: Settle): void {
  inProject(program.command('watch [pattern...]'))
    .description(
      'Run pipes when they are due, until it is stopped. Patterns are terms of `run --select`; none: all pipes.',
    )
    .option('--every <duration>', 'how often a pipe without a schedule is due, as PT15M', 'PT15M')
    .option('--port <number>', 'show /healthz and /metrics on 127.0.0.1; 0: a port that is free (default: nowhere)')
    .addHelpText('after', example('sluice watch', 'sluice watch "nbp-*" tag:crypto --port 9464'))
    .action((patterns, options) =>
      settle(import('./watch-command.js').then(m => m.watchCommand(patterns, options, terminal))),
    )
}

function addReading(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('query <sql> [file]'), 'table, json, csv [FILE] or parquet FILE')
    .description(
      'Ask the tables: one SELECT over bronze.*, silver.*, gold.*, quarantine.* and ledger.*, and files of yours. ' +
        'JSON gives BIGINT, DECIMAL and times as text, exact.',
    )
    .option('--as-of <when>', 'the tables as they were: a snapshot id, a time or a run id')
    .option(
      '--as-known-at <time>',
      'silver as the world could know it then, and gold made of that; a date is its start, UTC',
    )
    .option('--strict', 'with --as-known-at: refuse rows that count as known by a publication rule alone')
    .addHelpText(
      'after',
      example(
        'sluice query "SELECT * FROM gold.risk_summary LIMIT 10"',
        'sluice query "SELECT * FROM silver.bars" --as-of 2026-11-22T12:00:00Z --output parquet bars.parquet',
        'sluice query "SELECT * FROM fx_rates" --as-known-at 2024-06-28T12:00:00Z --strict',
      ),
    )
    .action((sql, file, options) =>
      settle(import('./query-command.js').then(m => m.queryCommand(sql, file, options, terminal))),
    )
  onProject(program.command('tables [name]'))
    .description('List the tables, or show one: schema, partitions, snapshots.')
    .option('--files', 'with a name: its data files')
    .addHelpText('after', example('sluice tables', 'sluice tables silver.bars --files'))
    .action((name, options) =>
      settle(import('./tables-command.js').then(m => m.tablesCommand(name, options, terminal))),
    )
}

function addQuality(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('quality [dataset]'))
    .description(
      'Show what rules, checks and gates found in the newest runs, with the trend, and what was never checked.',
    )
    .option('--runs <count>', 'so many runs make the trend', '10')
    .option('--failed', 'only what fails its batch')
    .addHelpText('after', example('sluice quality', 'sluice quality bars --failed --runs 30'))
    .action((dataset, options) =>
      settle(import('./quality-command.js').then(m => m.qualityCommand(dataset, options, terminal))),
    )
}

function addCost(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('cost [what]'))
    .description('Show what runs used, and what the same would cost on AWS: of all runs, of a run, or of a pipe.')
    .option('--by <keys>', 'pipe, dataset, day, with commas (default: pipe; of a pipe: day)')
    .option('--since <time>', 'runs that began from here on')
    .option('--until <time>', 'runs that began before it')
    .addHelpText(
      'after',
      example('sluice cost', 'sluice cost demo-001', 'sluice cost --by dataset,day --since 2026-11-01 --output json'),
    )
    .action((what, options) => settle(import('./cost-command.js').then(m => m.costCommand(what, options, terminal))))
}

function addCalendar(program: Command, terminal: Terminal, settle: Settle): void {
  program
    .command('calendar [mic] [period]')
    .description('List the trading calendars, or the sessions of one: open, close and break in UTC.')
    .option('--output <kind>', 'table, json or csv', 'table')
    .addHelpText(
      'after',
      example(
        'sluice calendar',
        'sluice calendar XWAR 2024',
        'sluice calendar XNYS 2024-12-01..2024-12-31 --output csv',
      ),
    )
    .action((mic, period, options) =>
      settle(import('./calendar-command.js').then(m => m.calendarCommand(mic, period, options, terminal))),
    )
}

function addTrace(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('trace <table>'))
    .description('Say where rows of a derived table came from: models, rows of every input, and the bytes behind them.')
    .option('--where <condition>', 'which rows, at most 20: an SQL condition')
    .addHelpText(
      'after',
      example(`sluice trace gold.risk_summary --where "instrument_id = 'equity:XNYS:ACME' AND date = '2025-12-31'"`),
    )
    .action((table, options) =>
      settle(import('./trace-command.js').then(m => m.traceCommand(table, options, terminal))),
    )
}

function addLineage(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('lineage <table>'))
    .description(
      'Say where the columns of a table come from, as the SQL of the models has it, or what comes from them. Needs no lake.',
    )
    .option('--column <name>', 'one column, with each of its inputs; * means which rows the table has')
    .option('--upstream', 'what the table comes from (the default)')
    .option('--downstream', 'what comes from the table: what a change of it would reach')
    .option('--depth <models>', 'through so many models (default: 1 upstream, all downstream)')
    .option('--to <layer>', 'silver: through all models, to the tables that no model makes')
    .addHelpText(
      'after',
      example(
        'sluice lineage gold.risk_summary',
        'sluice lineage gold.risk_summary --column close --to silver',
        'sluice lineage silver.bars.close --downstream',
      ),
    )
    .action((table, options) =>
      settle(import('./lineage-command.js').then(m => m.lineageCommand(table, options, terminal))),
    )
}

function addFx(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('fx <amount> <from> <to>'))
    .description('Convert an amount by a rate of gold.fx_daily: with the rate, its table, day, age and way.')
    .option('--on <date>', 'the day that the amount is of; default: today, UTC')
    .option('--convention <name>', 'whose rate of which day: reporting, tax, ecb, or one of sluice.yaml', 'reporting')
    .addHelpText('after', example('sluice fx 1000 USD PLN --on 2025-03-03 --convention tax'))
    .action((amount, from, to, options) =>
      settle(import('./fx-command.js').then(m => m.fxCommand([amount, from, to], options, terminal))),
    )
}

function addContract(program: Command, terminal: Terminal, settle: Settle): void {
  const contract = program.command('contract').description('Look at contracts and check them.')
  contract.addHelpText('after', example('sluice contract show market_events', 'sluice contract diff'))
  onProject(contract.command('show [name]'))
    .description('List the contracts, or show one: fields, rules, thresholds.')
    .addHelpText('after', example('sluice contract show market_events'))
    .action((name, options) =>
      settle(import('./contract-command.js').then(m => m.contractShowCommand(name, options, terminal))),
    )
  onProject(contract.command('lint [name]'))
    .description('Check contracts: their form, their SQL, their examples.')
    .addHelpText('after', example('sluice contract lint', 'sluice contract lint bars --output json'))
    .action((name, options) =>
      settle(import('./contract-command.js').then(m => m.contractLintCommand(name, options, terminal))),
    )
  onProject(contract.command('diff [before] [after]'))
    .description(
      'Grade every change between two contracts, each a file or a name. With one, or none for all: beside what the lake was written under. Exit 5 when a change breaks readers.',
    )
    .addHelpText(
      'after',
      example(
        'sluice contract diff',
        'sluice contract diff bars',
        'sluice contract diff old/bars.odcs.yaml contracts/bars.odcs.yaml --output json',
      ),
    )
    .action((before, after, options) =>
      settle(import('./contract-diff-command.js').then(m => m.contractDiffCommand(before, after, options, terminal))),
    )
  onProject(contract.command('migrate <dataset>'))
    .description(
      'Fill the table of a new major from captures: what the older majors were made of is read again under the contract of today.',
    )
    .option('--dry-run', 'say what would be read again, and what cannot be')
    .option('--allow-dq-breach', 'publish the accepted rows although a threshold is broken')
    .addHelpText('after', example('sluice contract migrate bars --dry-run', 'sluice contract migrate bars'))
    .action((dataset, options) =>
      settle(import('./contract-migrate-command.js').then(m => m.contractMigrateCommand(dataset, options, terminal))),
    )
}

function addChecks(program: Command, terminal: Terminal, settle: Settle): void {
  onProject(program.command('validate'))
    .description('Check settings, contracts, pipes and models. Needs no network and no lake.')
    .addHelpText('after', example('sluice validate'))
    .action(options => settle(import('./findings-command.js').then(m => m.validateCommand(options, terminal))))
  const doctor = onProject(program.command('doctor'))
    .description('Check this machine and this lake.')
    .addHelpText('after', example('sluice doctor', 'sluice doctor --output json'))
    .action(options => settle(import('./findings-command.js').then(m => m.doctorCommand(options, terminal))))
  onProject(doctor.command('store'))
    .description(
      'Try what a lake needs of its store, on objects that are deleted again: exclusive creation above all, raced by 32 writers.',
    )
    .option('--stress', 'race for many more objects, upload a large file')
    .option('--endpoint <url...>', 'further addresses of the same store, raced together with its own')
    .addHelpText('after', example('sluice doctor store', 'sluice doctor store --stress'))
    // What both commands know is set on the outer one, wherever it stands.
    .action((_, command: Command) =>
      settle(import('./findings-command.js').then(m => m.doctorStoreCommand(command.optsWithGlobals(), terminal))),
    )
}

function addSandbox(program: Command, terminal: Terminal, settle: Settle): void {
  program
    .command('sandbox')
    .description('Answer as the providers do, on this machine and without a network, until it is stopped.')
    .option('--port <number>', 'where to listen on 127.0.0.1 (default: a port that is free)')
    .option('--seed <number>', 'other prices for another number (default: 1)')
    .option('--now <time>', 'the time that the providers take for now, as 2026-11-22T12:15:00Z')
    .option('--fault <fault...>', 'what goes wrong: PROVIDER:KIND[:WHEN], as nbp:429:2 or coingecko:html:every=3')
    .option('--output <kind>', 'table or json', 'table')
    .addHelpText('after', example('sluice sandbox', 'sluice sandbox --port 8787 --fault nbp:429:2 fred:slow:ms=5000'))
    .action(options => settle(import('./sandbox-command.js').then(m => m.sandboxCommand(options, terminal))))
}
