// The yardstick for pipes: fetches every address of a list with undici, so many at once, and stores each body in a file.
// Usage: node baseline-pipes.mjs LIST FOLDER
import { mkdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, request } from 'undici'

const [, , list, folder] = process.argv
const urls = readFileSync(list, 'utf8').trim().split('\n')
mkdirSync(folder, { recursive: true })
const dispatcher = new Agent({ connections: 32 })
let next = 0
async function work() {
  while (next < urls.length) {
    const at = next++
    const { statusCode, body } = await request(urls[at], { dispatcher })
    const bytes = Buffer.from(await body.arrayBuffer())
    if (statusCode !== 200 || bytes.length < 1000)
      throw new Error(`${urls[at]} answered ${statusCode}, ${bytes.length} bytes`)
    await writeFile(join(folder, `${at}.json`), bytes)
  }
}
await Promise.all(Array.from({ length: 32 }, work))
await dispatcher.close()
