// The table that a run prints: figure, aim, what it is held against, and whether the aim was met.
const widths = [52, 14, 12, 34]
const rows = []

function line (cells, end) {
  return cells.map((cell, i) => String(cell).padEnd(widths[i])).join(' ') + ' ' + end
}

export function head (title) {
  console.log(`\n${title}\n${line(['', 'figure', 'aim', 'beside'], 'met')}`)
}

// better: 'less' or 'more'; a row without an aim is there to be compared with
export function row (what, value, unit, { aim, better = 'less', beside = '' } = {}) {
  const shown = `${value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0)} ${unit}`
  const met = aim === undefined ? undefined : better === 'less' ? value <= aim : value >= aim
  const wanted = aim === undefined ? '' : `${better === 'less' ? '≤' : '≥'} ${Math.round(aim * 100) / 100} ${unit}`
  console.log(line([what, shown, wanted, beside], met === undefined ? '' : met ? 'yes' : 'NO'))
  rows.push({ what, value, unit, aim, met })
}

export function note (text) {
  console.log(`  ${text}`)
}

export function summary () {
  const judged = rows.filter((r) => r.met !== undefined)
  const missed = judged.filter((r) => !r.met)
  console.log(`\n${judged.length - missed.length} of ${judged.length} aims met${missed.length ? ':' : ''}`)
  for (const r of missed) console.log(`  missed: ${r.what}: ${r.value.toFixed(2)} ${r.unit}, aim ${r.aim}`)
}

export function median (list) {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

export const times = (a, b) => (a / b >= 10 ? (a / b).toFixed(0) : (a / b).toFixed(1)) + '×'
