import { expect, it } from 'vitest'
import { s3Error } from '../../src/storage/s3/s3-error.js'

const action = { verb: 'write', key: 'k', root: 's3://lake' } as const

/** An error as the SDK throws it. */
function answered(status: number, name: string, message: string): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } })
}

it.each([
  [
    400,
    'BadRequest',
    'S3 API Requests must be made to API port.',
    'SLUICE_CONFIG_INVALID',
    /not to that of its console/,
  ],
  [400, 'BadRequest', 'The header is too long.', 'SLUICE_STORE_UNAVAILABLE', /./],
  [507, 'XMinioStorageFull', 'The drive is full.', 'SLUICE_STORE_FULL', /Free some space/],
  [403, 'QuotaExceeded', 'No more is allowed.', 'SLUICE_STORE_FULL', /Free some space/],
  [400, 'ObjectParentIsFile', 'The parent is an object.', 'SLUICE_STORE_KEY_INVALID', /./],
])('takes %i %s "%s" for %s', (status, name, message, code, next) => {
  expect(s3Error(answered(status, name, message), action, 'http://127.0.0.1:9001')).toMatchObject({
    code,
    next: expect.stringMatching(next),
  })
})
