import { createHash } from 'node:crypto'
import type { Body } from './body.js'

/** An object of a bucket, or a part of an upload. */
export interface Stored extends Body {
  /** With its quotes. */
  readonly etag: string
  readonly modifiedMs: number
  /** Headers that come back with the object: its type, metadata, storage class, encryption. */
  readonly headers: Readonly<Record<string, string>>
}

/** A multipart upload that is neither complete nor given up. */
export interface Upload {
  readonly key: string
  readonly begunMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly parts: Map<number, Stored>
}

/** What a bucket holds. One thread changes it: whatever is done to it without waiting is atomic. */
export interface Bucket {
  readonly objects: Map<string, Stored>
  readonly uploads: Map<string, Upload>
}

export function newBucket(): Bucket {
  return { objects: new Map(), uploads: new Map() }
}

export function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}
