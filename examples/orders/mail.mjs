// Mail: that the order has come. Nothing takes back a mail: it is sent first, acknowledged then, and so may be sent twice when a worker dies in between.
import { MAILS, ORDERS, work } from './shop.mjs'

work(ORDERS, 'mail', async (c, id, f) => {
  await c.hincrby(MAILS, f.order, 1) // stands for the mail
  return c.xack(ORDERS, 'mail', id)
})
