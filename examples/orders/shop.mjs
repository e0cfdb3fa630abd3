// What the programs of this example share: names of keys, options, a connection that outlives the server, and the loop of a worker.
import Redis from 'ioredis'
import { parseArgs } from 'node:util'

export const ORDERS = '{shop}:orders', UNPAID = '{shop}:unpaid', LETTERS = '{shop}:orders:dlq'
export const STOCK = '{shop}:stock', PAID = '{shop}:paid', MAILS = '{shop}:mails', CARDS = '{shop}:cards'
export const ITEMS = Array.from({ length: 20 }, (_, i) => `item-${i}`)
export const LEASE = 2000 // ms
export const order = n => `{shop}:order:${n}`

const { values } = parseArgs({ options: { port: { type: 'string' }, name: { type: 'string', default: 'w' }, orders: { type: 'string', default: '10000' },
  deaths: { type: 'string', default: '0' }, careless: { type: 'boolean', default: false } } })
export const o = { ...values, port: Number(values.port), orders: Number(values.orders), deaths: Number(values.deaths) }
const parent = process.ppid

export function connect () {
  // What was under way when the connection broke is not sent again behind our back: it may have happened.
  const c = new Redis({ port: o.port, retryStrategy: () => 50, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false })
  c.on('error', () => {}) // told before each attempt to connect again
  return c
}

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

// Does it until the server answers. A step that is repeated may have happened already: it has to be one that may.
export async function again (step) {
  for (;;) {
    if (process.ppid !== parent || parent === 1) process.exit() // whoever has started this has ended
    try {
      return await step()
    } catch (e) {
      if (e.name === 'ReplyError' && !/^LOADING/.test(e.message)) throw e
      await pause(50)
    }
  }
}

export function fieldsOf (flat) {
  return Object.fromEntries(flat.flatMap((x, i) => i % 2 ? [] : [[x, flat[i + 1]]]))
}

// A worker that is killed, here: at the worst place.
export function mayDie () {
  if (Math.random() < o.deaths) process.exit(1)
}

// Reads messages of a group for ever. CLAIM with the lease tells how often a message was delivered before.
export async function work (stream, group, handle) {
  const reader = connect(), c = connect()
  for (;;) {
    await again(async () => {
      const got = await reader.xreadgroup('GROUP', group, o.name, 'COUNT', 20, 'BLOCK', 1000, 'CLAIM', LEASE, 'STREAMS', stream, '>')
      mayDie()
      for (const [, messages] of got ?? []) {
        await Promise.all(messages.map(([id, flat, , before]) => handle(c, id, fieldsOf(flat), before + 1)))
        mayDie()
      }
    })
  }
}
