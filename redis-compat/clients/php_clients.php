<?php
// PHP: phpredis (Debian's php-redis), its session handler, and predis (php-nrk-predis). The server comes from on_server.sh.
ob_start(); // sessions begin before any output
require 'Predis/autoload.php';
$port = (int) getenv('PORT');
$bad = 0;
function check($name, $good, $seen = null) {
    global $bad;
    $bad += $good ? 0 : 1;
    echo ($good ? 'ok ' : 'not ok ') . $name . ($good || $seen === null ? '' : ' ' . json_encode($seen)) . "\n";
}

$r = new Redis();
check('phpredis: connect', $r->connect('127.0.0.1', $port, 5));
check('phpredis: strings', $r->set('a', 1, ['ex' => 100]) && $r->incrBy('a', 4) === 5 && $r->get('a') === '5' && $r->set('a', 1, ['nx']) === false);
check('phpredis: a pipeline', $r->multi(Redis::PIPELINE)->incr('n')->rPush('l', 'x', 'y')->lRange('l', 0, -1)->exec() === [1, 2, ['x', 'y']]);
check('phpredis: a transaction', $r->multi()->incr('n')->get('n')->exec() === [2, '2']);
check('phpredis: hashes', $r->hMSet('h', ['f' => 1, 'g' => 2]) && $r->hGetAll('h') === ['f' => '1', 'g' => '2'] && $r->hIncrByFloat('h', 'f', 0.5) === 1.5);
check('phpredis: sorted sets', $r->zAdd('z', 1, 'a', 2.5, 'b') === 2 && $r->zRange('z', 0, -1, true) === ['a' => 1.0, 'b' => 2.5]);
check('phpredis: keys that are there', $r->exists('a', 'nothing') === 1 && $r->type('z') === Redis::REDIS_ZSET);
$r->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_PHP);
$r->setOption(Redis::OPT_PREFIX, 'p:');
check('phpredis: serialised, with a prefix', $r->set('o', ['x' => [1, 2]]) && $r->get('o') === ['x' => [1, 2]]);
$r->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_NONE);
$r->setOption(Redis::OPT_PREFIX, '');
check('phpredis: a stream and its group', $r->xGroup('CREATE', 'st', 'g', '0', true) && ($id = $r->xAdd('st', '*', ['f' => 'v'])) && $r->xReadGroup('g', 'c', ['st' => '>'], 5) === ['st' => [$id => ['f' => 'v']]]
    && $r->xAck('st', 'g', [$id]) === 1);
try {
    $r->eval('return redis.error_reply("MY error")');
    $what = 'nothing';
} catch (RedisException $e) {
    $what = $e->getMessage();
}
check('phpredis: scripts', $r->eval('return {KEYS[1], ARGV[1], 3}', ['k', 'v'], 1) === ['k', 'v', 3] && $what === 'MY error', $what);
$r->clearLastError();
for ($i = 0; $i < 100; $i++) $r->set("scan:$i", $i);
$r->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
$seen = [];
for ($it = null; ($keys = $r->scan($it, 'scan:*', 20)) !== false;) $seen = array_merge($seen, $keys);
check('phpredis: SCAN', count(array_unique($seen)) === 100, count($seen));
$child = pcntl_fork();
if ($child === 0) {
    $c = new Redis();
    $c->connect('127.0.0.1', $port);
    usleep(200000);
    $c->rPush('q', 'job');
    while ($c->publish('ch', 'hello') === 0) usleep(20000);
    posix_kill(getmypid(), 9);
}
check('phpredis: a blocking pop', $r->blPop(['q'], 5) === ['q', 'job']);
$s = new Redis();
$s->connect('127.0.0.1', $port);
$s->setOption(Redis::OPT_READ_TIMEOUT, 10);
$heard = null;
try {
    $s->subscribe(['ch'], function ($c, $channel, $message) use (&$heard) {
        $heard = [$channel, $message];
        throw new Exception('enough');
    });
} catch (Exception $e) {
}
check('phpredis: pub/sub', $heard === ['ch', 'hello'], $heard);
pcntl_waitpid($child, $status);
check('phpredis: INFO', isset($r->info()['redis_version']) && $r->client('setname', 'php') && $r->client('getname') === 'php');

ini_set('session.save_handler', 'redis');
ini_set('session.save_path', "tcp://127.0.0.1:$port?prefix=SESS:");
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
ini_set('redis.session.locking_enabled', '1');
session_id('one');
session_start();
$_SESSION['n'] = 7;
session_write_close();
$_SESSION = [];
session_start();
$n = $_SESSION['n'] ?? null;
session_destroy();
check('phpredis: a session', $n === 7 && $r->exists('SESS:one') === 0, $n);

$p = new Predis\Client(['host' => '127.0.0.1', 'port' => $port], ['prefix' => 'pre:']);
check('predis: strings', (string) $p->set('a', 1) === 'OK' && $p->incrby('a', 4) === 5 && $p->get('a') === '5' && $r->get('pre:a') === '5');
check('predis: a pipeline', $p->pipeline(function ($q) { $q->incr('n'); $q->rpush('l', ['x', 'y']); $q->lrange('l', 0, -1); }) === [1, 2, ['x', 'y']]);
check('predis: a transaction', $p->transaction(function ($t) { $t->incr('n'); $t->get('n'); }) === [2, '2']);
check('predis: check and set', $p->transaction(['watch' => 'n', 'cas' => true, 'retry' => 2], function ($t) { $n = $t->get('n'); $t->multi(); $t->set('n', $n + 10); }) !== null && $p->get('n') === '12');
check('predis: hashes and sorted sets', (string) $p->hmset('h', ['f' => 1]) === 'OK' && $p->hgetall('h') === ['f' => '1'] && $p->zadd('z', ['m' => 2]) === 1 && $p->zrange('z', 0, -1, ['withscores' => true]) == ['m' => '2']);
check('predis: scripts', $p->eval('return {KEYS[1], ARGV[1]}', 1, 'k', 'v') === ['pre:k', 'v']);
try {
    $p->lpush('a', ['x']);
    $what = 'nothing';
} catch (Predis\Response\ServerException $e) {
    $what = $e->getErrorType();
}
check('predis: an error', $what === 'WRONGTYPE', $what);
$found = 0;
foreach (new Predis\Collection\Iterator\HashKey($p, 'h') as $f => $v) $found++;
check('predis: HSCAN', $found === 1);
exit($bad ? 1 : 0);
