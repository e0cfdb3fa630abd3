// The shop: places orders. State, cache and queue change in one transaction; its answer says that it is on the disk. An order whose answer was lost
// is placed again under its number: IDMP takes the message that is there already for what it is, HSETNX leaves the order as it has become.
import { CARDS, ITEMS, ORDERS, STOCK, UNPAID, again, connect, o, order } from './shop.mjs'

const AT_ONCE = 20 // fewer than the message ids that a stream remembers
const c = connect()

function place (n) {
  const item = ITEMS[n % ITEMS.length], pay = n % 50 === 7 ? 'later' : 'card', card = n % 100 === 3 ? 'strange' : 'good'
  const t = c.multi().hsetnx(order(n), 'state', 'new').hset(order(n), 'item', item, 'pay', pay).hincrby('{shop}:cache', 'version', 1)
  t.call('XADD', ORDERS, 'DURABLE', 'IDMP', 'shop', n, '*', 'order', n, 'item', item, 'pay', pay, 'card', card)
  if (pay === 'later') t.call('XADD', UNPAID, 'IDMP', 'shop', n, 'DELAY', 3000, '*', 'order', n) // in a shop: days
  return t.exec()
}

await again(() => c.hset(STOCK, Object.fromEntries(ITEMS.map((x, i) => [x, i === 0 ? 5 : o.orders])))) // of the first item there is too little
await again(() => c.set(CARDS, 'strange ones are refused'))
for (let first = 0; first < o.orders; first += AT_ONCE) {
  await again(() => Promise.all(Array.from({ length: Math.min(AT_ONCE, o.orders - first) }, (_, i) => place(first + i))))
}
process.exit()
