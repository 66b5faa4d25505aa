import { createInterface } from 'node:readline'
import type { PlannedFault } from './fault.js'
import { type S3ServerOptions, startS3Server } from './s3-server.js'

/**
 * The server as a process of its own, so that it answers while the test's process is busy: options as JSON in its argument, one line of
 * JSON in for each question and one out for each answer. It ends with its input.
 */
const server = await startS3Server(JSON.parse(process.argv[2] ?? '{}') as S3ServerOptions)
console.log(JSON.stringify(server.urls))
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as 'requests' | readonly PlannedFault[]
  if (asked !== 'requests') server.plan(asked)
  console.log(JSON.stringify(asked === 'requests' ? server.requests() : true))
}
await server.close()
