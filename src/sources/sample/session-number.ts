/** 1970-01-01 was a Thursday: weeks start three days before the epoch. */
const WEEK = 'floor((day + 3) / 7.0)::BIGINT'
const DAY_OF_WEEK = `(day + 3 - 7 * ${WEEK})`

/** SQL: whether an instrument trades on `day` (days since the epoch). The sample market knows weekends and no holidays. */
export const HAS_SESSION = `(NOT weekdays OR ${DAY_OF_WEEK} < 5)`

/** SQL: the running number of the session of `day`, without gaps, so that a weekend moves a price no more than a night. */
export const SESSION_NUMBER = `(CASE WHEN weekdays THEN 5 * ${WEEK} + ${DAY_OF_WEEK} ELSE day END)`
