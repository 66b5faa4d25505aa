import ts from 'typescript'
import type { TextFile } from './repository.js'

/** One `import`, `export … from` or `import()` of a module. */
export interface ModuleImport {
  readonly specifier: string
  /** Whether it vanishes when the types are erased. */
  readonly typeOnly: boolean
}

const sources = new WeakMap<TextFile, ts.SourceFile>()
const walks = new WeakMap<TextFile, readonly ts.Node[]>()

/** Every node of a TypeScript file, parents before children. */
export function nodesOf(file: TextFile): readonly ts.Node[] {
  const known = walks.get(file)
  if (known !== undefined) return known
  const nodes: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    nodes.push(node)
    ts.forEachChild(node, visit)
  }
  visit(sourceOf(file))
  walks.set(file, nodes)
  return nodes
}

/** The modules that a file names: static and dynamic imports, re-exports, and `typeof import()` in types. */
export function importsOf(file: TextFile): ModuleImport[] {
  return nodesOf(file).flatMap(node => {
    if (ts.isImportDeclaration(node)) return named(node.moduleSpecifier, isTypeOnlyImport(node.importClause))
    if (ts.isExportDeclaration(node)) return named(node.moduleSpecifier, isTypeOnlyExport(node))
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return named(node.argument.literal, true)
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      return named(node.arguments[0], false)
    return []
  })
}

/** The names that a file exports by declaration, `export { }` or `export { } from`. */
export function exportsOf(file: TextFile): string[] {
  const source = sourceOf(file)
  return source.statements.flatMap(statement => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement
      if (exportClause === undefined) return ['*']
      return ts.isNamedExports(exportClause)
        ? exportClause.elements.map(element => element.name.text)
        : [exportClause.name.text]
    }
    if (!ts.canHaveModifiers(statement)) return []
    if (!ts.getModifiers(statement)?.some(modifier => modifier.kind === ts.SyntaxKind.ExportKeyword)) return []
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(declaration => declaration.name.getText(source))
    return 'name' in statement ? [(statement.name as ts.Identifier).text] : ['default']
  })
}

/** `path:line` of a node. */
export function placeOf(node: ts.Node): string {
  const source = node.getSourceFile()
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
}

/** Parsed once per file. */
function sourceOf(file: TextFile): ts.SourceFile {
  const known = sources.get(file)
  if (known !== undefined) return known
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
  sources.set(file, source)
  return source
}

function named(specifier: ts.Node | undefined, typeOnly: boolean): ModuleImport[] {
  return specifier !== undefined && ts.isStringLiteralLike(specifier) ? [{ specifier: specifier.text, typeOnly }] : []
}

function isTypeOnlyImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  if (clause.isTypeOnly) return true
  const { name, namedBindings } = clause
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false
  return namedBindings.elements.length > 0 && namedBindings.elements.every(element => element.isTypeOnly)
}

function isTypeOnlyExport(declaration: ts.ExportDeclaration): boolean {
  if (declaration.isTypeOnly) return true
  const { exportClause } = declaration
  if (exportClause === undefined || !ts.isNamedExports(exportClause)) return false
  return exportClause.elements.length > 0 && exportClause.elements.every(element => element.isTypeOnly)
}
