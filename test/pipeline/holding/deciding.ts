import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { DecisionOutcome } from '../../../src/pipeline/holding/decide-quarantine.js'
import type { QuarantineFilter } from '../../../src/pipeline/holding/find-quarantined.js'
import type { Decision } from '../../../src/pipeline/holding/recall.js'
import { childArgs } from '../../support/child-program.js'
import type { ProjectFolder, TestLake } from '../../support/lakes.js'

const CHILD = fileURLToPath(new URL('decide-child.ts', import.meta.url))

export interface Deciding {
  readonly filter: QuarantineFilter
  readonly decision: Decision
  readonly nowMs?: number
  /** The gold tables that the project has models of. */
  readonly models: readonly string[]
  /** A pattern of the path before whose creation the process is killed. */
  readonly dieAt?: string
}

/** Decides in a process of its own: what came of it, or `killed`. */
export async function decideApart(
  deciding: Deciding,
  { folder }: ProjectFolder,
  { root: lake }: TestLake,
): Promise<DecisionOutcome | 'killed'> {
  const work = JSON.stringify({ folder, lake, ...deciding })
  const child = spawn(process.execPath, [...childArgs(CHILD), work], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (signal === 'SIGKILL') return 'killed'
  if (code !== 0) throw new Error(`the process ended with ${code}`)
  return JSON.parse(printed) as DecisionOutcome
}
