import type { Answer, Ask } from './answer.js'
import { BENDS, type Bend, bendBody, withNan } from './bend-body.js'
import type { Fault, FaultKind } from './fault.js'
import { withOtherId } from './other-id.js'
import { PROVIDERS, type ProviderName } from './providers/all.js'
import { errorAsSuccess, pageForBrowsers, refusalOf } from './refusals.js'

/** Answers never come from here: an address that no public client may be sent to. */
const PRIVATE_ADDRESS = 'http://169.254.169.254/latest/meta-data/'
const REVISION = 1

/** A request to one provider. `target` is its path and query below the provider's root. */
export interface Question extends Pick<Ask, 'headers' | 'nowMs' | 'market' | 'root' | 'key'> {
  readonly provider: ProviderName
  readonly target: string
}

/** What is answered when these faults are met: pure. How it is sent is another matter. */
export function composeAnswer(question: Question, faults: readonly Fault[]): Answer {
  const { provider, target, root } = question
  for (const fault of faults) {
    const instead = insteadOf(fault, provider, `${root}${target}`)
    if (instead !== undefined) return instead
  }
  const has = (kind: FaultKind): boolean => faults.some(fault => fault.kind === kind)
  const asked = has('other-id') ? withOtherId(provider, target) : target
  const market = has('revised') ? question.market.revised(REVISION) : question.market
  const answer = PROVIDERS[provider].answer({ ...question, ...partsOf(asked), market })
  return answer.status === 200 ? faults.reduce(bent, answer) : answer
}

/** Path, decoded and without a `/` at its end, and query. */
function partsOf(target: string): Pick<Ask, 'path' | 'query'> {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  return {
    path: decoded(path).replace(/\/+$/, ''),
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function insteadOf(fault: Fault, provider: ProviderName, url: string): Answer | undefined {
  if (fault.kind === 'status') return refusalOf(provider, fault.status, fault.retryAfterS)
  if (fault.kind === 'html') return pageForBrowsers(provider)
  if (fault.kind === 'error') return errorAsSuccess(provider)
  if (fault.kind === 'redirect-private') return redirect(PRIVATE_ADDRESS)
  return fault.kind === 'redirect-loop' ? redirect(url) : undefined
}

function redirect(location: string): Answer {
  return { status: 302, headers: { location }, body: '' }
}

function bent(answer: Answer, { kind }: Fault): Answer {
  const { body } = answer
  const type = answer.headers['content-type'] ?? ''
  if (kind === 'empty') return { ...answer, body: '' }
  if (kind === 'half-json') return { ...answer, body: body.slice(0, Math.ceil(body.length / 2)) }
  if (kind === 'nan') return { ...answer, body: withNan(body, type) }
  return isBend(kind) ? { ...answer, body: bendBody(body, type, kind) } : answer
}

function isBend(kind: FaultKind): kind is Bend {
  return (BENDS as readonly string[]).includes(kind)
}
