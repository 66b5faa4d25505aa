import { onTestFinished } from 'vitest'

/** Closes what a helper has opened after the test that asked for it. What is opened for all tests of a file is closed with the process. */
export function closeAfter(close: () => Promise<unknown>): void {
  try {
    onTestFinished(async () => void (await close()))
  } catch {
    // No test runs: a hook has asked.
  }
}
