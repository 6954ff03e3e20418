// Where the programs under test are: build/, or the folder that CHIROGRAPH_BUILD names.
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const build = resolve(root, process.env.CHIROGRAPH_BUILD ?? 'build')
export const built = (path) => join(build, path)
