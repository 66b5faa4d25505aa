import { isRunId } from '../../../src/core/ids.js'

const NAMES = /^[a-z0-9]+$/
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/
const URI_REFERENCE = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/
const MEDIA_TYPE = /^[a-z]+\/[a-z.+-]+$/

/**
 * What CloudEvents 1.0 asks of an event in its JSON format: names of attributes are lower-case letters and digits; id, source, specversion
 * and type are there and not empty; source is a URI reference, time an RFC 3339 time, datacontenttype a media type, data a JSON value.
 */
export function faultsOf(text: string): string[] {
  const event = JSON.parse(text) as Record<string, unknown>
  const { data, ...attributes } = event
  const texts = ['id', 'source', 'specversion', 'type', 'subject', 'time', 'datacontenttype']
  return [
    ...Object.keys(attributes).filter(name => !NAMES.test(name)),
    ...texts.filter(name => typeof event[name] !== 'string' || event[name] === ''),
    ...(event['specversion'] === '1.0' ? [] : ['specversion is not 1.0']),
    ...(URI_REFERENCE.test(String(event['source'])) ? [] : ['source is no URI reference']),
    ...(RFC_3339.test(String(event['time'])) ? [] : ['time is none of RFC 3339']),
    ...(MEDIA_TYPE.test(String(event['datacontenttype'])) ? [] : ['datacontenttype is no media type']),
    ...(typeof data === 'object' && data !== null ? [] : ['no data']),
    ...(isRunId(String((data as Record<string, unknown>)['run_id'])) ? [] : ['data names no run']),
    ...(Buffer.byteLength(text) <= 65_536 ? [] : ['larger than 64 kB']),
  ]
}
