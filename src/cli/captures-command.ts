import { SluiceError } from '../core/errors.js'
import { MEANINGS, type Meaning } from '../sources/answers/meaning.js'
import { timeOf } from './interval-flags.js'
import { openSettings, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { renderBroken, renderCapture, renderCaptures } from './render-captures.js'
import type { Terminal } from './terminal.js'

export interface CapturesOptions extends ProjectOptions {
  readonly pipe?: string
  readonly provider?: string
  readonly since?: string
  readonly meaning?: string
  readonly limit?: string
}

const DEFAULT_LIMIT = 50

/** `sluice captures ls`: 7 when a segment is damaged, although the others are listed. */
export async function capturesListCommand(options: CapturesOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const { pipe, provider, since } = options
  const query = {
    pipe,
    provider,
    sinceMs: since === undefined ? undefined : timeOf('--since', since),
    meaning: meaningOf(options.meaning),
    limit: limitOf(options.limit),
  }
  const project = await openSettings(options, terminal)
  const { listCaptures } = await import('../pipeline/captures/captures.js')
  const list = await listCaptures(project, query)
  if (json) writeJson(terminal, list)
  else terminal.write(renderCaptures(list, terminal))
  terminal.note(renderBroken(list.broken))
  return list.broken.length === 0 ? 0 : 7
}

/** `sluice captures show ID`: the exact bytes; with `--headers` or `--output json` the record instead. */
export async function capturesShowCommand(
  id: string,
  options: ProjectOptions & { readonly headers?: boolean },
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openSettings(options, terminal)
  const { findCapture } = await import('../pipeline/captures/find-capture.js')
  const { record, segment, bytes } = await findCapture(project, id)
  if (json) writeJson(terminal, options.headers === true ? withoutBody(record) : record)
  else if (options.headers === true) terminal.write(renderCapture(record, segment, terminal))
  else await terminal.stream(bytes())
  return 0
}

function withoutBody<R extends { readonly response: { readonly body: unknown } }>(record: R) {
  const { body: _, ...response } = record.response
  return { ...record, response }
}

function meaningOf(text: string | undefined): Meaning | undefined {
  const meaning = MEANINGS.find(candidate => candidate === text)
  if (text === undefined || meaning !== undefined) return meaning
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--meaning is one of ${MEANINGS.join(', ')}, not "${text}".`)
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--limit is a whole number from 1 on, not "${text}".`)
}
