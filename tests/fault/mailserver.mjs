// A mail server whose moods a test decides: it answers, hangs before its greeting, defers a recipient with 451, or
// drops the connection in the middle of the data. Written on a socket, since a good server has no such moods.
import net from 'node:net'

export async function startMoody () {
  const mails = []
  const open = new Set()
  const counts = { hung: 0, deferred: 0, dropped: 0, ended: 0 }
  const server = net.createServer((socket) => {
    const mood = state.mood
    open.add(socket)
    socket.on('close', () => { open.delete(socket); if (mood === 'hang') counts.ended++ })
    socket.on('error', () => {})
    if (mood === 'hang') {
      counts.hung++
      return
    }
    converse(socket, mood, { mails, counts })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const state = {
    mood: 'good',
    port: server.address().port,
    mails,
    counts,
    dropAll () { for (const socket of open) socket.destroy() },
    async stop () {
      state.dropAll()
      await new Promise((resolve) => server.close(resolve))
    }
  }
  return state
}

function converse (socket, mood, { mails, counts }) {
  let rest = ''
  let data
  let to
  const say = (line) => socket.write(`${line}\r\n`)
  const command = (line) => {
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'EHLO' || verb === 'HELO') say('250 moody.test')
    else if (verb === 'RCPT' && mood === 'later') { counts.deferred++; say('451 4.3.0 try again later') }
    else if (verb === 'RCPT') { to = /<([^>]+)>/.exec(line)[1]; say('250 ok') }
    else if (verb === 'DATA') { data = []; say('354 go on') }
    else if (verb === 'QUIT') { say('221 bye'); socket.end() }
    else say('250 ok')
  }
  const content = (line) => {
    if (mood === 'drop') { counts.dropped++; socket.destroy() }
    else if (line !== '.') data.push(line.replace(/^\./, ''))
    else {
      mails.push({ to, text: data.join('\n') })
      data = undefined
      say('250 kept')
    }
  }
  say('220 moody.test')
  socket.on('data', (piece) => {
    rest += piece.toString('latin1')
    for (let end; (end = rest.indexOf('\r\n')) >= 0 && !socket.destroyed;) {
      const line = rest.slice(0, end)
      rest = rest.slice(end + 2)
      if (data) content(line)
      else command(line)
    }
  })
}
