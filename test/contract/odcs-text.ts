/** A small valid contract; `edit` changes its text. */
export function contractText(edit: (text: string) => string = text => text): string {
  return edit(CONTRACT)
}

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: rates
version: 1.2.3
status: active
description:
  purpose: Rates of a central bank.
schema:
  - name: rates
    logicalType: object
    properties:
      - name: rate_date
        logicalType: date
        primaryKey: true
        primaryKeyPosition: 2
      - name: code
        logicalType: string
        primaryKey: true
        primaryKeyPosition: 1
        relationships:
          - to: instruments.instrument_id
        quality:
          - { id: code_shape, metric: invalidValues, arguments: { pattern: "^[A-Z]{3}$" }, mustBe: 0, severity: error }
      - name: mid
        logicalType: number
        physicalType: decimal(18,8)
        required: true
        customProperties:
          - { property: unit, value: PLN }
      - name: note
        logicalType: string
    quality:
      - id: positive
        type: custom
        engine: sluice
        implementation: mid > 0
        severity: error
      - { id: rows, metric: rowCount, mustBeGreaterThan: 20, severity: warn }
      - id: none_above
        type: sql
        query: |
          SELECT count(*) FROM {object}
          WHERE mid > 1000
        mustBe: 0
customProperties:
  - { property: eventTime, value: rate_date }
  - { property: partition, value: year }
  - property: publication
    value: rate_date + INTERVAL 1 DAY
  - property: thresholds
    value:
      - { rule: "*", maxShare: 0.05 }
`
