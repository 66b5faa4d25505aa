import type { Judgement, Meaning } from '../answers/meaning.js'

/** Ends an exchange with a judgement of ours. Never leaves the transport: there it becomes a value. */
export class Refusal extends Error {
  readonly meaning: Meaning

  constructor(why: string, meaning: Meaning = 'refused') {
    super(why)
    this.meaning = meaning
  }

  get judgement(): Judgement {
    return { meaning: this.meaning, why: this.message }
  }
}
