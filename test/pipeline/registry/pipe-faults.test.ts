import { describe, expect, it } from 'vitest'
import { parsePipes } from '../../../src/pipeline/pipes/load-pipes.js'
import { refusal } from '../../support/refusal.js'

const pipe = (parts: string) => `pipes:\n  - name: a\n    source: sample.bars\n    contract: bars\n${parts}`

describe('a pipe', () => {
  it('has a schedule in three forms, a calendar, a history and revisits', () => {
    const read = (parts: string) => parsePipes(pipe(parts), 'pipes/a.yaml')[0]
    expect(read('    schedule: "*/15 * * * *"\n')?.schedule).toEqual({ cron: '*/15 * * * *', timezone: 'UTC' })
    expect(read('    schedule: { cron: "20 12 * * *", timezone: Europe/Warsaw }\n')?.schedule).toEqual({
      cron: '20 12 * * *',
      timezone: 'Europe/Warsaw',
    })
    expect(read('    schedule: { every: PT15M }\n')?.schedule).toEqual({ everyMs: 900_000 })
    expect(
      read('    calendar: NBP\n    since: 2024-01-31\n    revisit: { last: P7D, every: P1D }\n    key: MY_KEY\n'),
    ).toMatchObject({
      calendar: 'NBP',
      sinceMs: Date.UTC(2024, 0, 31),
      revisit: { lastMs: 7 * 86_400_000, everyMs: 86_400_000 },
      key: 'MY_KEY',
    })
    expect(read('    since: 2024-01-31T12:00:00+01:00\n')?.sinceMs).toBe(Date.UTC(2024, 0, 31, 11))
    expect(read('')).not.toHaveProperty('schedule')
  })

  it.each([
    ['    schedule: "61 * * * *"\n', 'minute', '5:15'],
    ['    schedule: "0 0 31 2 *"\n', 'never fires', '5:15'],
    ['    schedule: { cron: "0 0 * * *", timezone: Europe/Warsav }\n', 'no time zone Europe/Warsav', '5:15'],
    ['    schedule: { cron: "0 0 * * *", timzone: UTC }\n', '`timezone`', '5:36'],
    ['    schedule: { every: P1M }\n', 'ISO 8601', '5:24'],
    ['    calendar: XWARR\n', 'Did you mean "XWAR"?', '5:15'],
    ['    revisit: { last: 7d, every: P1D }\n', '`last`', '5:22'],
    ['    since: 2024-02-30\n', '`since`', '5:12'],
    ['    since: 2024-01-31T12:00:00\n', '`since`', '5:12'],
    ['    key: sk-123\n', 'environment variable', '5:10'],
    ['    shedule: x\n', '`schedule`', '5:5'],
    ['    for_each: { x: { form: a.csv } }\n', '`from`', '5:20'],
    ['    http: { url: "https://a.example", record: "$" }\n', '`records`', '5:39'],
    ['    http: { url: "https://a.example", records: data }\n', 'JSON path', '5:48'],
    ['    http: { url: "https://a.example", auth: { key: K } }\n', 'exactly one of header', '5:45'],
    [
      '    http: { url: "https://a.example", paging: { link: true, page: { param: p } } }\n',
      'exactly one of page',
      '5:47',
    ],
  ])('is refused where it is wrong: %j', async (parts, message, place) => {
    const error = await refusal(() => parsePipes(pipe(parts), 'pipes/a.yaml'))
    expect(error.code).toBe('SLUICE_PIPE_INVALID')
    expect(error.message).toContain(message)
    expect(error.place).toBe(`pipes/a.yaml:${place}`)
  })

  it('names the nearest source for one that there is not', async () => {
    const text = pipe('').replace('sample.bars', 'nbp.rats')
    const error = await refusal(() => parsePipes(text, 'pipes/a.yaml'))
    expect(error.message).toContain('Did you mean "nbp.rates"?')
    expect(error.place).toBe('pipes/a.yaml:3:13')
  })

  it('is reported with all that is wrong in its file', async () => {
    const error = await refusal(() => parsePipes(`${pipe('    calendar: X\n')}  - { name: b }\n`, 'pipes/a.yaml'))
    expect(error.details['problems']).toHaveLength(2)
  })
})
