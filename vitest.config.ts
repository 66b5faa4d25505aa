import { defineConfig } from 'vitest/config'
import LongFirst from './test/support/long-first.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'node_modules/**'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // Files of one process share its modules: loading the program anew for each of 350 was a quarter of the time. So what a file changes in the
    // process it takes back, and what helpers open is closed by the test that asked for it.
    isolate: false,
    // The release of the SDK that is pinned runs on every Node that we support.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
  },
})
