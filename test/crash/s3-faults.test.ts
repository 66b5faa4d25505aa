import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FAULTS, type Fault } from '../support/s3-server/fault.js'
import { type S3Server, startS3Server } from '../support/s3-server/s3-server.js'
import { prepareS3Scenario, runTrials, type S3Scenario, trialsAsked } from './s3-campaign.js'

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
  expect(await runTrials(scenario, { ...trialsAsked(8), faults })).toEqual([])
})
