// node-redis: RESP2 and RESP3 set-up, transactions, blocking pops, pub/sub, streams with groups.
import { createClient } from 'redis'
import assert from 'node:assert/strict'
import { check, finish, port, sleep } from './check.js'
const r = createClient({ url: `redis://127.0.0.1:${port}`, name: 'me' })
try {
  await r.connect()
  await r.set('a', '1', { EX: 100 })
  assert.equal(await r.incr('a'), 2)
  assert.deepEqual(await r.multi().incr('a').get('a').exec(), [3, '3'])
  const b = r.duplicate()
  await b.connect()
  const waiting = b.blPop('q', 5)
  await r.rPush('q', 'job')
  assert.deepEqual({ ...(await waiting) }, { key: 'q', element: 'job' })
  const sub = r.duplicate()
  await sub.connect()
  const heard = new Promise(done => sub.subscribe('ch', m => done(m)))
  await sleep(100)
  await r.publish('ch', 'hello')
  assert.equal(await heard, 'hello')
  await r.xGroupCreate('s', 'g', '0', { MKSTREAM: true })
  const id = await r.xAdd('s', '*', { f: 'v' })
  const got = await r.xReadGroup('g', 'c', { key: 's', id: '>' }, { COUNT: 5 })
  assert.equal(got[0].messages[0].id, id)
  assert.equal(await r.xAck('s', 'g', id), 1)
  assert.equal((await r.xInfoStream('s')).length, 1)
  await b.quit(); await sub.quit(); await r.quit()
  check('node-redis', true)
} catch (e) {
  check('node-redis', false, e.message)
}
finish()
