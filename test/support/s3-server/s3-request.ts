import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** What a request does, finer than its method: what costs, fails and is counted alike. */
export type RequestClass =
  | 'get'
  | 'range'
  | 'head'
  | 'put'
  | 'create'
  | 'delete'
  | 'list'
  | 'upload-start'
  | 'upload-part'
  | 'upload-complete'
  | 'upload-abort'
  | 'upload-parts'
  | 'bucket'

/** A request, without its body. */
export interface S3Request {
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly bucket: string
  /** Empty for requests to the bucket itself. */
  readonly key: string
  readonly class: RequestClass
}

/** Takes a request apart. A host `bucket.localhost` names the bucket; any other host leaves it to the path. */
export function readRequest(message: IncomingMessage): S3Request {
  const { method = '', url: target = '/', headers } = message
  const [path = '/', search = ''] = target.split(/\?(.*)/s)
  const virtual = /^([^.:]+)\.localhost(:\d+)?$/.exec(headers.host ?? '')?.[1]
  const whole = virtual === undefined ? path : `/${virtual}${path}`
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(whole) ?? []
  // In a query of S3 a plus is a plus only where it is escaped, as URLSearchParams reads it.
  const query = new URLSearchParams(search)
  const read = {
    method,
    target,
    path,
    query,
    headers,
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(key),
  }
  return { ...read, class: classOf(read) }
}

function classOf({ method, query, headers, key }: Omit<S3Request, 'class'>): RequestClass {
  if (key === '') return method === 'GET' && query.get('list-type') === '2' ? 'list' : 'bucket'
  if (method === 'POST') return query.has('uploads') ? 'upload-start' : 'upload-complete'
  if (query.has('uploadId')) return UPLOAD[method] ?? 'upload-parts'
  if (method === 'GET') return headers.range === undefined ? 'get' : 'range'
  if (method === 'HEAD') return 'head'
  if (method === 'DELETE') return 'delete'
  return headers['if-none-match'] === undefined ? 'put' : 'create'
}

const UPLOAD: Readonly<Record<string, RequestClass>> = { PUT: 'upload-part', DELETE: 'upload-abort' }
