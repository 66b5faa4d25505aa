import { errorInJson, judgeError } from './error-body.js'
import type { Judgement } from './meaning.js'

/** Strings whole or broken off, brackets, and the words that JSON does not have but programs write into it. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*("?)|[[\]{}]|-?\b(?:NaN|Infinity|undefined|None)\b/gs

/** What a text means where JSON is due. */
export function jsonShape(text: string): Judgement {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return brokenShape(text)
  }
  const error = errorInJson(document)
  if (error !== undefined) return judgeError(error)
  if (typeof document !== 'object') return { meaning: 'mismatch', why: 'the JSON is a single value' }
  if (document === null || Object.keys(document).length === 0)
    return { meaning: 'empty', why: 'the JSON holds nothing' }
  return { meaning: 'data', why: 'JSON' }
}

/** A document that was cut off has brackets or a string left open: it may be whole the next time. */
function brokenShape(text: string): Judgement {
  let depth = 0
  let word: string | undefined
  for (const { 0: token, 1: quote } of text.matchAll(TOKENS)) {
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth--
    else if (quote === '') return { meaning: 'truncated', why: 'the JSON ends in the middle' }
    else if (quote === undefined) word ??= token
  }
  if (depth > 0) return { meaning: 'truncated', why: 'the JSON ends in the middle' }
  return { meaning: 'mismatch', why: word === undefined ? 'the text is not JSON' : `the JSON holds ${word}` }
}
