import { describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import { fakeTerminal } from '../support/fake-terminal.js'

async function sluice(...args: string[]) {
  const terminal = fakeTerminal()
  const code = await runProgram(args, terminal)
  return { code, out: terminal.out(), err: terminal.err() }
}

describe('sluice calendar', () => {
  it('lists the calendars, with what they cover and their other names, without a project', async () => {
    const { code, out } = await sluice('calendar')
    expect(code).toBe(0)
    expect(out).toMatch(/^XWAR +Warsaw Stock Exchange +Europe\/Warsaw +1991-04-16 +2050-12-31 +GPW/m)
    const json = JSON.parse((await sluice('calendar', '--output', 'json')).out)
    expect(json.map((one: { mic: string }) => one.mic)).toContain('24/5')
  })

  it('lists the calendars as CSV', async () => {
    const { code, out } = await sluice('calendar', '--output', 'csv')
    expect(code).toBe(0)
    expect(out).toContain('mic,name,aliases,zone,from,until\n')
    expect(out).toMatch(/^XWAR,Warsaw Stock Exchange,GPW WSE XNCO,Europe\/Warsaw,1991-04-16,2050-12-31$/m)
  })

  it('shows the sessions of a year, and how many there are', async () => {
    const { code, out } = await sluice('calendar', 'XWAR', '2024')
    expect(code).toBe(0)
    expect(out).toMatch(/^2024-01-02 +Tue +2024-01-02 08:00 +2024-01-02 16:00$/m)
    expect(out).toMatch(/^249 sessions$/m)
  })

  it('shows breaks and early closes', async () => {
    expect((await sluice('calendar', 'XTKS', '2024-11-05..2024-11-05')).out).toContain('02:30-03:30')
    expect((await sluice('calendar', 'XNYS', '2024-07-03..2024-07-03')).out).toContain('closes early')
  })

  it('writes CSV with the columns of the table', async () => {
    const { out } = await sluice('calendar', 'XHKG', '2024-12-24..2024-12-27', '--output', 'csv')
    expect(out).toBe(
      [
        'mic,session_date,open,close,break_start,break_end,early_close',
        'XHKG,2024-12-24,2024-12-24T01:30:00Z,2024-12-24T04:00:00Z,,,true',
        'XHKG,2024-12-27,2024-12-27T01:30:00Z,2024-12-27T08:00:00Z,2024-12-27T04:00:00Z,2024-12-27T05:00:00Z,false',
        '',
      ].join('\n'),
    )
  })

  it('writes JSON under the name of the calendar, also when an alias was asked for', async () => {
    const { out } = await sluice('calendar', 'XNAS', '2024-07-03..2024-07-04', '--output', 'json')
    expect(JSON.parse(out)).toEqual({
      mic: 'XNYS',
      zone: 'America/New_York',
      from: '2024-07-03',
      to: '2024-07-04',
      sessions: [
        {
          session_date: '2024-07-03',
          open: '2024-07-03T13:30:00Z',
          close: '2024-07-03T17:00:00Z',
          break_start: null,
          break_end: null,
          early_close: true,
        },
      ],
    })
  })

  it.each([
    ['an unknown calendar', ['XWARS', '2024'], 'Did you mean "XWAR"?'],
    ['no period', ['XWAR'], 'a year, or two dates'],
    ['a month', ['XWAR', '2024-05'], 'neither a year nor two dates'],
    ['dates that run backwards', ['XWAR', '2024-05-31..2024-05-01'], 'the earlier first'],
    ['a day that is none', ['XWAR', '2024-02-30..2024-03-01'], '2024-02-30'],
    ['a year before the rules begin', ['XWAR', '1985'], 'cover 1991-04-16 to 2050-12-31'],
    ['another kind of output', ['XWAR', '2024', '--output', 'xml'], 'table, json, csv'],
    ['another kind of list', ['--output', 'xml'], 'table, json, csv'],
  ])('refuses %s', async (_, args, message) => {
    const { code, out, err } = await sluice('calendar', ...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })
})
