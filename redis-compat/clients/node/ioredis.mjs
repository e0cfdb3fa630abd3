// ioredis: pipelines, transactions, blocking pops, pub/sub, streams with groups.
import Redis from 'ioredis';
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import assert from 'node:assert/strict';
const port = 20000 + Math.floor(Math.random() * 20000);
const dir = mkdtempSync('/tmp/ioredis-');
const server = spawn(process.argv[2], ['--port', port, '--bind', '127.0.0.1', '--dir', dir, '--save', ''], { stdio: 'ignore' });
const r = new Redis({ port, retryStrategy: () => 50 });
try {
    assert.equal(await r.set('a', 1), 'OK');
    assert.deepEqual(await r.pipeline().incr('a').get('a').exec(), [[null, 2], [null, '2']]);
    assert.deepEqual(await r.multi().incr('a').incr('a').exec(), [[null, 3], [null, 4]]);
    const b = r.duplicate();
    const waiting = b.brpop('q', 5);
    await r.lpush('q', 'job');
    assert.deepEqual(await waiting, ['q', 'job']);
    const sub = r.duplicate();
    const heard = new Promise(done => sub.on('message', (ch, m) => done([ch, m])));
    await sub.subscribe('ch');
    await r.publish('ch', 'hello');
    assert.deepEqual(await heard, ['ch', 'hello']);
    await r.xgroup('CREATE', 's', 'g', '0', 'MKSTREAM');
    const id = await r.xadd('s', '*', 'f', 'v');
    const got = await r.xreadgroup('GROUP', 'g', 'c', 'COUNT', 10, 'STREAMS', 's', '>');
    assert.deepEqual(got, [['s', [[id, ['f', 'v']]]]]);
    assert.equal(await r.xack('s', 'g', id), 1);
    let n = 0;
    for await (const keys of r.scanStream()) n += keys.length;
    assert.equal(n, await r.dbsize());
    b.disconnect(); sub.disconnect();
    console.log('ok ioredis');
} catch (e) {
    console.log('not ok ioredis: ' + e.message);
    process.exitCode = 1;
} finally {
    r.disconnect();
    server.kill();
}
