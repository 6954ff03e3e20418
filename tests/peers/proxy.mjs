// Stands between a client and the server, under the server's external URL, and can spoil what passes.
//
//   const proxy = await startProxy()          proxy.url is for server.base_url, proxy.caFile for the client
//   proxy.target = server                     where to
//   proxy.spoil = (answer, request) => …      changes { status, headers, body } of an answer in place
//   proxy.seen                                what passed: { method, path, status }
import https from 'node:https'
import { makeCa } from '../lib/ca.mjs'

async function bytesOf (stream) {
  const pieces = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

function forward (target, request, body) {
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers, 'content-length': body.length }
    delete headers['transfer-encoding']
    const out = https.request(target.url + request.url, { method: request.method, headers, ca: target.ca, agent: target.agent, servername: 'localhost', checkServerIdentity: () => undefined },
      async (answer) => resolve({ status: answer.statusCode, headers: answer.headers, body: await bytesOf(answer) }))
    out.on('error', reject)
    out.end(body)
  })
}

export async function startProxy () {
  const ca = makeCa()
  const proxy = { seen: [], caFile: ca.caFile, spoil: undefined, target: undefined }
  const server = https.createServer({ cert: ca.cert, key: ca.key }, async (request, response) => {
    const answer = await forward(proxy.target, request, await bytesOf(request))
    proxy.seen.push({ method: request.method, path: request.url, status: answer.status })
    proxy.spoil?.(answer, request)
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length })
    response.end(answer.body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy.url = `https://127.0.0.1:${server.address().port}`
  proxy.stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return proxy
}
