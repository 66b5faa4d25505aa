import { SluiceError } from '../../src/core/errors.js'

/** The error that work is refused with. Fails when it is not. */
export async function refusal(work: () => unknown): Promise<SluiceError> {
  try {
    await work()
  } catch (thrown) {
    if (thrown instanceof SluiceError) return thrown
    throw thrown
  }
  throw new Error('nothing was refused')
}
