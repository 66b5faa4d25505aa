import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest files, the longest first: one that began last would run alone at the end. */
const LONGEST = ['crash/kills', 'docs/guides', 'crash/crash', 'e2e/packed', 'property/gold', 'pipeline/derive-run']

/** Begins with the longest files, on a machine that has not seen how long they take too. */
export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex(name => moduleId.endsWith(`/test/${name}.test.ts`))
      return at === -1 ? LONGEST.length : at
    }
    return others.sort((a, b) => rank(a) - rank(b))
  }
}
