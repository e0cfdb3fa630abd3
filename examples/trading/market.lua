#!lua name=market
-- The order book of one symbol. What a call does, it does whole or not at all: the order leaves its queue, the book changes, trades are announced.

-- keys: orders, buyers, sellers, resting, trades, sequence, handled
-- args: symbol, number, account, side, price, quantity, id of the message
local function match(keys, args)
    local symbol, number, account, side = args[1], args[2], args[3], args[4]
    local price, left, order = tonumber(args[5]), tonumber(args[6]), args[7]
    local mine, theirs = keys[2], keys[3]
    if side == 'sell' then
        mine, theirs = theirs, mine
    end
    redis.call('HINCRBY', keys[7], number, 1)
    while left > 0 do
        -- Buyers stand in the book with negative prices: the best one is the first in both books; of equal prices the older order.
        local best = redis.call('ZRANGE', theirs, 0, 0, 'WITHSCORES')
        local asked = best[2] and math.abs(tonumber(best[2]))
        if not asked or (side == 'buy' and asked > price) or (side == 'sell' and asked < price) then
            break
        end
        local other, rest = string.match(redis.call('HGET', keys[4], best[1]), '^(%S+) (%d+)$')
        local quantity = math.min(left, tonumber(rest))
        left, rest = left - quantity, tonumber(rest) - quantity
        if rest == 0 then
            redis.call('ZREM', theirs, best[1])
            redis.call('HDEL', keys[4], best[1])
        else
            redis.call('HSET', keys[4], best[1], other .. ' ' .. rest)
        end
        local buyer, seller = account, other
        if side == 'sell' then
            buyer, seller = other, account
        end
        local n = redis.call('HINCRBY', keys[6], symbol, 1)
        redis.call('XADD', keys[5], '*', 'symbol', symbol, 'sequence', n, 'buyer', buyer, 'seller', seller, 'price', asked, 'quantity', quantity, 'order', order)
    end
    if left > 0 then
        redis.call('ZADD', mine, side == 'buy' and -price or price, number)
        redis.call('HSET', keys[4], number, account .. ' ' .. left)
    end
    return 1
end

-- args: as above, then the consumer and which delivery it was. Only who has the message still may act on it, and acknowledging is part of the act.
local function place(keys, args)
    if redis.call('XACKIF', keys[1], 'matchers', args[8], 'DELIVERY', args[9], 'IDS', 1, args[7])[1] ~= 1 then
        return 0
    end
    return match(keys, args)
end

redis.register_function('place', place)
redis.register_function('place_unfenced', match) -- what run.sh --careless shows: do not do this
