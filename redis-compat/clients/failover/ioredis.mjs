// ioredis with Sentinel: loops that append numbers by single commands, transactions and scripts, and one that reads at replicas. Run by
// failover.py.
import Redis from 'ioredis'
const sentinels = process.env.SENTINELS.split(',').map(a => ({ host: a.split(':')[0], port: Number(a.split(':')[1]) }))
// Without failoverDetector: when it hears of the switch while the client connects again, the client ends for good, and what it had not been
// answered is never settled (5.11.1, with redis-server as well). What a frozen primary does not answer is given up by socketTimeout.
const options = { sentinels, name: process.env.NAME, socketTimeout: 6000 }
const primary = new Redis(options), replica = new Redis({ ...options, role: 'slave' })
for (const r of [primary, replica]) r.on('error', () => {}) // told before each attempt to connect again
primary.defineCommand('append_by_script', { numberOfKeys: 2, lua: "redis.call('SET', KEYS[2], ARGV[1]) return redis.call('RPUSH', KEYS[1], ARGV[1])" })
let ended = false
process.stdin.on('end', () => { ended = true }).resume()
const kinds = {
  push: (key, n) => primary.rpush(key, n),
  other: (key, n) => primary.rpush(key, n),
  transaction: async (key, n) => { for (const [e] of await primary.multi().rpush(key, n).set(key + ':last', n).exec()) if (e) throw e },
  script: (key, n) => primary.append_by_script(key, key + ':last', n),
  read: () => replica.lrange('push', -1, -1)
}
const work = async (key, f) => {
  for (let n = 1; !ended; n++) {
    try {
      await f(key, n)
      console.log(key === 'read' ? 'read' : `acked ${key} ${n}`)
    } catch (e) {
      console.log(`failed ${e.message}`)
      await new Promise(r => setTimeout(r, 50))
    }
    await new Promise(r => setTimeout(r, 10))
  }
}
await Promise.all(Object.entries(kinds).map(([key, f]) => work(key, f)))
process.exit(0)
