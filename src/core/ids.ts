import { createHash, randomBytes, randomUUID } from 'node:crypto'

/** Source of identifiers. Passed in, so that a simulation can replay the same ids. */
export interface Ids {
  /** A run id that sorts by time. */
  runId(nowMs: number): string
  /** A positive integer below 2^53: naive JSON readers survive it (Iceberg allows 63 bits). */
  snapshotId(): bigint
  uuid(): string
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export const randomIds: Ids = {
  runId: nowMs => ulid(nowMs, randomBytes(10)),
  snapshotId: () => randomBytes(8).readBigUInt64BE() & ((1n << 53n) - 1n) || 1n,
  uuid: () => randomUUID(),
}

/** Ids that depend on the seed alone, for tests and simulations. */
export function seededIds(seed: string): Ids {
  let count = 0
  const next = (): Buffer => createHash('sha256').update(`${seed}:${count++}`).digest()
  return {
    runId: nowMs => ulid(nowMs, next().subarray(0, 10)),
    snapshotId: () => next().readBigUInt64BE() & ((1n << 53n) - 1n) || 1n,
    uuid: () => formatUuid(next()),
  }
}

const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** How the ids of records and commits begin that are no runs: nobody can give them to a run. */
const RESERVED = ['backfill-', 'compact-', 'expire-'] as const

/** Whether a run id is safe as a path part and not reserved. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text) && !RESERVED.some(prefix => text.startsWith(prefix)) && !text.includes('..')
}

export function sha256Hex(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function ulid(nowMs: number, random: Buffer): string {
  let time = ''
  for (let i = 0, rest = nowMs; i < 10; i++, rest = Math.floor(rest / 32)) time = CROCKFORD[rest % 32] + time
  let tail = ''
  for (const byte of random) tail += CROCKFORD[byte >> 3]! + CROCKFORD[((byte & 7) << 2) | (byte & 3)]!
  return time + tail.slice(0, 16)
}

function formatUuid(bytes: Buffer): string {
  const b = Buffer.from(bytes.subarray(0, 16))
  b[6] = (b[6]! & 0x0f) | 0x40
  b[8] = (b[8]! & 0x3f) | 0x80
  const hex = b.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
