import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultsOf } from '../pipeline/events/conformance.js'
import { blocksOf } from './markdown.js'
import { type Walkthrough, walkthrough } from './walkthrough.js'

const GUIDE = 'docs/guides/be-told.md'

describe('the guide of events', () => {
  let project: Walkthrough
  beforeAll(async () => {
    project = await walkthrough()
    await project.follow(GUIDE)
  })
  afterAll(() => project.remove())

  it('shows the event that its commands lead to', () => {
    const shown = JSON.parse(blocksOf(GUIDE).find(({ argument }) => argument === 'event')!.text)
    const told = readFileSync(join(project.folder, 'told.ndjson'), 'utf8').trim()
    expect(faultsOf(told)).toEqual([])
    const { time, source, ...event } = JSON.parse(told)
    expect([typeof time, source]).toEqual(['string', expect.stringMatching(/^urn:sluice:sluice-docs-/)])
    expect(event).toEqual({ ...shown, time: undefined, source: undefined })
  })

  it('names every type of event', () => {
    const types = readFileSync('src/pipeline/events/cloud-event.ts', 'utf8').matchAll(/'(sluice\.[a-z.]+)'/g)
    const listed = [...readFileSync(GUIDE, 'utf8').matchAll(/^\| `(sluice\.[a-z.]+)`/gm)].map(match => match[1])
    expect([...new Set([...types].map(match => match[1]))].sort()).toEqual(listed.sort())
  })
})
