/** An event as CloudEvents 1.0 has it, in its JSON format. `source` and `id` together name it: sent twice, it is the same one. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: EventType
  /** The dataset as SQL names it, or the run. */
  readonly subject: string
  /** RFC 3339 */
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: Readonly<Record<string, unknown>>
}

export type EventType =
  | 'sluice.gate.failed'
  | 'sluice.breaker.changed'
  | 'sluice.dataset.stale'
  | 'sluice.dataset.fresh'
  | 'sluice.run.failed'

/** What all events of one run share. */
export interface EventMoment {
  readonly source: string
  readonly runId: string
  /** RFC 3339 */
  readonly time: string
}

/** A run has one event of a type for a subject: its id is made of the three, so that a run that is taken up again tells the same. */
export function cloudEvent(
  { source, runId, time }: EventMoment,
  type: EventType,
  subject: string,
  data: Readonly<Record<string, unknown>>,
): CloudEvent {
  return {
    specversion: '1.0',
    id: `${runId}/${type}/${subject}`,
    source,
    type,
    subject,
    time,
    datacontenttype: 'application/json',
    data: { run_id: runId, ...data },
  }
}
