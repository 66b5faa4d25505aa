import type { Finding } from '../pipeline/finding.js'
import { plural } from './figures.js'
import { oneLine } from './one-line.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import type { Terminal } from './terminal.js'

/** `sluice validate`: everything that needs no network and no lake. Exit 2 when something is wrong. */
export async function validateCommand(options: ProjectOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { validateProject } = await import('../pipeline/validate.js')
  return reportFindings(await validateProject(project), json, terminal)
}

/** `sluice doctor`: this machine and this lake. Exit 2 when something is wrong. */
export async function doctorCommand(options: ProjectOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { doctor } = await import('../pipeline/doctor.js')
  return reportFindings(await doctor(project), json, terminal)
}

/** Prints findings; 2 when one of them is a failure, else 0. */
export function reportFindings(findings: readonly Finding[], json: boolean, terminal: Terminal): number {
  if (json) writeJson(terminal, findings)
  else terminal.write(renderFindings(findings, terminal))
  return findings.some(finding => finding.status === 'fail') ? 2 : 0
}

/** One line per finding, faults with their place and next step, a summary at the end. */
export function renderFindings(findings: readonly Finding[], { colors }: Pick<Terminal, 'colors'>): string {
  const marks = { ok: colors.green('ok  '), warn: colors.yellow('warn'), fail: colors.red('fail') }
  const lines = findings.flatMap(({ subject, status, detail, place, next }) => [
    `${marks[status]}  ${oneLine(subject)}  ${oneLine(detail)}`,
    ...(place === undefined ? [] : [`      at ${place}`]),
    ...(next === undefined ? [] : [`      next: ${next}`]),
  ])
  const count = (status: Finding['status']) => findings.filter(finding => finding.status === status).length
  const summary = `${plural(findings.length, 'check')}: ${count('ok')} ok, ${count('warn')} warned, ${count('fail')} failed`
  return `${[...lines, '', summary].join('\n')}\n`
}
