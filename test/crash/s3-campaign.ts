import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../../src/core/random.js'
import { FAULTS, type Fault, type PlannedFault } from '../support/s3-server/fault.js'
import type { FaultyServer } from '../support/s3-server/faulty-server.js'
import type { RequestClass } from '../support/s3-server/s3-request.js'
import type { BucketPlace } from '../support/s3-server/s3-server.js'
import { useCredentials } from '../support/s3-stores.js'
import { bucketPlace, type LakeInBucket } from './bucket-place.js'
import { judgeEnd, prepareScenario, type Scenario } from './campaign.js'
import { runHere } from './command.js'
import { TINY_KEYS, tinyRun, writeTinyProject } from './tiny-project.js'

/** A run over a lake in a bucket, reached through a server whose answers go wrong as planned. */
export interface S3Scenario extends Scenario {
  readonly place: LakeInBucket
  readonly server: FaultyServer & BucketPlace
  /** How many requests of each class the run sends when nothing goes wrong. */
  readonly sent: ReadonlyMap<RequestClass, number>
}

/** `past`: the same store, past the faults. */
export async function prepareS3Scenario(server: FaultyServer & BucketPlace, past: BucketPlace): Promise<S3Scenario> {
  useCredentials(server)
  const project = await mkdtemp(join(tmpdir(), 'sluice-s3-faults-'))
  await writeTinyProject(project)
  const cache = join(project, 'cache')
  const place = bucketPlace(past, 'tiny/', cache)
  const store = `store: { endpoint: "${server.url}", region: ${server.region} }`
  const settings = `lake: ${place.root}\n${store}\ncache: { folder: ${cache} }\nengine: { threads: 1, memory_limit: 256MB }\n`
  await writeFile(join(project, 'sluice.yaml'), settings)
  const steps = [tinyRun(project, 'first', 'r1'), tinyRun(project, 'second', 'r2')]
  const scenario = await prepareScenario({ project, place, keys: TINY_KEYS, isTimed: true, steps })
  await place.restore()
  const before = server.requests().length
  await runHere(scenario.args)
  const sent = new Map<RequestClass, number>()
  for (const { class: kind } of server.requests().slice(before)) sent.set(kind, (sent.get(kind) ?? 0) + 1)
  return { ...scenario, place, server, sent }
}

/** `SLUICE_S3_FAULTS=all SLUICE_SEED=7` visits every request of a run with every fault, `2/6` the second sixth of these; a number is so many of them. */
export function trialsAsked(usual: number): Pick<TrialOptions, 'trials' | 'seed'> {
  const asked = process.env['SLUICE_S3_FAULTS'] ?? String(usual)
  const [part, of] = (asked === 'all' ? '1/1' : asked).split('/').map(Number)
  return { trials: of === undefined ? part! : { part: part!, of }, seed: Number(process.env['SLUICE_SEED'] ?? 1) }
}

export interface TrialOptions {
  /** How many, chosen by the seed; or which part, from 1 on, of all: every request of every class with every fault. */
  readonly trials: number | { readonly part: number; readonly of: number }
  readonly seed: number
  readonly faults: readonly Fault[]
}

/**
 * Plans that each let one thing go wrong: a fault at one request, or at all requests of a class from one on, as when a store is ill for long. Each
 * fault has its turn before one comes again.
 */
function planTrials({ sent }: S3Scenario, { trials, seed, faults }: TrialOptions): PlannedFault[] {
  const random = seededRandom(seed)
  const each = faults.map(fault => {
    const kinds = (FAULTS[fault] as readonly RequestClass[]).filter(kind => sent.has(kind))
    const plans = kinds.flatMap(on => {
      const count = sent.get(on)!
      const single = Array.from({ length: count }, (_, at): PlannedFault => ({ fault, on, from: at + 1 }))
      return [...single, { fault, on, from: 1 + Math.floor(random() * count), times: 1_000_000 }]
    })
    return plans
      .map(plan => ({ plan, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ plan }) => plan)
  })
  const most = Math.max(...each.map(plans => plans.length))
  const inTurns = Array.from({ length: most }, (_, at) => each.flatMap(plans => plans.slice(at, at + 1))).flat()
  return typeof trials === 'number'
    ? inTurns.slice(0, trials)
    : inTurns.filter((_, at) => at % trials.of === trials.part - 1)
}

/** All that is wrong after each of the trials, and whether nearly all of them went wrong as planned: a fault may come too late for the run. */
export async function runTrials(scenario: S3Scenario, options: TrialOptions): Promise<string[]> {
  const trials = planTrials(scenario, options)
  const found: string[] = []
  let happened = 0
  for (const plan of trials) {
    const judged = await judgeTrial(scenario, plan)
    if (judged.happened) happened += 1
    found.push(...judged.faults)
  }
  console.log(`${happened} of ${trials.length} faults happened; a run sends ${JSON.stringify([...scenario.sent])}`)
  if (happened < trials.length * 0.9) found.push(`${happened} of ${trials.length} planned faults happened`)
  return found
}

/** Lets the run go wrong as planned. Whether it did, and everything that is wrong then: as the run left the lake, and after the same command once more. */
async function judgeTrial(
  scenario: S3Scenario,
  plan: PlannedFault,
): Promise<{ readonly happened: boolean; readonly faults: string[] }> {
  const { server, place, args } = scenario
  server.plan([])
  await place.restore()
  const before = server.requests().length
  server.plan([plan])
  const ended = await runHere(args)
  const happened = server
    .requests()
    .slice(before)
    .some(({ fault }) => fault === plan.fault)
  server.plan([])
  // A lake that cannot be read is a fault as well, not the end of the campaign.
  const faults = await judgeEnd(scenario, ended).catch(cause => [String(cause).slice(0, 1500)])
  // What is left is also whole by its hashes, and no secret is in it.
  const verified = await runHere(['verify', '--fast', '--project', scenario.project])
  if (verified.code !== 0) faults.push(`verify ended with ${verified.code}: ${verified.out.slice(-500)}`)
  for (const [key, body] of await place.objects())
    if (body.includes(server.credentials.secretAccessKey)) faults.push(`${key} holds the secret key`)
  return { happened, faults: faults.map(fault => `${JSON.stringify(plan)}: ${fault}`) }
}
