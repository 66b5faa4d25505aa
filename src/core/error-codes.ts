import type { ErrorKind } from './errors.js'

interface CodeEntry {
  readonly kind: ErrorKind
  readonly next: string
}

/** Every code that Sluice reports, with its kind and the next step. Codes are never reused. `docs/reference/errors.md` mirrors this list. */
export const ERROR_CODES = {
  SLUICE_INTERNAL: { kind: 'internal', next: 'This is a bug in Sluice. Report it with the output of `sluice doctor`.' },
  SLUICE_CANCELLED: { kind: 'cancelled', next: 'Run the same command again: finished work is not repeated.' },

  SLUICE_ARGUMENT_INVALID: { kind: 'invalid', next: 'See the command with --help.' },
  SLUICE_CONFIG_INVALID: {
    kind: 'invalid',
    next: 'Correct sluice.yaml, the environment variable or the flag, then run `sluice validate`.',
  },
  SLUICE_PROJECT_MISSING: {
    kind: 'invalid',
    next: 'Run `sluice init` here, or point to a project with --project DIR.',
  },
  SLUICE_CONTRACT_INVALID: { kind: 'invalid', next: 'Correct the contract, then run `sluice contract lint`.' },
  SLUICE_CONTRACT_UNKNOWN: { kind: 'invalid', next: 'List the contracts with `sluice contract show`.' },
  SLUICE_SQL_REFUSED: { kind: 'invalid', next: 'Use one expression or one SELECT, without file access.' },
  SLUICE_MODEL_INVALID: { kind: 'invalid', next: 'Correct the model, then run `sluice validate`.' },
  SLUICE_MODEL_UNKNOWN: { kind: 'invalid', next: 'List the models with `sluice models`.' },
  SLUICE_TEST_INVALID: { kind: 'invalid', next: 'Correct the test, then run `sluice test`.' },
  SLUICE_PIPE_INVALID: { kind: 'invalid', next: 'Correct the pipe file, then run `sluice validate`.' },
  SLUICE_PIPE_UNKNOWN: { kind: 'invalid', next: 'List the pipes with `sluice pipes`.' },
  SLUICE_REFERENCE_INVALID: { kind: 'invalid', next: 'Correct the CSV file, then run `sluice validate`.' },
  SLUICE_RUN_ID_INVALID: {
    kind: 'invalid',
    next: 'Use 1 to 64 letters, digits, dots, dashes or underscores, starting with a letter or digit.',
  },
  SLUICE_RUN_ID_TAKEN: { kind: 'invalid', next: 'Choose another --run-id, or leave it out to get a new one.' },
  SLUICE_QUOTA_SHORT: {
    kind: 'invalid',
    next: 'Ask for less (--select, --from, --to), wait for the next month, or add --part-way to go as far as the credits do.',
  },
  SLUICE_BACKFILL_NOTHING: {
    kind: 'invalid',
    next: 'Choose another time or other pipes; `sluice pipes` lists them. Pipes that read files are run with `sluice run`.',
  },
  SLUICE_BACKFILL_UNKNOWN: {
    kind: 'invalid',
    next: 'Leave --resume out to begin it. Its name is made of its dates and of what narrows it (--select, --exclude, --param).',
  },
  SLUICE_BACKFILL_CHANGED: {
    kind: 'invalid',
    next: 'Put it back and run the same command again, or leave --resume out: then what is missing is planned anew under what the project says now.',
  },
  SLUICE_BUDGET_SHORT: {
    kind: 'invalid',
    next: 'Ask for less (--select, --from, --to), wait for the next month, or raise the limit of cost.budget in sluice.yaml. `sluice cost` shows what was spent.',
  },
  SLUICE_PRICES_INVALID: {
    kind: 'invalid',
    next: 'Correct the price list, or take cost.prices out of sluice.yaml to use the one of the package.',
  },
  SLUICE_QUARANTINE_UNKNOWN: { kind: 'invalid', next: 'List what waits with `sluice quarantine ls`.' },
  SLUICE_BREAKER_UNKNOWN: { kind: 'invalid', next: 'List the breakers with `sluice breaker ls`.' },
  SLUICE_CAPTURE_UNKNOWN: { kind: 'invalid', next: 'List the captures with `sluice captures ls`.' },
  SLUICE_RUN_UNKNOWN: { kind: 'invalid', next: 'List the runs with `sluice runs`.' },
  SLUICE_LAKE_MISSING: {
    kind: 'invalid',
    next: 'Look at `lake` in sluice.yaml and SLUICE__LAKE: a typing error names another place. `sluice run` makes a new lake.',
  },
  SLUICE_TABLE_UNKNOWN: { kind: 'invalid', next: 'List the tables with `sluice tables`.' },
  SLUICE_SNAPSHOT_UNKNOWN: { kind: 'invalid', next: 'List the snapshots with `sluice tables NAME`.' },
  SLUICE_SNAPSHOT_EXPIRED: {
    kind: 'invalid',
    next: 'Ask for a later moment: `sluice tables NAME` lists the snapshots that are left.',
  },
  SLUICE_KNOWLEDGE_UNKNOWN: {
    kind: 'invalid',
    next: 'Ask tables of silver, or of gold that models make, or leave out --as-known-at.',
  },
  SLUICE_KNOWLEDGE_ASSUMED: {
    kind: 'invalid',
    next: "Leave out --strict, and rows with `_known_basis = 'rule'` in the SQL if they are not wanted.",
  },
  SLUICE_RATE_UNKNOWN: {
    kind: 'invalid',
    next: 'Fetch the rates of that day with `sluice run`, or ask by another convention.',
  },
  SLUICE_QUERY_INVALID: { kind: 'invalid', next: 'Correct the SQL. `sluice tables` lists what can be queried.' },

  SLUICE_CALENDAR_UNKNOWN: { kind: 'invalid', next: 'List the calendars with `sluice calendar`.' },
  SLUICE_CALENDAR_RANGE: { kind: 'invalid', next: 'Ask for dates that the rules cover: `sluice calendar` lists them.' },

  SLUICE_INPUT_MISSING: { kind: 'invalid', next: 'Check the path. Nothing was written.' },
  SLUICE_INPUT_IS_DIRECTORY: { kind: 'invalid', next: 'Name the files, for example DIR/*.json. Nothing was written.' },
  SLUICE_INPUT_NOT_A_FILE: {
    kind: 'invalid',
    next: 'Write what it gives into a file and name that one. Nothing was written.',
  },
  SLUICE_INPUT_EMPTY: {
    kind: 'source',
    next: 'If an empty file is legitimate, set `empty: allow` in the pipe. Nothing was written.',
  },
  SLUICE_INPUT_TRUNCATED: { kind: 'source', next: 'Fetch the file again: it ends in the middle. Nothing was written.' },
  SLUICE_INPUT_DAMAGED: {
    kind: 'source',
    next: 'Fetch the file again: its bytes are not those that were packed. Nothing was written.',
  },
  SLUICE_INPUT_ENCODING: {
    kind: 'source',
    next: 'Declare the encoding in the pipe, for example `encoding: windows-1250`. Nothing was written.',
  },
  SLUICE_INPUT_FORMAT: {
    kind: 'source',
    next: 'Declare format and dialect in a pipe of source `file`. Nothing was written.',
  },
  SLUICE_INPUT_CHANGED: {
    kind: 'source',
    next: 'The file was written to while it was read. Run again when it is complete. Nothing was published.',
  },

  SLUICE_GATE_FAILED: {
    kind: 'contract',
    next: 'Look at the quarantine. To publish the accepted rows all the same, add --allow-dq-breach.',
  },
  SLUICE_ROW_NOT_RELEASABLE: {
    kind: 'contract',
    next: 'Correct the contract or the pipe and use `sluice quarantine replay`, or discard the rows.',
  },
  SLUICE_CONTRACT_BREAKING: {
    kind: 'contract',
    next: 'Raise the major version of the contract: a breaking change gets a new table.',
  },
  SLUICE_CONTRACT_VERSION: {
    kind: 'contract',
    next: 'Set the version of the contract that the message names. `sluice contract diff NAME` shows what changed.',
  },

  SLUICE_STORE_UNAVAILABLE: {
    kind: 'unavailable',
    next: 'Check the disk or the network, then run the same command again.',
  },
  SLUICE_MEMORY_SHORT: {
    kind: 'unavailable',
    next: 'Give the SQL engine more memory (--memory-limit, or engine.memory_limit in sluice.yaml), then run the same command again.',
  },
  SLUICE_STORE_UNREACHABLE: {
    kind: 'unavailable',
    next: 'Check store.endpoint and the network, then run the same command again.',
  },
  SLUICE_STORE_CREDENTIALS: {
    kind: 'invalid',
    next: 'Give credentials as AWS takes them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the role of the machine.',
  },
  SLUICE_STORE_DENIED: {
    kind: 'unavailable',
    next: 'Allow these credentials s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and, for the bucket, s3:ListBucket: without that one a server also denies what is not there.',
  },
  SLUICE_BUCKET_MISSING: {
    kind: 'invalid',
    next: 'Make the bucket, or correct `lake` and store.endpoint in sluice.yaml.',
  },
  SLUICE_STORE_FULL: {
    kind: 'unavailable',
    next: 'Free some space, then run the same command again: nothing was published by halves.',
  },
  SLUICE_CACHE_UNUSABLE: {
    kind: 'unavailable',
    next: 'Name a folder that this user may write to: cache.folder in sluice.yaml, or SLUICE__CACHE__FOLDER.',
  },
  SLUICE_STORE_READ_ONLY: {
    kind: 'unavailable',
    next: 'Give this user write access to the lake, or choose another lake in sluice.yaml.',
  },
  SLUICE_OBJECT_MISSING: { kind: 'unavailable', next: 'Run `sluice doctor`.' },
  SLUICE_OBJECT_EXISTS: { kind: 'conflict', next: 'Another writer was first. Run the same command again.' },
  SLUICE_STORE_UNFIT: {
    kind: 'invalid',
    next: 'Run `sluice doctor store`. Keep the lake in another store, or set `store.writers: one` in sluice.yaml and let one process at a time write.',
  },
  SLUICE_LAKE_NESTED: {
    kind: 'invalid',
    next: 'Set `lake` in sluice.yaml to a folder or prefix of its own, beside the other lake.',
  },
  SLUICE_STORE_KEY_INVALID: { kind: 'invalid', next: 'Use a relative key without empty, `.` or `..` parts.' },

  SLUICE_BACKFILL_RUNNING: {
    kind: 'conflict',
    next: 'Wait until it has ended, or stop it; then run the same command again. Another interval can be backfilled meanwhile.',
  },
  SLUICE_PIPE_LEASED: {
    kind: 'conflict',
    next: 'Wait until the other run has ended, then run the same command again.',
  },
  SLUICE_COMMIT_CONFLICT: {
    kind: 'conflict',
    next: 'Other writers were faster for every try. Run the same command again.',
  },
  SLUICE_COMMIT_UNKNOWN: {
    kind: 'unavailable',
    next: 'The outcome of the commit could not be read back. Nothing was deleted; run the same command with the same --run-id again.',
  },
  SLUICE_REQUIREMENT_FAILED: { kind: 'conflict', next: 'The table changed meanwhile. Run the same command again.' },

  SLUICE_LAYOUT_NEWER: {
    kind: 'corrupt',
    next: 'This lake was written by a newer Sluice. Upgrade: npm install sluice@latest.',
  },
  SLUICE_METADATA_CORRUPT: {
    kind: 'corrupt',
    next: 'Stop writing. Run `sluice doctor` and restore the file from a backup.',
  },
  SLUICE_MANIFEST_CORRUPT: {
    kind: 'corrupt',
    next: 'Stop writing. Run `sluice doctor` and restore the file from a backup.',
  },
  SLUICE_DATA_FILE_MISSING: {
    kind: 'corrupt',
    next: 'Restore the file from a backup. `sluice tables NAME --files` names all of them.',
  },
  SLUICE_DATA_FILE_CORRUPT: {
    kind: 'corrupt',
    next: 'Restore the file from a backup. `sluice doctor` looks at all of them.',
  },
  SLUICE_OBJECT_CORRUPT: {
    kind: 'corrupt',
    next: 'Restore the object from a backup or an older version of the bucket. `sluice verify` looks at all of them.',
  },
  SLUICE_CAPTURE_CORRUPT: {
    kind: 'corrupt',
    next: 'Restore the capture from a backup: its bytes do not match their hash. `sluice captures ls` names damaged segments.',
  },
} as const satisfies Record<string, CodeEntry>

export type ErrorCode = keyof typeof ERROR_CODES
