// ioredis: a worker that reads, works and acknowledges, and knows nothing else. Run by queues.py.
import Redis from 'ioredis'
const { PORT, NAME, COUNT } = process.env
const r = new Redis({ port: Number(PORT), socketTimeout: 10000 })
r.on('error', () => {}) // told before each attempt to connect again
for (;;) {
  try {
    for (const [key, messages] of await r.xreadgroup('GROUP', 'g', NAME, 'COUNT', COUNT, 'BLOCK', 1000, 'STREAMS', 'q', '>') ?? []) {
      for (const [id, pairs] of messages) {
        const fields = Object.fromEntries(pairs.map((x, i) => [x, pairs[i + 1]]).filter((_, i) => i % 2 === 0))
        if (fields.kind !== 'work') {
          process.stdout.write(`took ${id}\n`)
          if (fields.kind === 'kills') process.kill(process.pid, 'SIGKILL')
          continue // it has failed: there is nothing to acknowledge
        }
        process.stdout.write(`did ${fields.n}\n`)
        await r.xack(key, 'g', id)
      }
    }
  } catch (e) {
    process.stdout.write(`failed ${e.message}\n`)
    await new Promise(f => setTimeout(f, 50))
  }
}
