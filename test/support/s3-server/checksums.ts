import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { crc32 } from 'node:zlib'
import { S3Error } from './s3-error.js'

const SUMS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'content-md5': bytes => createHash('md5').update(bytes).digest('base64'),
  'x-amz-checksum-crc32': bytes => {
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(bytes))
    return sum.toString('base64')
  },
  'x-amz-checksum-sha1': bytes => createHash('sha1').update(bytes).digest('base64'),
  'x-amz-checksum-sha256': bytes => createHash('sha256').update(bytes).digest('base64'),
}

/** The checksums of a request that an object keeps. Throws BadDigest for one that is not the body's, and for kinds that cannot be checked here. */
export function checkSums(bytes: Buffer, headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!/^(content-md5$|x-amz-checksum-(?!algorithm|mode|type))/.test(name)) continue
    const sum = SUMS[name]
    if (sum === undefined) throw new S3Error(501, 'NotImplemented', `${name} cannot be checked here`)
    if (sum(bytes) !== value)
      throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`)
    if (name !== 'content-md5') kept[name] = String(value)
  }
  return kept
}
