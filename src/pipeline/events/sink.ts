/** Somebody who is told. Opened for one run, closed after it. */
export interface Sink {
  readonly name: 'webhook' | 'command'
  /** Tries once to deliver an event, a text in JSON, until the signal is aborted. Never throws. */
  send(event: string, signal: AbortSignal): Promise<Attempt>
  close(): Promise<void>
}

/** What came of trying. `again`: it may pass by itself; `pauseMs`: not before. The reason names no secret and no address. */
export type Attempt =
  | { readonly outcome: 'delivered' }
  | { readonly outcome: 'failed'; readonly why: string; readonly again: boolean; readonly pauseMs?: number | undefined }
