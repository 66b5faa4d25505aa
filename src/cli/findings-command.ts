import { ERROR_CODES } from '../core/error-codes.js'
import { EXIT_CODES } from '../core/errors.js'
import type { Finding } from '../pipeline/doctor/finding.js'
import { plural } from './figures.js'
import { oneLine } from './one-line.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import type { Terminal } from './terminal.js'

/** `sluice validate`: everything that needs no network and no lake. Exit 2 when something is wrong. */
export async function validateCommand(options: ProjectOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { validateProject } = await import('../pipeline/doctor/validate.js')
  return reportFindings(await validateProject(project), json, terminal)
}

/** `sluice doctor`: this machine and this lake. Exit 7 when the lake is damaged, 2 when something else is wrong. */
export async function doctorCommand(options: ProjectOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { doctor } = await import('../pipeline/doctor/doctor.js')
  return reportFindings(await doctor(project), json, terminal)
}

export interface DoctorStoreCommandOptions extends ProjectOptions {
  readonly stress?: boolean
  readonly endpoint?: readonly string[]
}

/** `sluice doctor store`: what a lake needs of its store. Exit 2 when it lacks something. */
export async function doctorStoreCommand(options: DoctorStoreCommandOptions, terminal: Terminal): Promise<number> {
  const json = wantsJson(options.output)
  const project = await openProject(options, terminal)
  const { doctorStore } = await import('../pipeline/doctor/doctor-store.js')
  const asked = { stress: options.stress === true, endpoints: options.endpoint ?? [] }
  return reportFindings(await doctorStore(project, asked), json, terminal)
}

/** Prints findings. 0 when none is a failure, the worst exit code of their errors, 2 for a failure that is no error. */
export function reportFindings(findings: readonly Finding[], json: boolean, terminal: Terminal): number {
  if (json) writeJson(terminal, findings)
  else terminal.write(renderFindings(findings, terminal))
  const failed = findings.filter(({ status }) => status === 'fail')
  return Math.max(0, ...failed.map(({ code }) => EXIT_CODES[code === undefined ? 'invalid' : ERROR_CODES[code].kind]))
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
