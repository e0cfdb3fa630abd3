// Job frameworks: BullMQ (delays, retries, priorities, flows, rate limits, schedulers, stalled jobs), Bull, bee-queue.
import { Queue, Worker, QueueEvents, FlowProducer } from 'bullmq'
import Bull from 'bull'
import Bee from 'bee-queue'
import { check, finish, port, sleep, until } from './check.js'

const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null }

// ---- BullMQ
{
  const q = new Queue('work', { connection }), events = new QueueEvents('work', { connection })
  const done = [], failed = []
  const w = new Worker('work', async job => {
    if (job.name === 'flaky' && job.attemptsMade < 2) throw new Error('again')
    if (job.name === 'bad') throw new Error('never')
    await job.updateProgress(50)
    done.push(job.name + ':' + job.data.n)
    return { twice: job.data.n * 2 }
  }, { connection, concurrency: 4 })
  w.on('failed', j => failed.push(j.name))
  await events.waitUntilReady()
  const job = await q.add('plain', { n: 21 })
  check('bullmq: a job and its result', (await job.waitUntilFinished(events, 10000)).twice === 42)
  await q.addBulk(Array.from({ length: 200 }, (_, n) => ({ name: 'bulk', data: { n } })))
  check('bullmq: 200 jobs', await until(() => done.filter(x => x.startsWith('bulk')).length === 200), done.length)
  const start = Date.now()
  const late = await q.add('late', { n: 1 }, { delay: 600 })
  await late.waitUntilFinished(events, 10000)
  check('bullmq: a delay', Date.now() - start >= 550, Date.now() - start)
  const flaky = await q.add('flaky', { n: 3 }, { attempts: 5, backoff: { type: 'exponential', delay: 50 } })
  check('bullmq: retries', (await flaky.waitUntilFinished(events, 10000)).twice === 6)
  await q.add('bad', { n: 0 }, { attempts: 2, backoff: 20 })
  check('bullmq: a job that fails for good', await until(async () => (await q.getFailed()).length === 1))
  await q.upsertJobScheduler('tick', { every: 200 }, { name: 'tick', data: { n: 7 } })
  check('bullmq: a scheduler', await until(() => done.filter(x => x === 'tick:7').length >= 3))
  await q.removeJobScheduler('tick')
  check('bullmq: counts', (await q.getJobCounts('completed')).completed > 200)
  check('bullmq: workers by name', (await q.getWorkers()).length >= 1)
  await q.pause(); await q.add('paused', { n: 1 }); await sleep(200)
  check('bullmq: pause', !done.includes('paused:1'))
  await q.resume()
  check('bullmq: resume', await until(() => done.includes('paused:1')))
  await w.close()

  const p = new Queue('prio', { connection }), order = []
  for (const [n, priority] of [[1, 10], [2, 1], [3, 5]]) await p.add('p', { n }, { priority })
  const pw = new Worker('prio', async j => { order.push(j.data.n) }, { connection })
  check('bullmq: priorities', await until(() => order.length === 3) && order.join() === '2,3,1', order)
  await pw.close()

  const flow = new FlowProducer({ connection }), parents = []
  const fw = new Worker('flow', async j => { if (j.name === 'parent') parents.push(Object.values(await j.getChildrenValues())); return j.data.n }, { connection })
  await flow.add({ name: 'parent', queueName: 'flow', data: { n: 0 }, children: [1, 2, 3].map(n => ({ name: 'child', queueName: 'flow', data: { n } })) })
  check('bullmq: a flow', await until(() => parents.length === 1) && parents[0].sort().join() === '1,2,3', parents)
  await fw.close()

  const r = new Queue('rate', { connection }), times = []
  const rw = new Worker('rate', async () => { times.push(Date.now()) }, { connection, limiter: { max: 5, duration: 400 } })
  await r.addBulk(Array.from({ length: 12 }, (_, n) => ({ name: 'r', data: { n } })))
  check('bullmq: a rate limit', await until(() => times.length === 12) && times[11] - times[0] >= 700, times[11] - times[0])
  await rw.close()

  const st = new Queue('stalled', { connection })
  await st.add('s', { n: 1 })
  const dead = new Worker('stalled', () => new Promise(() => {}), { connection, lockDuration: 300, stalledInterval: 30000, skipStalledCheck: true })
  await until(async () => (await st.getActive()).length === 1)
  await dead.close(true)
  let saved = 0
  const sw = new Worker('stalled', async () => { saved++ }, { connection, stalledInterval: 300, lockDuration: 300 })
  check('bullmq: a stalled job is done by another', await until(() => saved === 1))
  await sw.close()
  await st.obliterate({ force: true })
  check('bullmq: obliterate', (await st.getJobCounts('wait', 'completed')).completed === 0)
  for (const x of [q, p, r, st, events, flow]) await x.close()
}

// ---- Bull
{
  const q = new Bull('old', { redis: { host: '127.0.0.1', port } }), seen = []
  q.process(async job => { if (job.data.fail && job.attemptsMade === 0) throw new Error('x'); seen.push(job.data.n); return job.data.n })
  for (let n = 0; n < 50; n++) await q.add({ n })
  await q.add({ n: 100 }, { delay: 300 })
  await q.add({ n: 101, fail: true }, { attempts: 2 })
  check('bull: jobs, a delay, a retry', await until(() => seen.length === 52), seen.length)
  check('bull: counts', (await q.getJobCounts()).completed === 52)
  await q.close()
}

// ---- bee-queue
{
  const q = new Bee('bee', { redis: { host: '127.0.0.1', port }, activateDelayedJobs: true }), seen = []
  q.process(async job => { seen.push(job.data.n); return job.data.n + 1 })
  const results = []
  for (let n = 0; n < 20; n++) { const j = await q.createJob({ n }).save(); j.on('succeeded', x => results.push(x)) }
  await q.createJob({ n: 99 }).delayUntil(Date.now() + 300).save()
  check('bee-queue: jobs and a delay', await until(() => seen.length === 21), seen.length)
  check('bee-queue: results', await until(() => results.length === 20), results.length)
  await q.close(1000)
}
finish()
