import type { DerivedTable } from '../derive/derive.js'
import type { BreakerEntry } from '../holding/breaker-book.js'
import type { PipeDeclaration } from '../pipes/pipe-declaration.js'
import type { InputRecord, PipeRecord, SourceRecord } from '../record/run-record.js'
import type { FreshnessBook, Seen } from './freshness.js'

/**
 * What a run says of datasets. A pipe that was not asked, or goes on in the next run, says nothing; nor does a file that a person named:
 * nothing of it is due. Pure.
 */
export function seenDatasets(run: {
  readonly inputs: readonly Pick<InputRecord, 'pipe' | 'held'>[]
  readonly pipes: readonly PipeRecord[]
  readonly sources: readonly SourceRecord[]
  readonly derived: readonly Pick<DerivedTable, 'name' | 'outcome'>[]
  readonly declared: readonly Pick<PipeDeclaration, 'name' | 'contract'>[]
}): Seen[] {
  const datasets = new Map(run.declared.map(({ name, contract }) => [name, contract]))
  const sources = run.sources.flatMap(source => {
    const dataset = datasets.get(source.pipe)
    return dataset === undefined ? [] : seenSource(source, dataset)
  })
  const unanswered = new Set(sources.filter(({ stale }) => stale !== undefined).map(({ part }) => part))
  const held = new Set(run.inputs.filter(input => input.held === true).map(({ pipe }) => pipe))
  const pipes = run.pipes.filter(({ pipe }) => datasets.has(pipe)).flatMap(record => seenPipe(record, held, unanswered))
  return [...sources, ...pipes, ...run.derived.flatMap(seenTable)]
}

/**
 * Pipes whose breakers are not closed: whatever else came of them, what they bring is held. `entries` are those of the book after the run;
 * of pipes that nobody declares any more nothing is missed. Pure.
 */
export function shutPipes(
  entries: readonly BreakerEntry[],
  { pipes }: { readonly pipes: readonly { name: string }[] },
): Seen[] {
  const names = new Set(pipes.map(({ name }) => name))
  return entries
    .filter(({ pipe, breaker }) => breaker.state !== 'closed' && names.has(pipe))
    .map(({ dataset, pipe, breaker }) => ({
      dataset: `silver.${dataset}`,
      part: pipe,
      stale: `its breaker is ${breaker.state.replace('_', ' ')}: ${breaker.why}`,
    }))
}

/** What nobody declares any more is not missed. Pure. */
export function goneParts(
  book: FreshnessBook,
  { pipes, models }: { readonly pipes: readonly { name: string }[]; readonly models: readonly { table: string }[] },
): Seen[] {
  const names = new Set(pipes.map(({ name }) => name))
  const tables = new Set(models.map(({ table }) => `gold.${table}`))
  return Object.entries(book).flatMap(([dataset, { stale }]) =>
    stale
      .filter(part => (part === '' ? !tables.has(dataset) : !names.has(part)))
      .map(part => ({ dataset, part, stale: undefined })),
  )
}

function seenSource({ pipe, state, meaning, why }: SourceRecord, dataset: string): Seen[] {
  if (state !== 'failed') return []
  return [{ dataset: `silver.${dataset}`, part: pipe, stale: `${meaning}: ${why}` }]
}

/** A batch may be held of which no row could have been published. What came while something else of the pipe did not makes it no fresher. */
function seenPipe(
  { pipe, dataset, findings = [] }: PipeRecord,
  held: ReadonlySet<string>,
  unanswered: ReadonlySet<string>,
): Seen[] {
  const name = `silver.${dataset}`
  if (!held.has(pipe)) return unanswered.has(pipe) ? [] : [{ dataset: name, part: pipe, stale: undefined }]
  const why = findings.find(({ severity }) => severity !== 'warn')?.text ?? 'the gate of the dataset failed'
  return [{ dataset: name, part: pipe, stale: `held back: ${why}` }]
}

function seenTable({ name, outcome }: Pick<DerivedTable, 'name' | 'outcome'>): Seen[] {
  const why = STALE[outcome]
  return [{ dataset: name, part: '', stale: why }]
}

/** Of a table that keeps its last good rows. */
const STALE: Readonly<Partial<Record<DerivedTable['outcome'], string>>> = {
  held: 'held back: its gate failed',
  failed: 'its SQL failed',
  waiting: 'a table that it reads was held or failed',
}
