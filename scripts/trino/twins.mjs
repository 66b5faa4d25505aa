import { transpile } from './transpile.mjs'

const BY_HAND = /^-- By hand for model ([0-9a-f]{12})\b/

/**
 * The files of models/trino, by name. `kept` are those that are there. A file that begins `-- By hand for model <print>` stays as it is; one
 * whose model has another print now is an error, so that somebody looks at it, and so is a model that has something without a rule. The
 * print is the beginning of the model's own print, which changes with its SQL, the formulas that it calls and its columns.
 */
export async function twinFiles(engine, models, macros, kept) {
  const files = new Map()
  for (const model of models) {
    const name = `${model.table}.sql`
    const text = kept.get(name) ?? ''
    const [, print] = BY_HAND.exec(text) ?? []
    if (print === undefined) files.set(name, await printed(engine, model, macros))
    else files.set(name, model.print.startsWith(print) ? text : changed(model))
  }
  return files
}

async function printed(engine, model, macros) {
  try {
    return header(model) + (await transpile(engine, model, macros))
  } catch (cause) {
    return cause
  }
}

const changed = ({ table, print }) =>
  new Error(
    `models/trino/${table}.sql is by hand and its model has changed: look at it, then begin it with ${print.slice(0, 12)}.`,
  )

const header = ({ table }) =>
  `-- gold.${table} in Trino's SQL, made from models/gold/${table}.sql by scripts/generate-trino.mjs.\n`
