# redis-rb (Debian's ruby-redis): pipelines, transactions, blocking pops, pub/sub, streams, scripts. The server comes from on_server.sh.
require 'redis'
$bad = 0
def check(name, good, seen = nil)
  $bad += 1 unless good
  puts((good ? 'ok ' : 'not ok ') + name + (good || seen.nil? ? '' : " #{seen.inspect}"))
end
def connect = Redis.new(host: '127.0.0.1', port: ENV['PORT'].to_i, timeout: 10)

r = connect
check 'redis-rb: strings', r.set('a', 1, ex: 100) == 'OK' && r.incrby('a', 4) == 5 && r.get('a') == '5' && r.set('a', 1, nx: true) == false
check 'redis-rb: a pipeline', r.pipelined { |p| p.incr('n'); p.lpush('l', %w[x y]); p.lrange('l', 0, -1) } == [1, 2, %w[y x]]
check 'redis-rb: a transaction', r.multi { |t| t.incr('n'); t.get('n') } == [2, '2']
other = connect
check 'redis-rb: WATCH', r.watch('n') { other.incr('n'); r.multi { |t| t.set('n', 0) } }.nil? && r.get('n') == '3'
check 'redis-rb: hashes', r.hset('h', 'f' => 1, 'g' => 2) == 2 && r.hgetall('h') == { 'f' => '1', 'g' => '2' } && r.mapped_hmget('h', 'f') == { 'f' => '1' }
check 'redis-rb: sets', r.sadd('s', %w[a b c]) == 3 && r.smembers('s').sort == %w[a b c] && r.sismember('s', 'a')
check 'redis-rb: sorted sets', r.zadd('z', [[1, 'a'], [2.5, 'b'], ['+inf', 'c']]) == 3 && r.zrange('z', 0, -1, with_scores: true) == [['a', 1.0], ['b', 2.5], ['c', Float::INFINITY]]
check 'redis-rb: binary values', r.set('bin', (0..255).to_a.pack('C*')) == 'OK' && r.get('bin').bytes == (0..255).to_a
waiting = Thread.new { connect.blpop('q', timeout: 5) }
sleep 0.1
r.rpush('q', 'job')
check 'redis-rb: a blocking pop', waiting.value == %w[q job]
heard = []
listener = Thread.new { connect.subscribe('ch') { |on| on.message { |c, m| heard << [c, m]; Thread.exit if m == 'end' } } }
sleep 0.01 until r.publish('ch', 'hello') == 1
r.publish('ch', 'end')
listener.join
check 'redis-rb: pub/sub', heard == [%w[ch hello], %w[ch end]], heard
r.xgroup(:create, 'st', 'g', '0', mkstream: true)
id = r.xadd('st', { f: 'v' }, maxlen: 100, approximate: true)
got = r.xreadgroup('g', 'c', 'st', '>', count: 5)
check 'redis-rb: a stream and its group', got == { 'st' => [[id, { 'f' => 'v' }]] } && r.xpending('st', 'g')['size'] == 1 && r.xack('st', 'g', id) == 1, got
claimed = r.xreadgroup('g', 'c', 'st', '0')
check 'redis-rb: nothing pending', claimed == { 'st' => [] } || claimed == {}, claimed
sha = r.script(:load, 'return {KEYS[1], ARGV[1]}')
check 'redis-rb: scripts', r.evalsha(sha, ['k'], ['v']) == %w[k v] && (r.eval('return redis.error_reply("MY error")') rescue $!.message) == 'MY error'
check 'redis-rb: an error', (r.lpush('a', 1) rescue $!.class) == Redis::CommandError
100.times { |i| r.set("scan:#{i}", i) }
check 'redis-rb: SCAN', r.scan_each(match: 'scan:*').to_a.uniq.size == 100
check 'redis-rb: INFO', r.info['redis_version'] && r.info('commandstats').any?
exit($bad.zero? ? 0 : 1)
