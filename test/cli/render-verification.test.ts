import { expect, it } from 'vitest'
import { renderVerification } from '../../src/cli/render-verification.js'
import type { TableVerdict, Verification } from '../../src/pipeline/verify/verification.js'
import { fakeTerminal } from '../support/fake-terminal.js'

it('tables that one damaged table keeps from being derived are one line', () => {
  const verdict = (table: string, why: string): TableVerdict => ({
    ...{ table, verdict: 'not_replayable', why, partitions: {}, inexact: [] },
  })
  const tables = [
    verdict('silver.ticks', 'files of it are damaged or gone: see the faults'),
    ...['a', 'b', 'c'].map(name =>
      verdict(`gold.${name}`, 'it reads silver.ticks, of which files are damaged or gone'),
    ),
    verdict('gold.quality', 'no model of the project makes it: runs book it, or its model is gone'),
  ]
  const text = renderVerification({ ...NOTHING, tables }, fakeTerminal())
  expect(text.match(/^gold\..*$/gm)).toEqual([
    expect.stringMatching(/^gold\.a and 2 tables more +not replayable +it reads silver\.ticks, of which/),
    expect.stringMatching(/^gold\.quality +not replayable +no model/),
  ])
})

const NOTHING: Verification = {
  ...{ verdict: 'damaged', scope: 'lake', level: 'derived', faults: [], tables: [] },
  checked: {
    ...{ segments: 0, captures: 0, capture_bytes: 0, records: 0, tables: 0, metadata_files: 0, snapshots: 0 },
    ...{ manifests: 0, data_files: 0, data_bytes: 0, columns: 0 },
  },
}
