// Payment. The service refuses one of twenty, for no reason, and strange cards until somebody has looked into it. What was refused is failed: it comes
// again after a back-off, and after five times lies in the dead letters with the reason. Money is taken and the message acknowledged in one script,
// which begins with XACKIF: who has lost the message to somebody else takes nothing.
import { CARDS, ORDERS, PAID, mayDie, o, order, work } from './shop.mjs'

const PAY = `
if redis.call('XACKIF', KEYS[1], 'payment', ARGV[1], 'DELIVERY', ARGV[2], 'IDS', 1, ARGV[3])[1] ~= 1 then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[4], 1)
redis.call('HSET', KEYS[3], 'state', 'paid')
return 1`

async function refused (c, f) {
  if (f.card === 'strange' && await c.get(CARDS) !== 'all are good') return 'strange card'
  return Math.random() < 0.05 ? 'service not available' : null
}

work(ORDERS, 'payment', async (c, id, f, delivery) => {
  if (f.pay !== 'card') return c.xack(ORDERS, 'payment', id)
  const why = await refused(c, f)
  if (why) return c.call('XNACK', ORDERS, 'payment', 'FAIL', 'IDS', 1, id, 'REASON', why)
  if (!o.careless) return c.eval(PAY, 3, ORDERS, PAID, order(f.order), o.name, delivery, id, f.order)
  await c.multi().hincrby(PAID, f.order, 1).hset(order(f.order), 'state', 'paid').exec()
  mayDie() // between the effect and its acknowledgement: the next one takes the money again
  return c.xack(ORDERS, 'payment', id)
})
