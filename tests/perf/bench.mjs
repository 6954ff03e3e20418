// `make bench`: the seal first, then the server. A shared machine's numbers are not a test, so
// nothing here fails; a missed aim is said in the table.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { work } from './tools.mjs'
import { benchSeal } from './seal.mjs'
import { benchServer } from './server.mjs'
import { note, summary } from './table.mjs'

const wanted = process.argv.slice(2)
const asked = (name) => wanted.length === 0 || wanted.includes(name)

rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
console.log(`${cpus().length} × ${cpus()[0].model.trim()}, node ${process.version}, load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`)
if (asked('seal')) benchSeal()
if (asked('server')) await benchServer()
summary()
note('CPU is user and system time of the whole process from exec to exit, the median of its runs.')
rmSync(work, { recursive: true, force: true })
