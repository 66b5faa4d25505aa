/** The part of an ODCS v3.1 document that Sluice reads, after the published schema has passed it. */
export interface OdcsContract {
  readonly apiVersion: string
  readonly id: string
  readonly version: string
  readonly status: string
  readonly description?: { readonly purpose?: string; readonly usage?: string; readonly limitations?: string }
  readonly schema?: readonly OdcsObject[]
  readonly slaProperties?: readonly OdcsSlaProperty[]
  readonly slaDefaultElement?: string
  readonly customProperties?: readonly OdcsCustomProperty[]
}

export interface OdcsObject {
  readonly name: string
  readonly description?: string
  readonly properties?: readonly OdcsProperty[]
  readonly quality?: readonly OdcsQuality[]
  readonly relationships?: readonly unknown[]
  readonly customProperties?: readonly OdcsCustomProperty[]
}

export interface OdcsProperty {
  readonly name: string
  readonly description?: string
  readonly logicalType?: string
  readonly logicalTypeOptions?: Readonly<Record<string, unknown>>
  readonly physicalType?: string
  readonly required?: boolean
  readonly unique?: boolean
  readonly primaryKey?: boolean
  readonly primaryKeyPosition?: number
  readonly examples?: readonly unknown[]
  readonly quality?: readonly OdcsQuality[]
  readonly relationships?: readonly OdcsRelationship[]
  readonly customProperties?: readonly OdcsCustomProperty[]
}

export interface OdcsQuality {
  readonly id?: string
  readonly name?: string
  readonly description?: string
  readonly type?: 'text' | 'library' | 'sql' | 'custom'
  readonly metric?: 'nullValues' | 'missingValues' | 'invalidValues' | 'duplicateValues' | 'rowCount'
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly query?: string
  readonly engine?: string
  readonly implementation?: unknown
  readonly severity?: string
  readonly unit?: string
  readonly [operator: string]: unknown
}

export interface OdcsRelationship {
  readonly to: string | readonly string[]
  readonly customProperties?: readonly OdcsCustomProperty[]
}

export interface OdcsSlaProperty {
  readonly property: string
  readonly value: unknown
  readonly unit?: string
  readonly element?: string
}

export interface OdcsCustomProperty {
  readonly property: string
  readonly value: unknown
}
