// The store: keeps what was ordered, as long as there is some. The look at the stock, what is taken and the acknowledgement are one script.
import { ORDERS, STOCK, o, order, work } from './shop.mjs'

const TAKE = `
if redis.call('XACKIF', KEYS[1], 'stock', ARGV[1], 'DELIVERY', ARGV[2], 'IDS', 1, ARGV[3])[1] ~= 1 then return 0 end
if redis.call('HGET', KEYS[3], 'state') == 'cancelled' then return 0 end
if tonumber(redis.call('HGET', KEYS[2], ARGV[4])) < 1 then
  redis.call('HSET', KEYS[3], 'stock', 'none left')
  return 0
end
redis.call('HINCRBY', KEYS[2], ARGV[4], -1)
redis.call('HSET', KEYS[3], 'stock', 'kept')
return 1`

work(ORDERS, 'stock', (c, id, f, delivery) => c.eval(TAKE, 3, ORDERS, STOCK, order(f.order), o.name, delivery, id, f.item))
