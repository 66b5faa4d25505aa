import { isEmptyAt } from '../../sources/generic/json-path.js'
import { type PipeOutcome, rejudged } from './requests.js'

/** An answer that holds nothing is short; others are not parsed to see it. */
const SHORT_BYTES = 64 << 10

/** An answer whose list of records is there and has none is empty, as a list alone is; and so is a page after the last, whatever it holds. */
export function judgedByRecords(outcome: PipeOutcome): PipeOutcome {
  const { asked, answer, meaning } = outcome
  const { records, body } = asked.from.source
  if (meaning !== 'data' || records === undefined || body.kind !== 'json') return outcome
  if (answer === undefined || answer.body.length > SHORT_BYTES) return outcome
  const text = answer.body.toString('utf8')
  if (!/\[\s*\]|\{\s*\}|null/.test(text)) return outcome
  const isPageAfter = asked.page > 1
  if (!isEmptyAt(JSON.parse(text.replace(/^\uFEFF/, '')), records, isPageAfter)) return outcome
  const why = isPageAfter ? `page ${asked.page} has no record` : `no record at ${records}`
  return rejudged(outcome, { meaning: 'empty', why })
}
