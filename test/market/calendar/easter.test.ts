import { expect, it } from 'vitest'
import { dateOf } from '../../../src/market/calendar/days.js'
import { easterSunday } from '../../../src/market/calendar/easter.js'

it('Easter falls where almanacs have it, the earliest and the latest dates among them', () => {
  const known = ['1818-03-22', '1943-04-25', '1954-04-18', '1981-04-19', '1999-04-04', '2000-04-23', '2008-03-23']
  const later = ['2011-04-24', '2016-03-27', '2024-03-31', '2025-04-20', '2026-04-05', '2038-04-25', '2049-04-18']
  const dates = [...known, ...later]
  expect(dates.map(date => dateOf(easterSunday(Number(date.slice(0, 4)))))).toEqual(dates)
})
