// BullMQ with Sentinel: producers, and workers, some of whose jobs are under way when the primary goes. Run by failover.py.
import { Queue, Worker } from 'bullmq'
const sentinels = process.env.SENTINELS.split(',').map(a => ({ host: a.split(':')[0], port: Number(a.split(':')[1]) }))
const connection = { sentinels, name: process.env.NAME, maxRetriesPerRequest: null, socketTimeout: 15000 } // longer than workers block
const sleep = ms => new Promise(r => setTimeout(r, ms))
const queue = new Queue('work', { connection })
const settings = { connection, concurrency: 5, lockDuration: 3000, stalledInterval: 1000, maxStalledCount: 20 }
const workers = [1, 2].map(() => new Worker('work', async job => {
  await sleep(20)
  console.log(`done ${job.data.n}`)
}, settings))
const stalled = new Set()
for (const w of workers) {
  w.on('error', e => console.log(`failed worker ${e.message}`))
  w.on('failed', (job, e) => console.log(`failed job ${job?.data.n} ${e.message}`))
  w.on('stalled', id => { stalled.add(id); console.log(`stalled ${id}`) })
}
queue.on('error', () => {}) // told before each attempt to connect again
let ended = false, number = 0
process.stdin.on('end', () => { ended = true }).resume()
const produce = async () => {
  while (!ended) {
    const n = ++number
    try {
      await queue.add('job', { n }, { attempts: 3 })
      console.log(`acked ${n}`)
    } catch (e) {
      console.log(`failed add ${e.message}`)
    }
    await sleep(25)
  }
}
await Promise.all([1, 2, 3].map(produce))
// Ends by being killed: what has not run still may.
for (;;) {
  await sleep(2000)
  console.log('counts', JSON.stringify(await queue.getJobCounts()))
}
