/** A capture as far as its retention goes. */
export interface AgedCapture {
  readonly id: string
  readonly receivedMs: number
  /** How long it is kept after it came, in milliseconds; undefined: nobody said that it may go. */
  readonly keptMs: number | undefined
  /** Rows that stand on it, a batch that waits, a run that is not finished: why it stays however old. */
  readonly isNeeded: boolean
}

/** A segment, and the bodies beside it that its captures name. */
export interface AgedSegment {
  readonly key: string
  readonly captures: readonly AgedCapture[]
}

/** A capture that came within the last day stays, whatever is asked: a run may be at it. */
export const LEAST_KEPT_MS = 86_400_000

/** Whether a capture is older than it is kept. Pure. */
export function isPast({ receivedMs, keptMs }: Pick<AgedCapture, 'receivedMs' | 'keptMs'>, nowMs: number): boolean {
  return keptMs !== undefined && receivedMs + Math.max(keptMs, LEAST_KEPT_MS) <= nowMs
}

/** The segments that may go: immutable as they are, a capture that has to stay keeps those beside it. Pure. */
export function chooseSegments<Segment extends AgedSegment>(segments: readonly Segment[], nowMs: number): Segment[] {
  return segments.filter(({ captures }) => captures.every(capture => !capture.isNeeded && isPast(capture, nowMs)))
}
