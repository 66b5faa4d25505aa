import { expect, it } from 'vitest'
import { PROVIDERS, type ProviderName } from '../../src/sandbox/providers/all.js'
import { PROVIDERS as DECLARED } from '../../src/sources/provider-list.js'

it('providers have the paths that their declarations have, behind their names', () => {
  const roots: Readonly<Record<string, { readonly root: string }>> = PROVIDERS
  const declared = DECLARED.filter(({ name }) => Object.hasOwn(roots, name))
  expect(declared.map(({ name }) => name).toSorted()).toEqual(
    expect.arrayContaining(['coingecko', 'ecb', 'fred', 'nbp', 'stooq'] satisfies ProviderName[]),
  )
  for (const { name, url } of declared) {
    expect(roots[name]!.root).toBe(`/${name}${new URL(url).pathname.replace(/\/$/, '')}`)
  }
})
