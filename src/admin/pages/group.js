// A group: what it is told to do, how it stands, its consumers, and what is pending, by state.
import {button, inCalls} from './actions.js';
import {api} from './api.js';
import {command, decode, encode, idOf, label, meant, named} from './bytes.js';
import {h} from './dom.js';
import {plot, spanChoice} from './plot.js';
import {policyAction, dropPolicyAction, policyLine} from './group_policy.js';
import {positionAction} from './group_position.js';
import {ageClass, groupHref, groupPath, lettersHref, pauseAction, streamHref, streamLink, withRetries} from './queue.js';
import {go} from './router.js';
import {destroyAction} from './stream_groups.js';
import {facts, table, unchoose} from './table.js';
import {ago, parseSpan, span} from './time.js';
import {T, num, percent, rate} from './text.js';
import {G, Q} from './text_queues.js';
import {entryLine} from './value.js';

const COUNT = 50;
const WITHOUT_OWNER = 'unowned';

export const title = page => `${named(page.params.key)} / ${named(page.params.group)}`;

export async function load(page) {
    const {db, key, group} = page.params, path = groupPath(db, key, group), q = page.query, idleMs = parseSpan(q.idle ?? '');
    const [g, pending, history] = await Promise.all([
        page.get(path),
        page.maybe(`${path}/pending`, {state: q.state, consumer: q.consumer === undefined ? undefined : decode(q.consumer), idleMs: Number.isNaN(idleMs) ? undefined : idleMs, after: q.after, count: COUNT, fields: 1}),
        q.plots ? page.maybe('/history', {span: q.span ?? 'minutes', db, key, group, series: 'ready,leased,delivered,acked'}) : null,
    ]);
    return {db, key, group, path, stats: g.stats ?? {}, policy: g.policy?.lease === undefined ? null : g.policy, consumers: g.consumers ?? [], consumersLeft: Number(g.consumersLeft ?? 0), rows: pending ? await withRetries(page, path, pending.rows, g.stats?.deferred) : null, after: pending?.after, history};
}

export const subtitle = (page, g) => [...G.of(streamLink(g.db, g.key)), ', ', T.frame.dbName(g.db)];

export const actions = (page, g) => {
    const row = {db: g.db, key: g.key, group: g.group}, isPaused = g.policy?.pause === 'ON';
    return [
        button(page, G.policy, {needs: 'xpolicy|set', key: 'policy', action: () => policyAction(g)}),
        g.policy ? button(page, isPaused ? Q.go : Q.pause, {needs: 'xpolicy|set', key: 'pause', action: () => pauseAction([row], !isPaused)}) : null,
        button(page, G.position, {needs: 'xgroup|setid', key: 'position', action: () => positionAction(g)}),
        g.policy ? button(page, G.dropPolicy, {needs: 'xpolicy|del', danger: true, key: 'drop', action: () => dropPolicyAction(g)}) : null,
        button(page, G.destroy, {needs: 'xgroup|destroy', danger: true, key: 'destroy', action: () => destroyAction(g.db, g.key, g.group, Math.max(0, g.stats.leased ?? 0), () => go(streamHref(g.db, g.key, {tab: 'groups'})))}),
    ];
};

function numbers(g) {
    const s = g.stats, failed = s.failedPerSec > 0 ? 'warning' : null;
    return [
        facts([[Q.ready, num(s.ready)], [Q.unread, num(s.unread)], [Q.released, num(s.released)], [Q.overdue, num(s.overdue), s.overdue > 0 ? 'warning' : null], [Q.leased, num(s.leased)], [Q.deferred, num(s.deferred)], [Q.held, num(s.held)],
               s.deadBlocked > 0 ? [Q.deadBlocked, num(s.deadBlocked), 'bad'] : null, [Q.oldest, h('span', {class: ageClass(s.oldestReadyMs)}, span(s.oldestReadyMs)), null, false], [Q.oldestLeased, span(s.oldestLeasedMs), null, false]]),
        facts([[Q.delivered, rate(s.deliveredPerSec)], [Q.acked, rate(s.ackedPerSec)], [Q.failed, rate(s.failedPerSec), failed], [Q.redelivered, percent(s.delivered > 0 ? 100 * s.redelivered / s.delivered : 0)],
               [Q.dead, s.dead > 0 && g.policy?.deadletter ? h('a', {href: lettersHref(g.db, g.policy.deadletter)}, num(s.dead)) : num(s.dead), s.dead > 0 ? 'warning' : null], [Q.waiting, num(s.waiting)]]),
    ];
}

function plots(page, g) {
    return h('details', {open: !!page.query.plots, ontoggle: e => { if (e.target.open !== !!page.query.plots) page.set({plots: e.target.open ? '1' : ''}, false); }}, h('summary', null, G.plotStates, ', ', G.plotRates),
        page.query.plots ? h('div', null, h('div', {class: 'bar'}, spanChoice(page)), h('div', {class: 'grid wide'},
            plot(page, {id: 'states', title: G.plotStates, history: g.history, series: [{name: 'ready', label: Q.ready}, {name: 'leased', label: Q.leased}]}),
            plot(page, {id: 'rates', title: G.plotRates, history: g.history, unit: rate, series: [{name: 'delivered', label: Q.delivered}, {name: 'acked', label: Q.acked}]}))) : null);
}

// ---- Consumers

const deleteConsumer = (g, c) => ({
    title: G.deleteConsumerTitle(label(c.name)), text: G.gives(c.pending), danger: c.pending > 0, irreversible: '', button: G.deleteConsumer, commands: command('XGROUP', 'DELCONSUMER', g.key, g.group, c.name),
    run: () => api.del(`${g.path}/consumers/${encode(c.name)}`), result: a => G.gaveBack(a.released ?? c.pending),
});

const consumers = (page, g) => table(page, {
    id: 'consumers', caption: G.consumersTitle, low: true, rows: g.consumers, key: c => idOf(c.name), local: true, by: 'name',
    columns: [{id: 'name', label: G.name, head: true, sort: true, value: c => label(c.name), show: c => label(c.name)}, {id: 'pending', label: G.pendingN, sort: true, num: true, show: c => num(c.pending)},
              {id: 'idle', label: G.idle, sort: true, num: true, live: false, show: c => span(c.idle)}, {id: 'inactive', label: G.inactive, sort: true, num: true, live: false, show: c => span(c.inactive)},
              {id: 'act', label: '', title: T.more, class: 'nowrap', show: c => button(page, G.deleteConsumer, {needs: 'xgroup|delconsumer', action: () => deleteConsumer(g, c)})}],
    empty: () => h('p', null, G.noConsumers),
});

// ---- Pending

function dueOf(r) {
    const left = r.dueMs - Date.now();
    if (r.dueMs === undefined || r.dueMs === null || r.dueMs < 0) return T.none;
    if (r.state === 'deferred') return left > 0 ? G.again(span(left)) : T.none;
    return left >= 0 ? G.leaseEnds(span(left)) : h('span', {class: 'warn-text'}, G.leaseEnded(span(-left)));
}

function chosenActions(page, g, rows) {
    const ids = rows.map(r => r.id), n = ids.length, off = n ? null : T.table.chosen(0);
    const result = a => G.someMissing(a.done, a.of);
    const call = (name, body) => (v, step) => inCalls(ids, part => api.post(`${g.path}/${name}`, {ids: part, ...body(v)}), step).finally(() => unchoose(page, 'pending'));
    const words = (mode, ...more) => command('XNACK', g.key, g.group, mode, 'IDS', n, ids, ...more);
    const delayMs = v => v.delay ? parseSpan(v.delay) : undefined;
    const consumerOf = v => meant(v.consumer, g.consumers.map(c => c.name));
    const needsPolicy = off ?? (g.policy ? null : Q.noPolicy);
    return [
        button(page, G.ack, {needs: 'xack', off, key: 'ack', action: () => ({
            title: G.ackTitle(n), text: G.ackText, button: G.ack, irreversible: T.action.irreversible, fields: [{name: 'delete', label: G.alsoDelete, type: 'checkbox'}], result,
            commands: v => v.delete ? command('XACKDEL', g.key, g.group, 'DELREF', 'IDS', n, ids) : command('XACK', g.key, g.group, ids), run: call('ack', v => v.delete ? {delete: true} : {})})}),
        button(page, G.fail, {needs: 'xnack', off: needsPolicy, key: 'fail', action: () => ({
            title: G.failTitle(n), text: G.failText, button: G.fail, result,
            fields: [{name: 'delay', label: G.delay, hint: G.delayHint, check: t => t && Number.isNaN(parseSpan(t)) ? T.action.number : null}, {name: 'reason', label: G.reason, hint: G.reasonHint}],
            commands: v => words('FAIL', delayMs(v) === undefined ? null : ['DELAY', delayMs(v)], v.reason ? ['REASON', v.reason] : null), run: call('nack', v => ({mode: 'fail', delayMs: delayMs(v), reason: v.reason || undefined}))})}),
        button(page, G.release, {needs: 'xnack', off, key: 'release', action: () => ({title: G.releaseTitle(n), text: G.releaseText, button: G.release, result, commands: words('SILENT'), run: call('nack', () => ({mode: 'silent'}))})}),
        button(page, G.reject, {needs: 'xnack', off: needsPolicy, danger: true, key: 'reject', action: () => ({
            title: G.rejectTitle(n), text: G.rejectText, button: G.reject, result, fields: [{name: 'reason', label: G.reason}],
            commands: v => words('FATAL', v.reason ? ['REASON', v.reason] : null), run: call('nack', v => ({mode: 'fatal', reason: v.reason || undefined}))})}),
        button(page, G.claim, {needs: 'xclaim', off, key: 'claim', action: () => ({
            title: G.claimTitle(n), button: G.claim, result, fields: [{name: 'consumer', label: G.claimFor, required: true, value: g.consumers[0] ? label(g.consumers[0].name) : ''}],
            commands: v => command('XCLAIM', g.key, g.group, consumerOf(v) || '?', 0, ids, 'JUSTID'), run: call('claim', v => ({consumer: consumerOf(v), justId: true}))})}),
    ];
}

function filters(page, g) {
    const s = g.stats, counts = {leased: s.leased, overdue: s.overdue, deferred: s.deferred, [WITHOUT_OWNER]: (s.released ?? 0) + (s.held ?? 0)}, here = page.query.state ?? 'all';
    return [
        h('nav', {class: 'tabs', 'aria-label': G.pendingTitle}, Object.keys(G.states).map(id => h('a', {key: id, href: groupHref(g.db, g.key, g.group, {...page.query, state: id === 'all' ? '' : id, after: ''}), 'aria-current': here === id ? 'page' : null},
            G.states[id], counts[id] > 0 ? ` ${num(counts[id])}` : ''))),
        h('div', {class: 'bar'}, h('label', null, G.consumer, ' ', h('select', {value: page.query.consumer ?? '', onchange: e => page.set({consumer: e.target.value, after: ''})},
            h('option', {value: ''}, G.allConsumers), g.consumers.map(c => h('option', {value: encode(c.name)}, label(c.name))))),
          h('label', null, G.idleOver, ' ', h('input', {size: 8, value: page.query.idle ?? '', placeholder: '30 s', onchange: e => page.set({idle: e.target.value, after: ''})}))),
    ];
}

const pending = (page, g) => table(page, {
    id: 'pending', caption: G.pendingTitle, rows: g.rows, key: r => r.id, name: r => r.id, after: g.after, select: true, actions: rows => chosenActions(page, g, rows),
    columns: [{id: 'id', label: 'ID', head: true, class: 'nowrap', show: r => h('code', null, r.id)}, {id: 'consumer', label: G.consumer, show: r => r.consumer ? label(r.consumer) : T.none}, {id: 'deliveries', label: G.delivered, show: r => G.deliveries(Number(r.deliveries))},
              {id: 'delivered', label: '', title: Q.oldest, show: r => ago(r.deliveredMs)}, {id: 'due', label: G.due, show: dueOf}, {id: 'reason', label: G.reason, show: r => r.reason ? `“${label(r.reason)}”` : ''}, {id: 'fields', label: G.contents, show: r => r.fields === null ? h('span', {class: 'hint'}, G.deletedEntry) : entryLine(r)}],
    empty: () => h('p', null, G.noPending),
});

export function draw(page, g) {
    return [
        h('p', {class: g.policy?.pause === 'ON' ? 'banner' : 'hint'}, g.policy ? policyLine(g) : G.noPolicy),
        numbers(g), plots(page, g),
        h('h2', null, G.consumersTitle, ' ', num(g.consumers.length + g.consumersLeft)), consumers(page, g),
        g.consumersLeft > 0 ? h('p', {class: 'hint'}, G.consumersLeft(g.consumersLeft)) : null,
        h('h2', null, G.pendingTitle),
        g.rows ? [filters(page, g), pending(page, g)] : h('p', {class: 'hint'}, G.noPendingRoute, h('code', null, command('XPENDING', g.key, g.group, '-', '+', COUNT))),
    ];
}

export const commands = (page, g) => [command('XPOLICY', 'STATS', g.key, g.group), command('XPOLICY', 'GET', g.key, g.group), command('XINFO', 'CONSUMERS', g.key, g.group), command('XPENDING', g.key, g.group, '-', '+', COUNT), command('XPOLICY', 'RETRIES', g.key, g.group)];
