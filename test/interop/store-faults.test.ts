import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareS3Scenario, runTrials, type S3Scenario, trialsAsked } from '../crash/s3-campaign.js'
import { FAULTS, type Fault } from '../support/s3-server/fault.js'
import { type FaultProxy, startFaultProxy } from '../support/s3-server/fault-proxy.js'
import { type RealStore, realPrograms, startRealStore } from './stores/real-store.js'

/** A header that is signed cannot be taken away on the way to somebody else's store. */
const UNPLANNED: readonly Fault[] = ['ignored condition']

const programs = Object.entries(realPrograms())
if (programs.length === 0) console.warn('INTEROP NOT RUN: no SLUICE_STORES, so no real store was ill')

describe.skipIf(programs.length === 0).each(programs)('a run over %s behind a proxy', (name, program) => {
  let store: RealStore
  let proxy: FaultProxy
  let scenario: S3Scenario
  beforeAll(async () => {
    store = await startRealStore(name, program)
    proxy = await startFaultProxy(store)
    scenario = await prepareS3Scenario(proxy, store)
  })
  afterAll(async () => {
    await scenario?.place.forget()
    await proxy?.close()
    await store?.close()
    if (scenario !== undefined) await rm(scenario.project, { recursive: true })
  })

  it('that fails and loses answers leaves a lake that is whole, and ends well when it is run again', {
    timeout: 7_200_000,
  }, async () => {
    const faults = (Object.keys(FAULTS) as Fault[]).filter(fault => !UNPLANNED.includes(fault))
    expect(await runTrials(scenario, { ...trialsAsked(14), faults })).toEqual([])
  })
})
