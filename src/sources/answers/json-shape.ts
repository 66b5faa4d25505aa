import { errorInJson, judgeError } from './error-body.js'
import type { Judgement } from './meaning.js'
import { scanJson } from './scan-json.js'

/** Only a document with one of these names can be an error. A list is one at most with a single, short element. */
const NAMES_OF_ERRORS = ['error', 'errors', 'error_code', 'status', 'success', 'code', 'message', 'Error Message']
const LONGEST_ERROR_LIST = 4096

/** Words that JSON does not have, but programs write into it. */
const FOREIGN_WORD = /^-?(?:NaN|Infinity)\b|^(?:undefined|None)\b/

/** What UTF-8 bytes mean where JSON is due. */
export function jsonShape(body: Buffer): Judgement {
  const { end, at, root, empty, keys } = scanJson(body)
  if (end === 'cut') return { meaning: 'truncated', why: 'the JSON ends in the middle' }
  if (end === 'broken') return broken(body, at)
  if (empty && root === 'list') return { meaning: 'empty', why: 'the JSON holds nothing' }
  if (empty) return { meaning: 'mismatch', why: `the JSON is ${root === 'object' ? '{}' : 'null'}, no list of records` }
  if (root === 'value') return { meaning: 'mismatch', why: 'the JSON is a single value' }
  const mayBeError =
    root === 'list' ? body.length <= LONGEST_ERROR_LIST : keys.some(key => NAMES_OF_ERRORS.includes(key))
  const error = mayBeError ? errorInJson(JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''))) : undefined
  return error === undefined ? { meaning: 'data', why: 'JSON' } : judgeError(error)
}

function broken(body: Buffer, at: number): Judgement {
  const word = FOREIGN_WORD.exec(body.toString('utf8', at, at + 16))?.[0]
  const why = word === undefined ? 'the text is not JSON' : `the JSON holds ${word}`
  return { meaning: 'mismatch', why: `${why}, at byte ${at}` }
}
