import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { BucketPlace } from '../../support/s3-server/s3-server.js'

/** A store that we did not write, on ports of this machine, with an empty bucket. */
export interface RealStore extends BucketPlace {
  close(): Promise<void>
}

/** How a store is started, and through how many addresses it is asked. */
interface Product {
  readonly endpoints: number
  /** Whether it lists the uploads below a prefix. MinIO lists those of one whole key, and deletes old ones by itself. */
  readonly listsUploads: boolean
  command(
    ports: readonly number[],
    folder: string,
  ): { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv }[]
}

const ACCESS = 'realaccess'
const SECRET = 'real-secret-key'
const REGION = 'us-east-1'

export const REAL_STORES: Readonly<Record<string, Product>> = {
  minio: {
    endpoints: 1,
    listsUploads: false,
    command: ([port], folder) => [
      {
        args: ['server', join(folder, 'objects'), '--quiet', '--address', `127.0.0.1:${port}`],
        env: { MINIO_ROOT_USER: ACCESS, MINIO_ROOT_PASSWORD: SECRET, MINIO_BROWSER: 'off', HOME: folder },
      },
    ],
  },
  // Two processes on one folder: what one of them is asked must hold for the other.
  versitygw: {
    endpoints: 2,
    listsUploads: true,
    command: (ports, folder) =>
      ports.map(port => ({
        args: [
          '--quiet',
          '--keep-alive',
          '--region',
          REGION,
          '--port',
          `127.0.0.1:${port}`,
          'posix',
          join(folder, 'objects'),
        ],
        env: { ROOT_ACCESS_KEY: ACCESS, ROOT_SECRET_KEY: SECRET, HOME: folder },
      })),
  },
}

/**
 * The programs of real stores: SLUICE_STORES names the folder that `go install` put them into. Where it is set, a program that does not start is a
 * failure; one that is not there is left out.
 */
export function realPrograms(): Readonly<Record<string, string>> {
  const folder = process.env['SLUICE_STORES'] ?? ''
  const named = Object.keys(REAL_STORES).map(name => [name, join(folder, name)] as const)
  return Object.fromEntries(named.filter(([, path]) => folder !== '' && existsSync(path)))
}

export async function startRealStore(name: string, program: string): Promise<RealStore> {
  const { endpoints, command } = REAL_STORES[name]!
  const folder = await mkdtemp(join(tmpdir(), `sluice-${name}-`))
  await mkdir(join(folder, 'objects'))
  const ports = await Promise.all(Array.from({ length: endpoints }, freePort))
  const { PATH } = process.env
  const children = command(ports, folder).map(({ args, env }) =>
    spawn(program, args, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
  )
  const urls = ports.map(port => `http://127.0.0.1:${port}`)
  const store = {
    urls,
    url: urls[0]!,
    bucket: 'lake',
    region: REGION,
    credentials: { accessKeyId: ACCESS, secretAccessKey: SECRET },
  }
  const close = async (): Promise<void> => {
    await Promise.all(children.map(stop))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await Promise.all(urls.map((url, at) => answering(url, children[at]!)))
    await makeBucket(store)
    return { ...store, close }
  } catch (cause) {
    await close()
    throw cause
  }
}

async function makeBucket({ url, region, credentials, bucket }: Omit<RealStore, 'close'>): Promise<void> {
  const client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Resolves with the first answer, whatever it is. Throws what the process said when it ended before. */
async function answering(url: string, child: ChildProcess): Promise<void> {
  let log = ''
  for (const output of [child.stdout, child.stderr]) output?.on('data', text => (log = `${log}${text}`.slice(-3000)))
  let failure: Error | undefined
  child.on('error', cause => (failure = cause))
  for (;;) {
    if (failure !== undefined) throw failure
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}: ${log}`)
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined && answer.status < 500) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
