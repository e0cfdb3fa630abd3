// What web applications keep on such a server: socket.io between processes (pub/sub and streams), sessions, locks, rate limits.
import http from 'node:http'
import { createClient } from 'redis'
import Redis from 'ioredis'
import express from 'express'
import session from 'express-session'
import { RedisStore } from 'connect-redis'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { createAdapter } from '@socket.io/redis-adapter'
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter'
import { Emitter } from '@socket.io/redis-emitter'
import Redlock from 'redlock'
import { RateLimiterRedis, BurstyRateLimiter, RateLimiterQueue } from 'rate-limiter-flexible'
import { check, finish, port, sleep, until } from './check.js'

const redis = async () => { const c = createClient({ url: `redis://127.0.0.1:${port}` }); await c.connect(); return c }

// Two nodes of one application with a client on each; what is said on one is heard on the other.
const application = async (name, adapter, options = {}) => {
  const nodes = [], clients = []
  for (let i = 0; i < 2; i++) {
    const server = http.createServer(), node = new Server(server, { adapter: await adapter(), ...options })
    node.on('connection', s => {
      s.on('join', (room, done) => { s.join(room); done() })
      s.on('question', done => done(`node ${i}`))
    })
    await new Promise(r => server.listen(0, '127.0.0.1', r))
    nodes.push(node)
    const client = io(`http://127.0.0.1:${server.address().port}`)
    client.heard = []
    client.onAny((event, ...words) => { const done = words.at(-1); client.heard.push([event, words[0]]); if (typeof done === 'function') done(i) })
    await new Promise(r => client.on('connect', r))
    clients.push(client)
  }
  await sleep(300)
  nodes[0].emit('all', 1)
  check(`${name}: an emission reaches the clients of both nodes`, await until(() => clients.every(c => c.heard.length === 1)), clients.map(c => c.heard))
  await clients[1].emitWithAck('join', 'room')
  nodes[0].to('room').emit('room', 2)
  check(`${name}: a room's members on the other node`, await until(() => clients[1].heard.length === 2), clients[1].heard)
  nodes[0].except('room').emit('others', 3)
  check(`${name}: everybody but the room`, await until(() => clients[0].heard.length === 2) && clients[1].heard.length === 2, clients.map(c => c.heard))
  check(`${name}: sockets of all nodes`, (await nodes[0].fetchSockets()).length === 2)
  check(`${name}: answers from all nodes`, (await nodes[0].timeout(5000).emitWithAck('ask', 0)).sort().join() === '0,1')
  nodes[0].socketsJoin('everybody')
  check(`${name}: all join a room`, await until(async () => (await nodes[1].in('everybody').fetchSockets()).length === 2))
  nodes[1].on('between', (x, done) => done(x + 1))
  check(`${name}: a question between the nodes`, (await nodes[0].serverSideEmitWithAck('between', 4)).join() === '5')
  nodes[0].disconnectSockets(true)
  check(`${name}: all are disconnected`, await until(() => clients.every(c => !c.connected)))
  clients.forEach(c => c.close())
  for (const n of nodes) await n.close()
}
await application('socket.io redis adapter', async () => createAdapter(await redis(), await redis()))
await application('socket.io redis adapter, ioredis', async () => createAdapter(new Redis(port), new Redis(port)))
await application('socket.io streams adapter', async () => createStreamsAdapter(new Redis(port)), { connectionStateRecovery: {} })
{
  const server = http.createServer(), node = new Server(server, { adapter: createAdapter(await redis(), await redis()) })
  await new Promise(r => server.listen(0, '127.0.0.1', r))
  const client = io(`http://127.0.0.1:${server.address().port}`), heard = new Promise(r => client.on('news', r))
  await new Promise(r => client.on('connect', r))
  await sleep(300)
  new Emitter(await redis()).emit('news', 'from outside')
  check('socket.io emitter: a process that is no node', await heard === 'from outside')
  client.close()
  await node.close()
}

// ---- sessions
{
  const app = express(), store = new RedisStore({ client: await redis(), prefix: 'sess:', ttl: 100 })
  app.use(session({ store, secret: 'x', resave: false, saveUninitialized: false }))
  app.get('/', (req, res) => { req.session.views = (req.session.views ?? 0) + 1; res.send(String(req.session.views)) })
  app.get('/out', (req, res) => req.session.destroy(() => res.send('out')))
  const server = await new Promise(r => { const s = app.listen(0, '127.0.0.1', () => r(s)) })
  const url = `http://127.0.0.1:${server.address().port}`
  const first = await fetch(url), cookie = first.headers.get('set-cookie').split(';')[0]
  const again = await fetch(url, { headers: { cookie } }), stranger = await fetch(url)
  check('connect-redis: a session stays', [await first.text(), await again.text(), await stranger.text()].join() === '1,2,1')
  check('connect-redis: all sessions', (await store.all()).length === 2 && await store.length() === 2)
  const c = await redis(), [key] = await c.keys('sess:*')
  check('connect-redis: sessions end', await c.ttl(key) > 0)
  await (await fetch(`${url}/out`, { headers: { cookie } })).text()
  check('connect-redis: a session is ended', await store.length() === 1)
  await store.clear()
  check('connect-redis: all are cleared', await store.length() === 0)
  server.closeAllConnections()
  server.close()
}

// ---- locks
{
  const lock = new Redlock([new Redis(port)], { retryCount: 3, retryDelay: 50 })
  const held = await lock.acquire(['lock:a', 'lock:b'], 2000)
  check('redlock: held by one', await lock.acquire(['lock:b'], 500).then(() => false, () => true))
  const longer = await held.extend(3000)
  check('redlock: a longer time', (await new Redis(port).pttl('lock:a')) > 2000)
  await longer.release()
  await (await lock.acquire(['lock:b'], 500)).release()
  let inside = 0, most = 0
  const patient = new Redlock([new Redis(port)], { retryCount: -1, retryDelay: 5 })
  await Promise.all(Array.from({ length: 8 }, () => patient.using(['lock:c'], 2000, async () => { most = Math.max(most, ++inside); await sleep(10); inside-- })))
  check('redlock: eight in turn', most === 1, most)
}

// ---- rate limits
for (const [name, storeClient] of [['ioredis', new Redis(port, { enableOfflineQueue: false })], ['node-redis', await redis()]]) {
  await until(async () => { try { return await storeClient.ping() } catch { return false } })
  const useRedisPackage = name === 'node-redis'
  const limit = new RateLimiterRedis({ storeClient, useRedisPackage, keyPrefix: name, points: 5, duration: 1, blockDuration: 1 })
  const verdicts = await Promise.all(Array.from({ length: 7 }, () => limit.consume('you').then(() => 1, () => 0)))
  check(`rate-limiter-flexible, ${name}: five of seven`, verdicts.filter(x => x).length === 5, verdicts)
  check(`rate-limiter-flexible, ${name}: state`, (await limit.get('you')).remainingPoints === 0)
  check(`rate-limiter-flexible, ${name}: later again`, await until(() => limit.consume('you').then(() => true, () => false), 5000))
  await limit.penalty('me', 3); await limit.reward('me', 1)
  check(`rate-limiter-flexible, ${name}: penalty and reward`, (await limit.get('me')).consumedPoints === 2)
  const bursty = new BurstyRateLimiter(limit, new RateLimiterRedis({ storeClient, useRedisPackage, keyPrefix: `${name}:burst`, points: 3, duration: 5 }))
  const burst = await Promise.all(Array.from({ length: 10 }, () => bursty.consume('b').then(() => 1, () => 0)))
  check(`rate-limiter-flexible, ${name}: bursts`, burst.filter(x => x).length === 8, burst)
  const queue = new RateLimiterQueue(new RateLimiterRedis({ storeClient, useRedisPackage, keyPrefix: `${name}:queue`, points: 2, duration: 1 }))
  const start = Date.now()
  await Promise.all(Array.from({ length: 4 }, () => queue.removeTokens(1)))
  check(`rate-limiter-flexible, ${name}: a queue`, Date.now() - start >= 500, Date.now() - start)
}
finish()
