import { asSluiceError } from '../../core/errors.js'
import { readKey } from '../../sources/http/read-key.js'
import { scrubberOf } from '../../sources/http/secret.js'
import { statedPauseMs } from '../../sources/http/stated-pause.js'
import { type Exchange, openTransport } from '../../sources/http/transport.js'
import type { Deps } from '../deps.js'
import { transportOptions } from '../fetch/fetch-sources.js'
import { keyEnv } from '../fetch/key-env.js'
import type { EventSettings, Project } from '../project/project.js'
import type { Attempt, Sink } from './sink.js'

const CLOUD_EVENT = 'application/cloudevents+json; charset=UTF-8'
/** Statuses below 500 that may pass by themselves. */
const PASSING = [408, 425, 429]

/**
 * Posts each event to an address, over the transport that asks providers: only public addresses, or hosts that the project allows. A
 * secret that is declared and not there fails every event: none goes without it.
 */
export async function webhookSink(
  { url, secret: setting, header }: NonNullable<EventSettings['webhook']>,
  project: Project,
  deps: Deps,
  contentType = CLOUD_EVENT,
): Promise<Sink> {
  const key = await keyOf(setting, project.folder, deps.env)
  // What a receiver says beside its status is not read.
  const transport = openTransport({ ...transportOptions({ project, deps }), dropsBodies: true })
  const scrub = scrubberOf(key.secret)
  const place = header === undefined ? ({ bearer: true } as const) : { header }
  return {
    name: 'webhook',
    async send(event, signal) {
      if (key.fault !== undefined) return { outcome: 'failed', why: key.fault, again: false }
      const request = {
        url,
        headers: {},
        ...(key.secret && { key: { secret: key.secret, in: place } }),
        post: { body: scrub.text(event), contentType },
      }
      return attemptOf(await transport.exchange(request, Number.POSITIVE_INFINITY, signal), deps.clock.now())
    },
    close: () => transport.close(),
  }
}

async function keyOf(setting: string | undefined, folder: string, env: Deps['env']) {
  if (setting === undefined) return {}
  try {
    const secret = await readKey(setting, await keyEnv(folder, env))
    return secret === undefined ? { fault: `the variable ${setting} is not set` } : { secret }
  } catch (cause) {
    return { fault: asSluiceError(cause).message.replace(/ Nothing was changed\.$/, '') }
  }
}

function attemptOf(exchange: Exchange, nowMs: number): Attempt {
  if (exchange.outcome === 'failure') {
    const again = exchange.meaning === 'unavailable' || exchange.meaning === 'truncated'
    return { outcome: 'failed', why: exchange.why, again }
  }
  const { status, headers } = exchange.answer
  if (status >= 200 && status < 300) return { outcome: 'delivered' }
  const again = status >= 500 || PASSING.includes(status)
  return { outcome: 'failed', why: `HTTP ${status}`, again, pauseMs: statedPauseMs(headers, nowMs, status === 429) }
}
