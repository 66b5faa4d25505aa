import { quoteIdent } from '../../engine/sql-text.js'
import { column, columns, type DatasetDetector, keptSql, threshold, type Use, VALUE, WHERE } from './detector.js'

export const datasetReconciliation: DatasetDetector = {
  name: 'dataset_reconciliation',
  shape: 'datasets',
  unit: 'percent',
  catches:
    'Values that another dataset states differently: two providers, or what was derived and what was published. Which is right, nobody knows.',
  passes: 'Values within the tolerance; what one of the two alone states; fewer common rows than `min_rows`.',
  parameters: {
    value: VALUE,
    against: {
      kind: 'dataset',
      doc: 'The other dataset, of silver: what is published of it when the batch is judged, each key as it is newest.',
    },
    their_value: { kind: 'their column', optional: true, doc: 'Its column; without it, one of the same name.' },
    by: { kind: 'columns', doc: 'Columns that say what is stated: rows that agree in them state one thing.' },
    their_by: {
      kind: 'their columns',
      optional: true,
      doc: 'Its columns in the same order; without it, those of the same names.',
    },
    tolerance: {
      kind: 'number',
      default: 0.01,
      min: 0,
      max: 10,
      doc: 'Share by which one value may differ from the other.',
    },
    max_percent: {
      kind: 'number',
      default: 0,
      min: 0,
      max: 100,
      doc: 'Largest share of the rows that both state, in percent, that may differ by more.',
    },
    min_rows: { kind: 'integer', default: 1, min: 1, doc: 'Fewest rows that both state that say something.' },
    where: WHERE,
    their_where: {
      kind: 'their expression',
      optional: true,
      doc: 'SQL condition over the columns of the other dataset: only rows that keep it are compared.',
    },
  },
  figureSql: (use, rows, others) => {
    const { value, keys, where } = theirs(use)
    const own = columns(use, 'by').map((name, at) => `o.${name} = t._by_${at}`)
    const differs = `abs(o._value - t._value) > ${threshold(use, 'tolerance')} * abs(t._value)`
    const common = `FROM (SELECT *, ${column(use, 'value')}::DOUBLE AS _value FROM (${rows}) WHERE ${keptSql(use)}) o
      JOIN (SELECT DISTINCT ${value}::DOUBLE AS _value, ${keys.map((key, at) => `${key} AS _by_${at}`).join(', ')} FROM (${others}) WHERE ${where}) t
        ON ${own.join(' AND ')} WHERE o._value IS NOT NULL AND t._value IS NOT NULL`
    return `SELECT _batch, CASE WHEN count(*) >= ${threshold(use, 'min_rows')} THEN 100.0 * count(*) FILTER (WHERE ${differs}) / count(*) END AS figure
      ${common} GROUP BY _batch`
  },
  limit: use => ({ op: 'beLessOrEqualTo', value: threshold(use, 'max_percent') }),
  derived: true,
}

function theirs({ arguments: given }: Use): { value: string; keys: readonly string[]; where: string } {
  const condition = given['their_where']
  return {
    value: quoteIdent(String(given['their_value'] ?? given['value'])),
    keys: ((given['their_by'] ?? given['by']) as readonly string[]).map(quoteIdent),
    where: typeof condition === 'string' ? `coalesce(TRY((${condition})), false)` : 'true',
  }
}
