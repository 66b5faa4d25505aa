const REQUEST_CLASSES = ['get', 'range', 'head', 'put', 'create', 'adopt', 'list', 'delete', 'open'] as const
export type RequestClass = (typeof REQUEST_CLASSES)[number]

/** What a store was asked for so far: requests by class, failed ones included, and the bytes that went through. */
export interface StoreCounts {
  readonly requests: Readonly<Record<RequestClass, number>>
  readonly bytesRead: number
  /** Bytes that became objects: a lost `create` writes none. */
  readonly bytesWritten: number
}

/** Counters at zero, and a copy of how they stand. */
export function newCounts() {
  const requests = Object.fromEntries(REQUEST_CLASSES.map(name => [name, 0])) as Record<RequestClass, number>
  const bytes = { read: 0, written: 0 }
  const counts = (): StoreCounts => ({
    requests: { ...requests },
    bytesRead: bytes.read,
    bytesWritten: bytes.written,
  })
  return { requests, bytes, counts }
}

/** What came between two counts. */
export function storeCountsSince(before: StoreCounts, after: StoreCounts): StoreCounts {
  const names = REQUEST_CLASSES.map(name => [name, after.requests[name] - before.requests[name]])
  return {
    requests: Object.fromEntries(names) as Record<RequestClass, number>,
    bytesRead: after.bytesRead - before.bytesRead,
    bytesWritten: after.bytesWritten - before.bytesWritten,
  }
}
