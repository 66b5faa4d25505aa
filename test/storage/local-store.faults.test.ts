import { mkdtempSync, rmSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localStore } from '../../src/storage/local-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { type MountedDisk, mountDisk } from '../support/mounted-disk.js'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'sluice-faults-'))
})
afterEach(() => rmSync(base, { recursive: true }))

const some = Buffer.from('some')

async function filesOnDisk(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => !entry.isDirectory()).map(entry => join(entry.parentPath, entry.name))
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const found: string[] = []
  for await (const entry of store.list('')) found.push(entry.key)
  return found
}

describe('the folder of a lake', () => {
  it('is made at the first write and not by reading', async () => {
    const store = localStore(join(base, 'not', 'yet'))
    expect(await store.get('k')).toBeUndefined()
    expect(await keysOf(store)).toEqual([])
    await store.delete('k')
    expect(await readdir(base)).toEqual([])
    await store.put('k', some)
    expect(await readdir(join(base, 'not', 'yet'))).toEqual(['k'])
  })

  it('may be a symbolic link itself', async () => {
    await mkdir(join(base, 'real'))
    await symlink(join(base, 'real'), join(base, 'lake'))
    const store = localStore(join(base, 'lake'))
    await store.put('a/b', some)
    expect(await store.get('a/b')).toEqual(some)
    expect(await readFile(join(base, 'real/a/b'))).toEqual(some)
  })

  it('is refused when it is a file', async () => {
    await writeFile(join(base, 'file'), 'x')
    const store = localStore(join(base, 'file'))
    await expect(store.put('k', some)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(await readFile(join(base, 'file'), 'utf8')).toBe('x')
  })

  it('takes writes again after somebody removed folders, or all of it', async () => {
    const store = localStore(join(base, 'lake'))
    await store.put('a/b/one', some)
    rmSync(join(base, 'lake/a'), { recursive: true })
    await store.put('a/b/two', some)
    expect(await store.create('a/b/three', some)).toEqual({ outcome: 'created' })
    rmSync(join(base, 'lake'), { recursive: true })
    expect(await store.create('a/b/four', some)).toEqual({ outcome: 'created' })
    expect(await keysOf(store)).toEqual(['a/b/four'])
  })
})

describe('what is no object', () => {
  it('hides files that an interrupted write left behind, and writes beside them', async () => {
    const store = localStore(base)
    await mkdir(join(base, 't'))
    await writeFile(join(base, 't/.tmp-left'), 'half')
    expect(await keysOf(store)).toEqual([])
    await store.create('t/v1', some)
    expect(await keysOf(store)).toEqual(['t/v1'])
  })

  it('refuses symbolic links below the root, to a file and to a folder, in every call', async () => {
    await mkdir(join(base, 'lake'))
    await mkdir(join(base, 'outside'))
    await writeFile(join(base, 'outside/secret'), 'secret')
    await symlink(join(base, 'outside'), join(base, 'lake/folder'))
    await symlink(join(base, 'outside/secret'), join(base, 'lake/file'))
    const store = localStore(join(base, 'lake'))
    const refused = { code: 'SLUICE_STORE_KEY_INVALID' }
    for (const key of ['folder/secret', 'file']) {
      await expect(store.get(key)).rejects.toMatchObject(refused)
      await expect(store.head(key)).rejects.toMatchObject(refused)
      await expect(store.localPath(key)).rejects.toMatchObject(refused)
      await expect(store.delete(key)).rejects.toMatchObject(refused)
    }
    for (const key of ['folder/secret', 'folder/new', 'folder/sub/new']) {
      await expect(store.put(key, some)).rejects.toMatchObject(refused)
      await expect(store.create(key, some)).rejects.toMatchObject(refused)
    }
    expect(await keysOf(store)).toEqual([])
    expect(await readdir(join(base, 'outside'))).toEqual(['secret'])
    expect(await readFile(join(base, 'outside/secret'), 'utf8')).toBe('secret')
  })
})

describe('adoption', () => {
  it('links, so that even a large file costs no copy', async () => {
    const store = localStore(join(base, 'lake'))
    await writeFile(join(base, 'staged'), some)
    const { ino } = await stat(join(base, 'staged'))
    await store.adopt(join(base, 'staged'), 'a/b')
    expect((await stat(join(base, 'lake/a/b'))).ino).toBe(ino)
  })

  it('finishes an adoption that was interrupted after its link', async () => {
    const store = localStore(join(base, 'lake'))
    await writeFile(join(base, 'staged'), some)
    const { link } = await import('node:fs/promises')
    await mkdir(join(base, 'lake/a'), { recursive: true })
    await link(join(base, 'staged'), join(base, 'lake/a/b'))
    expect(await store.adopt(join(base, 'staged'), 'a/b')).toEqual({ outcome: 'created' })
    expect(await filesOnDisk(base)).toEqual([join(base, 'lake/a/b')])
  })
})

const probe = mountDisk(1 << 20)
probe?.unmount()
const isRoot = process.getuid?.() === 0
if (probe === undefined) console.warn('NOT TESTED: a disk of 1 MB, because none could be mounted')
if (isRoot) console.warn('NOT TESTED: a folder without permission, because root may write everywhere')

describe.runIf(probe !== undefined)('a disk of 1 MB', () => {
  let disk: MountedDisk
  let store: ObjectStore
  beforeEach(() => {
    disk = mountDisk(1 << 20)!
    store = localStore(join(disk.path, 'lake'))
  })
  afterEach(() => disk.unmount())

  it('that is full refuses writes with SLUICE_STORE_FULL, leaves no trace and keeps the old bytes', async () => {
    await store.put('kept', some)
    const big = Buffer.alloc(2 << 20)
    await writeFile(join(base, 'staged'), big)
    const full = { code: 'SLUICE_STORE_FULL' }
    await expect(store.put('kept', big)).rejects.toMatchObject(full)
    await expect(store.create('new', big)).rejects.toMatchObject(full)
    await expect(store.adopt(join(base, 'staged'), 'adopted')).rejects.toMatchObject(full)
    expect(await filesOnDisk(disk.path)).toEqual([join(disk.path, 'lake/kept')])
    expect(await store.get('kept')).toEqual(some)
    expect((await stat(join(base, 'staged'))).size).toBe(big.length)
    await store.put('kept', Buffer.from('smaller'))
    expect(String(await store.get('kept'))).toBe('smaller')
  })

  it('takes over a file of another file system by copying it', async () => {
    await writeFile(join(base, 'staged'), some)
    expect((await stat(base)).dev).not.toBe((await stat(disk.path)).dev)
    expect(await store.adopt(join(base, 'staged'), 'a/b')).toEqual({ outcome: 'created' })
    expect(await store.get('a/b')).toEqual(some)
    expect([...(await filesOnDisk(disk.path)), ...(await filesOnDisk(base))]).toEqual([join(disk.path, 'lake/a/b')])
    await writeFile(join(base, 'second'), 'other')
    expect(await store.adopt(join(base, 'second'), 'a/b')).toEqual({ outcome: 'exists' })
    expect(await filesOnDisk(disk.path)).toEqual([join(disk.path, 'lake/a/b')])
  })

  it('that is read-only refuses writes with SLUICE_STORE_READ_ONLY and can be read', async () => {
    await store.put('kept', some)
    disk.remountReadOnly()
    const readOnly = { code: 'SLUICE_STORE_READ_ONLY' }
    await writeFile(join(base, 'staged'), some)
    await expect(store.put('kept', Buffer.from('new'))).rejects.toMatchObject(readOnly)
    await expect(store.create('new', some)).rejects.toMatchObject(readOnly)
    await expect(store.create('new/folder/x', some)).rejects.toMatchObject(readOnly)
    await expect(store.adopt(join(base, 'staged'), 'adopted')).rejects.toMatchObject(readOnly)
    await expect(store.delete('kept')).rejects.toMatchObject(readOnly)
    expect(await store.get('kept')).toEqual(some)
    expect(await keysOf(store)).toEqual(['kept'])
  })
})

describe.runIf(!isRoot)('a folder without permission', () => {
  it('refuses writes with SLUICE_STORE_READ_ONLY', async () => {
    await mkdir(join(base, 'lake'), { mode: 0o555 })
    const store = localStore(join(base, 'lake'))
    await expect(store.create('k', some)).rejects.toMatchObject({ code: 'SLUICE_STORE_READ_ONLY' })
    await chmod(join(base, 'lake'), 0o755)
  })
})
