import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of its own, small enough to fill. */
export interface MountedDisk {
  readonly path: string
  remountReadOnly(): void
  unmount(): void
}

/** A tmpfs of the given size, or undefined, said on the console, where this user may not mount. */
export function mountDisk(sizeBytes: number): MountedDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), 'sluice-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', path], { stdio: 'pipe' })
  } catch (cause) {
    rmSync(path, { recursive: true })
    console.warn(`NOT TESTED: full and read-only disks, because a tmpfs could not be mounted: ${cause}`)
    return undefined
  }
  return {
    path,
    remountReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', path]),
    unmount() {
      execFileSync('umount', [path])
      rmSync(path, { recursive: true })
    },
  }
}
