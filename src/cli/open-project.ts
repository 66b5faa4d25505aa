import { resolve } from 'node:path'
import type { Settings } from '../pipeline/project/config-schema.js'
import type { ConfigSources } from '../pipeline/project/load-config.js'
import type { Project } from '../pipeline/project/project.js'
import { resolveAddress } from '../storage/store-address.js'
import type { Terminal } from './terminal.js'

/** Options of every command that works on a project. */
export interface ProjectOptions {
  readonly project?: string
  readonly lake?: string
  readonly threads?: string
  readonly memoryLimit?: string
  readonly output?: string
}

/** The project that a command means: `--project DIR` itself, else the nearest sluice.yaml above the working folder. */
export async function openProject(options: ProjectOptions, terminal: Terminal): Promise<Project> {
  const { loadProject } = await import('../pipeline/project/load-project.js')
  return loadProject(await sourcesOf(options, terminal))
}

/** The same with its settings alone: for commands that only look at the lake. */
export async function openSettings(options: ProjectOptions, terminal: Terminal): Promise<Project> {
  const { loadSettings } = await import('../pipeline/project/load-settings.js')
  return loadSettings(await sourcesOf(options, terminal))
}

async function sourcesOf(options: ProjectOptions, terminal: Terminal): Promise<ConfigSources> {
  const { findProject } = await import('../pipeline/project/find-project.js')
  const { project } = options
  const folder = project === undefined ? findProject(terminal.folder) : resolve(terminal.folder, project)
  return { folder, flags: flagSettings(options, terminal), env: terminal.env }
}

/** Paths in flags are relative to the working folder, as everywhere on a command line. */
function flagSettings({ lake, threads, memoryLimit }: ProjectOptions, terminal: Terminal): Settings {
  const engine = {
    ...(threads === undefined ? {} : { threads: Number(threads) }),
    ...(memoryLimit === undefined ? {} : { memory_limit: memoryLimit }),
  }
  return {
    ...(lake === undefined ? {} : { lake: resolveAddress(terminal.folder, lake) }),
    ...(Object.keys(engine).length === 0 ? {} : { engine }),
  }
}
