// ioredis: pipelines, transactions, blocking pops, pub/sub, streams with groups.
import Redis from 'ioredis'
import assert from 'node:assert/strict'
import { check, finish, port } from './check.js'
const r = new Redis({ port, retryStrategy: () => 50 })
try {
  assert.equal(await r.set('a', 1), 'OK')
  assert.deepEqual(await r.pipeline().incr('a').get('a').exec(), [[null, 2], [null, '2']])
  assert.deepEqual(await r.multi().incr('a').incr('a').exec(), [[null, 3], [null, 4]])
  const b = r.duplicate()
  const waiting = b.brpop('q', 5)
  await r.lpush('q', 'job')
  assert.deepEqual(await waiting, ['q', 'job'])
  const sub = r.duplicate()
  const heard = new Promise(done => sub.on('message', (ch, m) => done([ch, m])))
  await sub.subscribe('ch')
  await r.publish('ch', 'hello')
  assert.deepEqual(await heard, ['ch', 'hello'])
  await r.xgroup('CREATE', 's', 'g', '0', 'MKSTREAM')
  const id = await r.xadd('s', '*', 'f', 'v')
  const got = await r.xreadgroup('GROUP', 'g', 'c', 'COUNT', 10, 'STREAMS', 's', '>')
  assert.deepEqual(got, [['s', [[id, ['f', 'v']]]]])
  assert.equal(await r.xack('s', 'g', id), 1)
  r.defineCommand('addup', { numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" })
  assert.equal(await r.addup('a', 6), 10)
  let n = 0
  for await (const keys of r.scanStream()) n += keys.length
  assert.equal(n, await r.dbsize())
  check('ioredis', true)
} catch (e) {
  check('ioredis', false, e.message)
}
finish()
