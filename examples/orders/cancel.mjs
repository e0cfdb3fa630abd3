// Orders that nobody has paid come up after their delay. What was kept in stock goes back, in one script with the acknowledgement.
import { STOCK, UNPAID, o, order, work } from './shop.mjs'

const CANCEL = `
if redis.call('XACKIF', KEYS[1], 'cancel', ARGV[1], 'DELIVERY', ARGV[2], 'IDS', 1, ARGV[3])[1] ~= 1 then return 0 end
if redis.call('HGET', KEYS[3], 'state') == 'paid' then return 0 end
if redis.call('HGET', KEYS[3], 'stock') == 'kept' then
  redis.call('HINCRBY', KEYS[2], redis.call('HGET', KEYS[3], 'item'), 1)
  redis.call('HSET', KEYS[3], 'stock', 'given back')
end
redis.call('HSET', KEYS[3], 'state', 'cancelled')
return 1`

work(UNPAID, 'cancel', (c, id, f, delivery) => c.eval(CANCEL, 3, UNPAID, STOCK, order(f.order), o.name, delivery, id))
