import { sourceNamed } from '../../sources/provider-list.js'
import type { Reading } from '../settle/reading.js'
import type { DatasetOutcome } from '../settle/settle-dataset.js'
import type { LostCapture } from './reread-captures.js'

/** Answers in which today's pipe finds no record, although its source says that each holds one. */
export function silentAnswers({ fetched }: Reading, { records }: DatasetOutcome): LostCapture[] {
  const silent = fetched.filter(
    ({ kind, id, pipe }) =>
      kind === 'answer' &&
      (records.get(id) ?? 0) === 0 &&
      pipe.empty !== 'allow' &&
      sourceNamed(pipe.source)?.source.mayHoldNone !== true,
  )
  const byCapture = new Map(silent.map(capture => [`${capture.id} ${capture.pipe.name}`, capture]))
  return [...byCapture.values()].map(({ id, pipe, name }) => ({
    captureId: id,
    pipe: pipe.name,
    name,
    why: `the pipe ${pipe.name} finds no record in it now`,
  }))
}
