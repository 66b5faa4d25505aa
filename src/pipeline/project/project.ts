import type { Contract } from '../../contract/contract.js'
import type { Budget } from '../../finops/budget.js'
import type { Machine } from '../../finops/price-usage.js'
import type { Model } from '../../gold/front-matter.js'
import type { FxConvention } from '../../market/currency/fx-conventions.js'
import type { Limits } from '../../sources/source.js'
import type { CacheSettings } from '../../storage/open-store.js'
import type { BucketSettings } from '../../storage/s3/bucket.js'
import type { PipeDeclaration } from '../pipes/pipe-declaration.js'

/** A project folder, read and checked: everything a run needs to know that is not in the lake. */
export interface Project {
  /** Absolute path of the folder that holds sluice.yaml. */
  readonly folder: string
  readonly config: Config
  readonly contracts: readonly Contract[]
  /** In order of files and of declarations; `resolvePipes` turns them into pipes that can run. */
  readonly pipes: readonly PipeDeclaration[]
  readonly models: readonly Model[]
  /** Absolute paths of `.sql` files with formula macros, in load order. */
  readonly macros: readonly string[]
  /** Reference tables by name (`instruments`, `instrument_aliases`): absolute paths of the project's CSV files. */
  readonly references: Readonly<Record<string, string>>
  /** sha256 of the resolved configuration without secrets. */
  readonly configHash: string
}

/** sluice.yaml after flags, environment and defaults are applied. */
export interface Config {
  /** Absolute path or s3:// address of the lake. */
  readonly lake: string
  /** How the bucket of an s3:// lake is reached. */
  readonly store?: BucketSettings
  /** Where objects of such a lake are kept on this machine. */
  readonly cache?: CacheSettings
  /** `one`: the project promises that no two processes write at a time. */
  readonly writers?: 'one'
  readonly engine: { readonly threads: number; readonly memoryLimit: string; readonly tempFolder: string }
  /** What the project sets otherwise than a provider's own declaration, by the provider's name. */
  readonly providers: Readonly<Record<string, ProviderSettings>>
  readonly network: {
    /** `host` or `host:port` whose addresses need not be public. */
    readonly allowHosts: readonly string[]
    /** Told to providers, so that they can write to somebody. */
    readonly userAgentContact: string | undefined
  }
  readonly fetch: {
    /** After so long a run asks no more and goes on with what it has. */
    readonly deadlineMs: number
    /** From a request to the first line of its answer. */
    readonly timeoutMs: number
    readonly maxBodyBytes: number
    /** Of one request, the first included. */
    readonly attempts: number
  }
  /** The contract that `--input` uses when `--contract` is not given. */
  readonly input: { readonly contract: string | undefined }
  /** Which rates count for a day, by the names of conventions, and which of them `prices_normalized` follows. */
  readonly fx: { readonly conventions: Readonly<Record<string, FxConvention>>; readonly normalize: readonly string[] }
  /** How runs keep their tables small. Undefined: as they do it by default. */
  readonly maintenance?: { readonly afterRuns: boolean; readonly maxSnapshots?: number }
  /** What runs are priced by, and what they may cost. Undefined: by the prices of the package, and nothing is limited. */
  readonly cost?: Partial<Machine> & {
    /** A price list, relative to the project. Undefined: the package's own. */
    readonly prices?: string
    /** Undefined: nothing is limited. */
    readonly budget?: Budget
  }
  /** Who is told of what happens. Undefined: nobody. */
  readonly events?: EventSettings
  /** Where events of OpenLineage go. Undefined: nowhere. */
  readonly lineage?: LineageSettings
}

export interface LineageSettings {
  /** Of jobs and datasets. */
  readonly namespace: string
  /** Absolute path; each event is a line. */
  readonly file?: string
  readonly url?: string
  /** The environment variable that holds the secret of the address: a bearer token. */
  readonly secret?: string
  /** The longest time that delivering the events of one call may take. */
  readonly deadlineMs: number
  /** Of one event, the first included. */
  readonly attempts: number
}

export interface EventSettings {
  /** The CloudEvents attribute `source`. */
  readonly source: string
  /** The longest time that delivering may take in a run. */
  readonly deadlineMs: number
  /** Of one event, the first included. */
  readonly attempts: number
  readonly webhook?: {
    readonly url: string
    /** The environment variable that holds the secret. */
    readonly secret?: string
    /** Undefined: `authorization`, as a bearer token. */
    readonly header?: string
  }
  /** A program with its arguments. */
  readonly command?: readonly string[]
}

export interface ProviderSettings extends Partial<Limits> {
  readonly url?: string
}
