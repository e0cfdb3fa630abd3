// Clients: CLIENT LIST, filtered and grouped here, since all rows come in one answer. Filters, grouping and order
// are in the address.
import {api} from './api.js';
import {button, inCalls} from './actions.js';
import {command, label} from './bytes.js';
import {h} from './dom.js';
import {filters, matches, noMatch} from './filters.js';
import {table, unchoose} from './table.js';
import {T, num, size} from './text.js';
import {clients as W} from './text_operations.js';
import {span} from './time.js';

export const title = W.title;
export const about = W.about;

const PAGES = 20; // that are read

// Letters of CLIENT LIST by the words that are asked for.
const FLAGS = {waiting: 'b', subscribed: 'P', transaction: 'x', replica: 'S', primary: 'M', monitor: 'O', console: 'h', tracking: 't', 'no-evict': 'e', closing: 'c'};
const GROUPS = {name: r => label(r.name).replace(/[-_:.]?\d+$/, '-*'), user: r => label(r.user), library: r => library(r), address: r => address(r)};

const n = v => Number(v ?? 0);
const library = r => [r.libName, r.libVer].map(label).filter(Boolean).join(' ');
const address = r => label(r.addr).replace(/:\d+$/, '');
const waits = r => label(r.flags).includes('b');
const words = r => Object.entries(FLAGS).filter(([, c]) => label(r.flags).includes(c)).map(([w]) => w);

export async function load(page) {
    const rows = [];
    let part = null, pages = 0;
    do {
        part = await page.get('/clients', {after: part?.after});
        rows.push(...part.rows);
    } while (part.after && ++pages < PAGES);
    return {rows, total: part.total ?? rows.length};
}

function passes(r, q) {
    return matches(label(r.user), q.user) && matches(label(r.name), q.name) && matches(library(r), q.lib) && matches(label(r.addr), q.addr)
        && (!q.flags || label(r.flags).includes(FLAGS[q.flags])) && (!q.idle || n(r.idle) >= n(q.idle));
}

function kill(page, rows) {
    const ids = rows.map(r => label(r.id));
    return {
        title: W.killTitle(rows.length), text: W.killText, danger: true, irreversible: W.killFinal, button: W.kill(rows.length),
        commands: ids.map(id => command('CLIENT', 'KILL', 'ID', id)),
        run: async (v, step) => {
            const done = await inCalls(ids, part => api.del(`/clients/${part[0]}`).then(() => ({done: 1, of: 1}), missing), step, 1);
            unchoose(page, 'clients');
            return done;
        },
        result: a => W.killed(a.done, a.of),
    };
}

// It has gone by itself meanwhile: that is told by the sum.
const missing = e => {
    if (e.status !== 404) throw e;
    return {done: 0, of: 1};
};

const unblock = r => ({
    title: W.unblockTitle(label(r.id)), text: W.unblockText, commands: command('CLIENT', 'UNBLOCK', label(r.id)),
    run: () => api.post(`/clients/${label(r.id)}/unblock`, {}).catch(missing),
    result: a => a?.of ? W.notBlocked : W.unblocked,
});

const pause = {
    title: W.pauseTitle, text: W.pauseText, danger: true, irreversible: W.pauseNote, button: W.pause,
    fields: [{name: 'ms', type: 'number', label: W.pauseMs, value: '10000', required: true}, {name: 'writes', type: 'checkbox', label: W.pauseWrites, value: true}],
    commands: v => command('CLIENT', 'PAUSE', v.ms, v.writes ? 'WRITE' : 'ALL'),
    run: v => api.post('/clients/pause', {ms: Number(v.ms), writesOnly: v.writes}),
    result: (a, v) => W.paused(span(Number(v.ms)), v.writes),
    undo: {label: W.unpause, run: () => api.del('/clients/pause')},
};

const unpause = {title: W.unpause, text: W.unpauseText, commands: [command('CLIENT', 'UNPAUSE')], run: () => api.del('/clients/pause'), result: () => W.unpaused};

const columns = page => [
    {id: 'id', label: W.id, num: true, sort: true, value: r => n(r.id), show: r => label(r.id)},
    {id: 'name', label: W.name, sort: true, head: true, value: r => label(r.name), show: r => label(r.name) || h('span', {class: 'hint'}, W.nameless)},
    {id: 'user', label: W.user, sort: true, value: r => label(r.user), show: r => label(r.user)},
    {id: 'addr', label: W.addr, sort: true, value: r => label(r.addr), show: r => label(r.addr)},
    {id: 'lib', label: W.lib, sort: true, value: library, show: r => library(r) || T.none},
    {id: 'cmd', label: W.cmd, sort: true, value: r => label(r.cmd), show: r => label(r.cmd).toUpperCase().replace('|', ' ') + (waits(r) ? ` (${W.waits})` : '')},
    {id: 'flags', label: W.flags, value: r => label(r.flags), show: r => words(r).join(', ') || T.none, optional: true},
    {id: 'db', label: W.db, num: true, sort: true, value: r => n(r.db), show: r => num(n(r.db)), optional: true},
    {id: 'age', label: W.age, num: true, sort: true, value: r => n(r.age), show: r => span(n(r.age) * 1000)},
    {id: 'idle', label: W.idle, num: true, sort: true, value: r => n(r.idle), show: r => span(n(r.idle) * 1000)},
    {id: 'omem', label: W.omem, num: true, sort: true, hint: W.omemHint, value: r => n(r.omem), show: r => size(n(r.omem))},
    {id: 'qbuf', label: W.qbuf, num: true, sort: true, value: r => n(r.qbuf), show: r => size(n(r.qbuf)), optional: true},
    {id: 'sub', label: W.subscriptions, num: true, sort: true, value: r => n(r.sub) + n(r.psub) + n(r.ssub), show: r => num(n(r.sub) + n(r.psub) + n(r.ssub)), optional: true},
    {id: 'memory', label: W.memory, num: true, sort: true, value: r => n(r.totMem), show: r => size(n(r.totMem))},
    {id: 'act', label: '', title: W.actions, fixed: true, class: 'nowrap', show: r => [
        waits(r) ? [button(page, W.unblockShort, {needs: 'client|unblock', action: () => unblock(r)}), ' '] : null,
        button(page, W.killShort, {needs: 'client|kill', danger: true, action: () => kill(page, [r])})]},
];

const sum = (rows, f) => rows.reduce((s, r) => s + f(r), 0);

function grouped(page, rows, by) {
    const groups = new Map();
    for (const r of rows) {
        const name = GROUPS[by](r) || W.nameless;
        groups.set(name, [...groups.get(name) ?? [], r]);
    }
    return table(page, {
        id: 'client-groups', caption: W.groupCaption, local: true, by: 'memory', desc: true, rows: [...groups].map(([name, list]) => ({name, list})), key: g => g.name,
        columns: [{id: 'name', label: W[by === 'library' ? 'lib' : by === 'address' ? 'addr' : by], sort: true, head: true, show: g => g.name},
                  {id: 'count', label: W.clients, num: true, sort: true, value: g => g.list.length, show: g => num(g.list.length)},
                  {id: 'waiting', label: W.waiting, num: true, sort: true, value: g => g.list.filter(waits).length, show: g => num(g.list.filter(waits).length)},
                  {id: 'memory', label: W.memory, num: true, sort: true, value: g => sum(g.list, r => n(r.totMem)), show: g => size(sum(g.list, r => n(r.totMem)))},
                  {id: 'act', label: '', title: W.actions, fixed: true, class: 'nowrap', show: g => button(page, W.kill(g.list.length), {needs: 'client|kill', danger: true, action: () => kill(page, g.list)})}],
        expand: g => h('ul', null, g.list.slice(0, 100).map(r => h('li', {key: label(r.id)}, `${label(r.id)} · ${label(r.name) || W.nameless} · ${label(r.addr)} · ${label(r.cmd)}`)),
            g.list.length > 100 ? h('li', {class: 'hint'}, W.more(g.list.length - 100)) : null),
        name: g => g.name,
    });
}

export const commands = () => [command('CLIENT', 'LIST')];

export const actions = page => [
    button(page, W.pauseShort, {needs: 'client|pause', action: pause}),
    button(page, W.unpause, {needs: 'client|unpause', action: unpause}),
];

const FILTERS = ['user', 'name', 'lib', 'addr', 'flags', 'idle'];

export function draw(page, {rows, total}) {
    const q = page.query;
    const shown = rows.filter(r => passes(r, q));
    const head = [W.head(rows.length, total), `${W.waiting} ${num(rows.filter(waits).length)}`, `${W.console} ${num(rows.filter(r => label(r.flags).includes('h')).length)}`,
                  `${W.buffers} ${size(sum(rows, r => n(r.omem) + n(r.qbuf)))}`];
    return [
        h('p', null, head.join(' · ')),
        filters(page, [
            {name: 'user', label: W.user}, {name: 'name', label: W.name, placeholder: 'worker*'}, {name: 'lib', label: W.lib}, {name: 'addr', label: W.addr},
            {name: 'flags', label: W.flags, options: [['', T.all], ...Object.keys(FLAGS)]}, {name: 'idle', label: W.idleOver, type: 'number'},
            {name: 'group', label: W.groupBy, options: [['', W.noGroup], ...Object.keys(GROUPS).map(g => [g, W.groups[g]])]}]),
        q.group && GROUPS[q.group] ? grouped(page, shown, q.group) : table(page, {
            id: 'clients', caption: W.caption, columns: columns(page), rows: shown, key: r => label(r.id), local: true, by: 'memory', desc: true, select: true, name: r => label(r.id),
            actions: chosen => button(page, W.kill(chosen.length), {needs: 'client|kill', danger: true, off: chosen.length ? null : W.chooseFirst, action: () => kill(page, chosen)}),
            empty: () => noMatch(page, FILTERS, rows.length)}),
    ];
}
