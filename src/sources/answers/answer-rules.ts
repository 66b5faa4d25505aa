import type { AnswerRule } from '../source.js'
import type { JudgedAnswer } from './classify.js'
import type { Judgement } from './meaning.js'

const OPENING_BYTES = 4096

/** What the first rule that fits an answer says, or undefined when none does. A rule without conditions fits nothing. */
export function ruleFor(answer: JudgedAnswer, rules: readonly AnswerRule[]): Judgement | undefined {
  const text = answer.body.toString('utf8', 0, OPENING_BYTES).replace(/^\uFEFF/, '')
  const rule = rules.find(rule => fits(rule, answer, text))
  return rule && { meaning: rule.meaning, why: rule.why }
}

function fits({ status, contentType, body }: AnswerRule, answer: JudgedAnswer, text: string): boolean {
  if (status === undefined && contentType === undefined && body === undefined) return false
  return (
    (status === undefined || [status].flat().includes(answer.status)) &&
    (contentType === undefined || found(contentType, answer.headers['content-type'] ?? '')) &&
    (body === undefined || found(body, text))
  )
}

/** Unlike `test`, `search` does not go on from where a global expression stopped last. */
function found(pattern: RegExp, text: string): boolean {
  return text.search(pattern) !== -1
}
