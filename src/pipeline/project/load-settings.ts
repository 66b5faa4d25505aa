import { resolve } from 'node:path'
import { type ConfigSources, hashConfig, loadConfig } from './load-config.js'
import type { Project } from './project.js'

/**
 * A project of which only the settings are read: enough for what looks at the lake alone, and much faster than
 * `loadProject`, because no contract is compiled. A fault in a contract or a pipe is not seen.
 */
export async function loadSettings(sources: ConfigSources): Promise<Project> {
  const folder = resolve(sources.folder)
  const config = await loadConfig({ ...sources, folder })
  return {
    folder,
    config,
    contracts: [],
    pipes: [],
    models: [],
    macros: [],
    references: {},
    configHash: hashConfig(config),
  }
}
