import { readFile } from 'node:fs/promises'
import { sha256Hex } from '../../core/ids.js'
import type { Pipe } from '../../sources/pipe.js'
import type { AskingPipe } from '../fetch/requests.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import type { Project } from '../project/project.js'
import type { Makings } from './backfill-record.js'

const MOST_NAMED = 5
const KINDS = { pipes: 'pipe', contracts: 'contract', references: 'reference table', providers: 'provider' } as const

/** What decides what these pipes ask and what becomes of the answers. */
export async function makingsOf(
  pipes: readonly Pipe[],
  asking: readonly AskingPipe[],
  project: Project,
): Promise<Makings> {
  const contracts = new Set(pipes.map(({ contract }) => contract))
  const references = await Promise.all(
    Object.entries(project.references).map(async ([name, file]) => [name, short(await readFile(file))] as const),
  )
  return {
    pipes: Object.fromEntries(pipes.map(pipe => [pipe.name, short(JSON.stringify(partsOf(pipe)))])),
    contracts: Object.fromEntries([...contracts].map(name => [name, contractNamed(project.contracts, name).hash])),
    references: Object.fromEntries(references),
    providers: Object.fromEntries(asking.map(({ provider }) => [provider.name, short(provider.url)])),
  }
}

/** Where the declaration stands and when the pipe is due is not asked here. */
function partsOf({ name: _, group: _group, tags: _tags, declaredIn: _place, ...parts }: Pipe) {
  const { schedule: _schedule, revisit: _revisit, sinceMs: _since, input: _input, key: _key, ...rest } = parts
  return Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** What is other than it was, in words; empty: nothing. Pure. */
export function changesBetween(before: Makings, now: Makings): string[] {
  return Object.entries(KINDS).flatMap(([kind, noun]) => {
    const [old, fresh] = [before[kind as keyof Makings], now[kind as keyof Makings]]
    const changed = Object.keys({ ...old, ...fresh }).filter(name => old[name] !== fresh[name])
    const texts = changed
      .slice(0, MOST_NAMED)
      .map(
        name =>
          `the ${noun} ${name} ${old[name] === undefined ? 'is new' : fresh[name] === undefined ? 'is gone' : 'changed'}`,
      )
    const more = changed.length - texts.length
    return more > 0 ? [...texts, `${more} more of the ${noun}s`] : texts
  })
}

function short(bytes: Buffer | string): string {
  return sha256Hex(bytes).slice(0, 16)
}
