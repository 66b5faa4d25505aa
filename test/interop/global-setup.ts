import { rm } from 'node:fs/promises'
import type { TestProject } from 'vitest/node'
import { makeSampleLake } from './sample-lake.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the project whose lake every judge reads. Tests only read it. */
    readonly sampleProject: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await makeSampleLake()
  project.provide('sampleProject', folder)
  return () => rm(folder, { recursive: true, force: true })
}
