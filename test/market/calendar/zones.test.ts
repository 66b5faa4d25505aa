import { describe, expect, it } from 'vitest'
import { calendar } from '../../../src/market/calendar/calendar.js'
import { CALENDARS } from '../../../src/market/calendar/registry.js'

/** Minutes ahead of UTC as Intl knows them. */
function offsetReader(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  return ms => {
    const [, sign = '+', hours = '0', minutes = '0'] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(format.format(ms)) ?? []
    return Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes))
  }
}

describe('the clocks of the calendars are those of Intl, at every open and every close', () => {
  it.each(CALENDARS.map(({ mic, zone }) => [mic, zone] as const))('%s in %s', (mic, zone) => {
    const rules = CALENDARS.find(candidate => candidate.mic === mic)!
    const offset = offsetReader(zone)
    const ours = calendar(mic)
    const hours = new Set(rules.hours.flatMap(({ open, close }) => [open, close]))
    for (const { close } of rules.early) hours.add(close)
    const wrong = ours.sessions(ours.from, ours.until).flatMap(({ date, open, close }) => {
      const walls = [open, close].map(ms => new Date(ms + offset(ms) * 60_000).toISOString().slice(11, 16))
      return walls.every(wall => hours.has(wall) || (wall === '00:00' && hours.has('24:00')))
        ? []
        : [`${date} ${walls}`]
    })
    expect(wrong).toEqual([])
  })
})
