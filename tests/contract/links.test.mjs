// Does every link of the documentation lead to a file that is there, and does the index name every page?
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

const root = fileURLToPath(new URL('../../', import.meta.url))
const under = (folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.md')).map((name) => join(folder, name))
const pages = [...under('.'), ...under('docs'), ...under('docs/decisions')]
const links = (page) => [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
  .map((m) => m[1]).filter((to) => !to.includes(':')).map((to) => normalize(join(dirname(page), to)))

test('every link leads somewhere', () => {
  assert.ok(pages.length > 15)
  for (const page of pages) for (const to of links(page)) assert.ok(existsSync(join(root, to)), `${page}: ${to}`)
})

test('docs/README.md names every page', () => {
  const named = new Set(links('docs/README.md'))
  const all = [...under('docs'), ...under('docs/decisions'), ...readdirSync(join(root, 'docs/man')).map((name) => join('docs/man', name))]
  assert.deepEqual(all.filter((page) => page !== 'docs/README.md' && !named.has(page)), [])
})
