import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../../src/core/errors.js'
import { calendar } from '../../../src/market/calendar/calendar.js'

const WARSAW = calendar('XWAR')

/** The code and the message of what a call throws. */
function refusal(work: () => unknown): [string, string] {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof SluiceError) return [thrown.code, thrown.message]
    throw thrown
  }
  throw new Error('nothing was refused')
}

describe('a calendar', () => {
  it('is found by its MIC and by the names that stand for it', () => {
    expect(['XNYS', 'XNAS', 'ARCX', 'NYSE'].map(name => calendar(name).mic)).toEqual(Array(4).fill('XNYS'))
  })

  it('that nobody knows is refused with the nearest name', () => {
    expect(refusal(() => calendar('XWARS'))).toEqual([
      'SLUICE_CALENDAR_UNKNOWN',
      'There is no calendar XWARS. Did you mean "XWAR"?',
    ])
  })

  it('gives sessions between two dates, both included, in order', () => {
    expect(WARSAW.sessions('2024-05-01', '2024-05-06').map(session => session.date)).toEqual([
      '2024-05-02',
      '2024-05-06',
    ])
    expect(WARSAW.sessions('2024-05-04', '2024-05-04')).toEqual([])
  })

  it('refuses dates that run backwards', () => {
    expect(refusal(() => WARSAW.sessions('2024-05-06', '2024-05-01'))).toEqual([
      'SLUICE_ARGUMENT_INVALID',
      'Sessions go from the earlier date: 2024-05-01 is before 2024-05-06.',
    ])
  })

  it.each([undefined, null, 5, {}, Symbol('XWAR')])('is not found by %j, which is no text', name => {
    expect(refusal(() => calendar(name as string))[0]).toBe('SLUICE_ARGUMENT_INVALID')
  })

  it.each([0n, null, undefined, '0', Number.NaN])('has no session of %s, which is no instant', instant => {
    expect(refusal(() => WARSAW.sessionOf(instant as number))[0]).toBe('SLUICE_ARGUMENT_INVALID')
  })

  it('gives instants in milliseconds, and says which session ended early', () => {
    const [whole, half] = calendar('XNYS').sessions('2024-07-02', '2024-07-03')
    expect(whole).toEqual({
      date: '2024-07-02',
      open: Date.parse('2024-07-02T13:30Z'),
      close: Date.parse('2024-07-02T20:00Z'),
      breaks: [],
      earlyClose: false,
    })
    expect(half?.earlyClose).toBe(true)
  })

  it('steps over Easter in both directions', () => {
    expect(WARSAW.next('2024-03-28').date).toBe('2024-04-02')
    expect(WARSAW.next('2024-03-31').date).toBe('2024-04-02')
    expect(WARSAW.previous('2024-04-02').date).toBe('2024-03-28')
    expect(WARSAW.previous('2024-04-01').date).toBe('2024-03-28')
  })

  it('finds the session of an instant: the open is in it, the close is not, a break is', () => {
    const tokyo = calendar('XTKS')
    const at = (time: string) => tokyo.sessionOf(Date.parse(time))?.date
    expect(at('2024-11-05T00:00Z')).toBe('2024-11-05')
    expect(at('2024-11-04T23:59:59.999Z')).toBeUndefined()
    expect(at('2024-11-05T03:00Z')).toBe('2024-11-05')
    expect(at('2024-11-05T06:29:59.999Z')).toBe('2024-11-05')
    expect(at('2024-11-05T06:30Z')).toBeUndefined()
  })

  it('gives the evening before to the session that it opens', () => {
    const futures = calendar('CMES')
    expect(futures.sessionOf(Date.parse('2024-01-07T23:00Z'))?.date).toBe('2024-01-08')
    expect(futures.sessionOf(Date.parse('2024-01-08T23:00Z'))?.date).toBe('2024-01-09')
    expect(futures.sessionOf(Date.parse('2024-01-05T23:00Z'))).toBeUndefined()
  })

  it('counts trading minutes without the close and without the break', () => {
    const minutes = calendar('XTKS').minutes('2024-11-05')
    expect(minutes).toHaveLength(330)
    expect([minutes[0], minutes[149], minutes[150], minutes.at(-1)].map(ms => new Date(ms!).toISOString())).toEqual([
      '2024-11-05T00:00:00.000Z',
      '2024-11-05T02:29:00.000Z',
      '2024-11-05T03:30:00.000Z',
      '2024-11-05T06:29:00.000Z',
    ])
    expect(WARSAW.minutes('2024-05-01')).toEqual([])
  })
})

describe('what the rules do not cover is refused, never guessed', () => {
  it.each([
    ['a year before the exchange opened', () => WARSAW.sessions('1990-01-01', '1992-12-31'), '1990-01-01'],
    ['a date after the last', () => WARSAW.isSession('2051-01-01'), '2051-01-01'],
    ['the session after the last', () => WARSAW.next('2050-12-31'), 'the session after 2050-12-31'],
    ['the session before the first', () => WARSAW.previous('1991-04-16'), 'the session before 1991-04-16'],
    ['minutes of a date before the rules', () => WARSAW.minutes('1991-04-15'), '1991-04-15'],
    ['an instant before the rules', () => WARSAW.sessionOf(Date.parse('1991-04-15T12:00Z')), '1991-04-15'],
  ])('%s', (_, work, asked) => {
    const message = `The rules of XWAR cover 1991-04-16 to 2050-12-31, not ${asked}.`
    expect(refusal(work)).toEqual(['SLUICE_CALENDAR_RANGE', message])
  })

  it.each(['2024-02-30', '2024-2-3', '20240203', '2024-01-01T00:00Z', '', 'today', '+02024-01-01', '2023-02-29'])(
    '%j is no date',
    date => {
      expect(refusal(() => WARSAW.isSession(date))[0]).toBe('SLUICE_ARGUMENT_INVALID')
    },
  )

  it('an instant that is no number', () => {
    expect(refusal(() => WARSAW.sessionOf(Number.NaN))[0]).toBe('SLUICE_ARGUMENT_INVALID')
  })
})
