import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FAULTS, type Fault } from '../support/s3-server/fault.js'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { judgeTrial, planTrials, prepareS3Scenario, type S3Scenario } from './s3-campaign.js'

/** `SLUICE_S3_FAULTS=all SLUICE_SEED=7` visits every request of a run with every fault; a number is so many of them. */
const ASKED = process.env['SLUICE_S3_FAULTS'] ?? '16'
const SEED = Number(process.env['SLUICE_SEED'] ?? 1)

let server: S3Server
let scenario: S3Scenario
beforeAll(async () => {
  server = await startS3Server({ pageKeys: 5 })
  scenario = await prepareS3Scenario(server, server)
})
afterAll(async () => {
  await scenario.place.forget()
  await server.close()
  await rm(scenario.project, { recursive: true })
})

it('a run whose store fails, loses answers or lies leaves a lake that is whole, and ends well when it is run again', {
  timeout: 7_200_000,
}, async () => {
  const faults = Object.keys(FAULTS) as Fault[]
  const trials = planTrials(scenario, { trials: ASKED === 'all' ? 'all' : Number(ASKED), seed: SEED, faults })
  const found: string[] = []
  let happened = 0
  for (const plan of trials) {
    const judged = await judgeTrial(scenario, plan)
    if (judged.happened) happened += 1
    found.push(...judged.faults)
  }
  console.log(
    `${happened} of ${trials.length} planned faults happened; a run sends ${JSON.stringify([...scenario.sent])}`,
  )
  expect(found).toEqual([])
  expect(happened).toBeGreaterThan(trials.length * 0.9)
})
