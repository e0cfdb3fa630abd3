// Replicas: who follows whom, and how far behind. By INFO replication. What changes roles wants the name of the
// other server typed.
import {api, mayNot} from './api.js';
import {button} from './actions.js';
import {command, label} from './bytes.js';
import {h} from './dom.js';
import {facts, table} from './table.js';
import {T, count, num, size} from './text.js';
import {replicas as W} from './text_operations.js';
import {span} from './time.js';

export const title = W.title;
export const about = W.about;

const n = v => v === null || v === undefined ? null : Number(v);

// INFO has a field for each replica, slave0 and so on: {ip, port, state, offset, lag}.
const replicasOf = r => Object.entries(r).filter(([name]) => /^slave\d+$/.test(name)).map(([, x]) => x);

// Where a replica would connect to; null: this user may not see it.
const portOf = async page => mayNot('config|get') ? null : (await page.maybe('/config'))?.rows.find(r => r.name === 'port')?.value ?? null;

export async function load(page) {
    const {info} = await page.get('/replication'), list = replicasOf(info);
    if (!list.length) page.state.port ??= await portOf(page);
    return {r: info, list};
}

export const commands = () => ['INFO replication', 'ROLE'];

const follow = page => ({
    title: W.followTitle, text: W.followText, danger: true, irreversible: W.followFinal, button: W.follow,
    fields: [{name: 'host', label: W.host, value: '', required: true}, {name: 'port', label: W.port, type: 'number', value: '6379', required: true}],
    commands: v => command('REPLICAOF', v.host, v.port), run: v => api.post('/replication/follow', {host: v.host, port: Number(v.port)}), result: (a, v) => W.followDone(`${v.host}:${v.port}`),
});

const alone = page => ({
    title: W.aloneTitle, text: W.aloneText, danger: true, typeName: location.hostname, button: W.alone, commands: command('REPLICAOF', 'NO', 'ONE'),
    run: () => api.post('/replication/promote', {}), result: () => W.aloneDone,
});

const failover = (page, r) => ({
    title: W.failoverTitle, text: W.failoverText, danger: true, typeName: `${r.ip}:${r.port}`, button: W.failover, commands: command('FAILOVER', 'TO', r.ip, r.port),
    run: () => api.post('/replication/failover', {host: r.ip, port: Number(r.port)}), result: () => W.failoverDone,
});

export const actions = (page, {r}) => label(r.role) === 'master'
    ? [button(page, W.followShort, {needs: 'replicaof', danger: true, action: () => follow(page)})]
    : [button(page, W.followShort, {needs: 'replicaof', danger: true, action: () => follow(page)}), button(page, W.alone, {needs: 'replicaof', danger: true, action: () => alone(page)})];

function primary(r) {
    return facts([
        [W.role, W.primary], [W.offset, num(n(r.masterReplOffset))], [W.id, h('code', null, label(r.masterReplid).slice(0, 12) + '…')],
        [W.backlog, n(r.replBacklogActive) ? `${size(n(r.replBacklogHistlen))}` : W.noBacklog],
        [W.waitsFor, n(r.minReplicasToAck) ? count(n(r.minReplicasToAck), 'replica') : W.nobody],
        n(r.minReplicasToAck) ? [W.ackOffset, num(n(r.replicaAckOffset))] : null, n(r.minReplicasToAck) ? [W.waiting, num(n(r.replicaAckWaitingClients))] : null,
        label(r.masterFailoverState) && label(r.masterFailoverState) !== 'no-failover' ? [W.failoverState, label(r.masterFailoverState), 'warning'] : null]);
}

function replica(r) {
    const up = label(r.masterLinkStatus) === 'up';
    return facts([
        [W.role, W.replica], [W.follows, `${label(r.masterHost)}:${label(r.masterPort)}`], [W.link, up ? W.up : `! ${W.down}`, up ? null : 'bad'],
        [W.lastHeard, n(r.masterLastIoSecondsAgo) < 0 ? T.none : T.ago(span(n(r.masterLastIoSecondsAgo) * 1000))], [W.offset, num(n(r.slaveReplOffset))],
        n(r.masterLinkDownSinceSeconds) > 0 ? [W.downSince, T.ago(span(n(r.masterLinkDownSinceSeconds) * 1000)), 'bad'] : null,
        n(r.masterSyncInProgress) ? [W.copying, `${num(n(r.masterSyncReadBytes))} of ${num(n(r.masterSyncTotalBytes))}`] : null, [W.readOnly, n(r.slaveReadOnly) ? T.yes : T.no]]);
}

export function draw(page, {r, list}) {
    const isPrimary = label(r.role) === 'master', behind = x => Math.max(0, n(r.masterReplOffset) - n(x.offset));
    return [
        h('section', {class: 'card'}, isPrimary ? primary(r) : replica(r)),
        h('h2', null, W.replicas),
        table(page, {
            id: 'replicas', caption: W.replicas, rows: list, key: x => `${x.ip}:${x.port}`, local: true, by: 'behind', desc: true,
            empty: () => [h('p', null, W.none), h('pre', {class: 'commands'}, `replicaof ${location.hostname} ${page.state.port ?? W.itsPort}`)],
            columns: [
                {id: 'name', label: W.replica, head: true, sort: true, value: x => `${x.ip}:${x.port}`, show: x => `${x.ip}:${x.port}`},
                {id: 'state', label: W.state, show: x => x.state},
                {id: 'behind', label: W.behind, num: true, sort: true, value: behind, show: x => size(behind(x)) + (behind(x) > 1e6 ? ' !' : '')},
                {id: 'lag', label: W.acknowledged, num: true, sort: true, value: x => n(x.lag), show: x => n(x.lag) < 0 ? T.none : T.ago(span(n(x.lag) * 1000)) + (n(x.lag) > 10 ? ' !' : '')},
                {id: 'offset', label: W.offset, num: true, value: x => n(x.offset), show: x => num(n(x.offset))},
                {id: 'act', label: '', title: W.actions, fixed: true, class: 'nowrap', show: x => button(page, W.failoverShort, {needs: 'failover', danger: true, off: x.state === 'online' ? null : W.notOnline, action: () => failover(page, x)})}]}),
    ];
}
