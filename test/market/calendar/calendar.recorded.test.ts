import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { calendar } from '../../../src/market/calendar/calendar.js'
import { recordedFolder } from '../../support/recorded.js'

const folder = recordedFolder()
if (folder === undefined) console.warn('NOT JUDGED: the publication days of NBP and the ECB.')

/** The dates of the lines that begin with one, in order. */
function datesOf(text: string): string[] {
  return [...text.matchAll(/^(\d{4})-?(\d\d)-?(\d\d)[;,]/gm)]
    .map(([, year, month, day]) => `${year}-${month}-${day}`)
    .sort()
}

function sessionDates(mic: string, from: string, to: string): string[] {
  return calendar(mic)
    .sessions(from, to)
    .map(session => session.date)
}

describe.skipIf(folder === undefined)('publication days are those on which figures were really published', () => {
  it.each([2016, 2017, 2019, 2020, 2022, 2024])('NBP in its archive of table A of %i', year => {
    const published = datesOf(readFileSync(join(folder!, `nbp/archive/archiwum_tab_a_${year}.csv`), 'latin1'))
    expect(published.length).toBeGreaterThan(245)
    expect(published).toEqual(sessionDates('NBP', `${year}-01-01`, `${year}-12-31`))
  })

  it.each(['2014-03-31', '2019-12-23'])('TARGET in the reference rates of the ECB as downloaded after %s', vintage => {
    const text = gunzipSync(readFileSync(join(folder!, `ecb/eurofxref-hist_vintage-${vintage}.csv.gz`))).toString()
    const published = datesOf(text)
    expect(published.length).toBeGreaterThan(3800)
    expect(published).toEqual(sessionDates('TARGET', published[0]!, published.at(-1)!))
  })
})
