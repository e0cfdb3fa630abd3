// The tab Messages of a stream: pages by ID, newest first; search with a budget, which goes on on demand (V9); a tail.
import {button, inCalls} from './actions.js';
import {api, ApiError} from './api.js';
import {command, idOf, isCut, label, toBytes} from './bytes.js';
import {copy, download, h} from './dom.js';
import {groupPath, isReleased, streamHref, streamPath, withRetries} from './queue.js';
import {table, unchoose} from './table.js';
import {ago, momentOf, parseSpan, span} from './time.js';
import {T, num} from './text.js';
import {Q, S} from './text_queues.js';
import {entryLine, fieldsLeft, inPieces, PIECE, valueView} from './value.js';

const COUNT = 50, BUDGET = 2000, TAIL_MOST = 200;
const COPIED_MOST = 200; // by one request
const MOST_GROUPS = 8; // whose pending entries are asked for without a choice (V8)

// An ID as it is, or "1h": so long ago.
function bound(text) {
    const ms = parseSpan(text ?? '');
    return !text ? undefined : /^\d+(-\d+)?$/.test(text) && text.length > 9 || text.includes('-') || Number.isNaN(ms) ? text : String(Date.now() - ms);
}

const isBound = text => !text || /^([-+]|\(?\d+(-\d+)?)$/.test(text.trim()) || !Number.isNaN(parseSpan(text));

const asked = q => ({from: bound(q.from), to: bound(q.to), newest: q.order === 'oldest' ? undefined : 1, field: q.field, contains: q.field && q.how !== 'equals' ? q.text : undefined,
                     equals: q.field && q.how === 'equals' ? q.text : undefined});
const isSearch = q => !!q.field && !!q.text;

async function search(page, s, after, signal) {
    const part = await api.get(`${s.path}/entries`, {...asked(page.query), count: COUNT, budget: BUDGET, after}, {signal});
    return {entries: part.entries, after: part.after, looked: Number(part.looked ?? 0), of: Number(part.of ?? s.info.length)};
}

export async function load(page, s) {
    const id = location.hash, {query} = page;
    if (isSearch(query)) {
        // What a search has found stays until it is asked for anew.
        if (page.state.found?.id !== id) page.state.found = {id, ...await search(page, s, undefined, page.ending.signal)};
        return {...page.state.found, states: await states(page, s, page.state.found.entries)};
    }
    page.state.found = null;
    const list = await page.get(`${s.path}/entries`, {...asked(query), count: COUNT, after: query.after});
    return {...list, states: await states(page, s, list.entries)};
}

// V8: for each ID of the page what it waits for, by one request a group.
async function states(page, s, entries) {
    const all = s.groups.length <= MOST_GROUPS ? s.groups : s.groups.filter(g => idOf(g.name) === page.query.group);
    const to = new Map(), ids = entries.map(e => e.id);
    if (!ids.length) return to;
    const first = isBehind(ids[0], ids.at(-1)) ? ids.at(-1) : ids[0];
    const say = (id, what) => to.set(id, [...to.get(id) ?? [], what]);
    await Promise.all(all.map(async g => {
        const pending = g.pending > 0 ? await page.maybe(`${groupPath(s.db, s.key, g.name)}/pending`, {after: before(first), count: 200}) : null;
        const rows = new Map((await withRetries(page, groupPath(s.db, s.key, g.name), pending?.rows ?? [], g.stats?.deferred)).map(p => [p.id, p]));
        for (const id of ids) {
            const p = rows.get(id), name = label(g.name);
            if (p) say(id, stateOf(p, name, g.stats));
            else if (isBehind(id, g.lastDeliveredId)) say(id, S.unreadBy(name));
        }
    }));
    return to;
}

function stateOf(p, group, stats) {
    if (p.state === 'deferred' || p.dueMs > Date.now()) return S.deferredIn(span(p.dueMs - Date.now()), group);
    if (p.state === 'overdue') return S.overdueAt(label(p.consumer), group);
    return p.consumer ? S.leasedBy(label(p.consumer), span(Date.now() - p.deliveredMs), group) : isReleased(stats) ? S.releasedIn(group) : S.unownedIn(group);
}

// The ID just before this one.
function before(id) {
    const [ms, seq] = id.split('-').map(BigInt);
    return seq > 0n ? `${ms}-${seq - 1n}` : ms > 0n ? `${ms - 1n}-18446744073709551615` : undefined;
}

function isBehind(id, last) {
    const [a, b] = String(id).split('-').map(BigInt), [c, d] = String(last ?? '0-0').split('-').map(BigInt);
    return a > c || a === c && b > d;
}

// ---- Actions on what is chosen

const idsOf = rows => rows.map(r => r.id);

function chosenActions(page, s, rows) {
    const off = rows.length ? null : T.table.chosen(0), done = () => unchoose(page, 'messages');
    const whole = rows.some(r => r.fieldsLeft > 0 || r.fields.some(([, v]) => v?.cut)) ? T.value.cut('', '').trim() : null;
    return [
        button(page, Q.delete, {needs: 'xdel', off, danger: true, key: 'del', action: () => ({
            title: S.deleteN(rows.length), text: S.deleteText, danger: true, button: Q.delete, commands: command('XDEL', s.key, idsOf(rows)),
            run: (v, step) => inCalls(idsOf(rows), ids => api.del(`${s.path}/entries`, {ids}), step).finally(done), result: a => S.deletedN(a.done, rows.length)})}),
        button(page, S.again, {needs: 'xadd', off, key: 'again', action: () => ({
            title: S.againN(rows.length), text: S.againText, button: S.again, commands: rows.map(r => command('XADD', s.key, '*', r.fields.flat())),
            run: async (v, step) => inCalls(idsOf(rows), ids => api.post(`${s.path}/copy`, {ids, to: s.key}), step, COPIED_MOST).finally(done), result: () => S.sentN(rows.length)})}),
        button(page, S.move, {needs: ['xadd', 'xdel'], off, key: 'move', action: () => ({
            title: S.moveN(rows.length), text: S.moveText, button: S.move, fields: [{name: 'to', label: S.target, required: true}],
            commands: v => ['MULTI', ...rows.map(r => command('XADD', v.to || '?', '*', r.fields.flat())), command('XDEL', s.key, idsOf(rows)), 'EXEC'],
            run: async (v, step) => inCalls(idsOf(rows), ids => api.post(`${s.path}/copy`, {ids, to: v.to, move: true}), step, COPIED_MOST).finally(done), result: () => S.sentN(rows.length)})}),
        button(page, S.copyXadd, {looks: true, off: off ?? whole, key: 'copy', run: () => copy(rows.map(r => command('XADD', s.key, '*', r.fields.flat())).join('\n'))}),
    ];
}

// A line a message: {"id": ..., "fields": [[name, value], ...]}; bytes as the API has them. fieldsLeft: fields that it had no room for.
const asLines = entries => toBytes(entries.map(e => JSON.stringify({id: e.id, fields: e.fields, fieldsLeft: e.fieldsLeft})).join('\n') + '\n');

// All bytes of one field's value; another entry never comes in its place.
const wholeEntry = (s, id, field) => told => inPieces(async skip => {
    const r = await api.get(`${s.path}/entries`, {from: id, to: id, only: field + 1, skip, max: PIECE}), value = r.entries[0]?.fields[0]?.[1];
    if (value === undefined) throw new ApiError(404, {text: T.state.missing});
    return {value, isLast: !isCut(value)};
}, told);

function allFields(page, s, e) {
    return [h('dl', {class: 'values'}, e.fields.map(([f, v], i) => h('div', {key: i}, h('dt', null, label(f)),
        h('dd', null, valueView(page, v, {name: label(f), id: `${s.path} ${e.id} ${i}`, all: wholeEntry(s, e.id, i)}))))), fieldsLeft(e)];
}

// ---- Search and tail

function goOn(page, s) {
    return page.attempt(async () => {
        const f = page.state.found, ends = new AbortController();
        f.running = ends;
        page.draw();
        try {
            const part = await search(page, s, f.after, ends.signal);
            Object.assign(f, {entries: [...f.entries, ...part.entries], after: part.after, looked: f.looked + part.looked});
        } finally {
            f.running = null;
        }
        await page.reload();
    });
}

function stopTail(page) {
    page.state.tail?.abort();
    page.state.tail = null;
    page.draw();
}

function startTail(page, s) {
    const ends = page.state.tail = new AbortController();
    Object.assign(page.state, {seen: [], seenN: 0, skipped: 0});
    const hide = () => document.hidden && stopTail(page);
    document.addEventListener('visibilitychange', hide, {signal: ends.signal});
    page.attempt(async () => {
        const take = line => {
            if (line.skipped) page.state.skipped += Number(line.skipped);
            if (!line.id) return;
            page.state.seenN++;
            page.state.seen = [line, ...page.state.seen].slice(0, TAIL_MOST);
            page.draw();
        };
        try {
            await api.lines(`${streamPath(s.db, s.key)}/tail`, {field: page.query.field, contains: page.query.text}, take, ends.signal);
        } finally {
            if (page.state.tail === ends) stopTail(page);
        }
    });
}

function tailView(page) {
    const {seen, seenN, skipped} = page.state;
    return h('section', {class: 'card', key: 'tail'}, h('p', {class: 'bar'}, h('button', {type: 'button', onclick: () => stopTail(page)}, S.stopTail), ' ', S.tailSeen(seenN, skipped)),
        seen.length ? h('ul', {class: 'plain low scroll'}, seen.map(e => h('li', {key: e.id}, h('code', null, e.id), ' ', entryLine(e)))) : h('p', {class: 'hint'}, S.tailWaits));
}

// The values of the form: those of the address, then what was typed since. Another address discards what was typed.
const FORM = ['order', 'from', 'to', 'field', 'how', 'text'];
function formOf({query, state}) {
    const of = FORM.map(name => query[name] ?? '').join('\u0000');
    return state.form?.of === of ? state.form : state.form = {of, ...query};
}

function form(page, s) {
    const q = page.query, f = formOf(page);
    const set = (name, value) => {
        formOf(page)[name] = value;
        page.draw();
    };
    const input = (name, text, hint, width = 12) => h('label', null, text, ' ', h('input', {name, size: width, value: f[name] ?? '', placeholder: hint ?? '', spellcheck: 'false', oninput: e => set(name, e.target.value)}));
    const select = (name, values) => h('select', {'aria-label': name, value: f[name] ?? values[0][0], onchange: e => set(name, e.target.value)}, values.map(([v, t]) => h('option', {value: v}, t)));
    const submit = e => {
        e.preventDefault();
        const {from, to, field, how, text, order} = formOf(page);
        // A search without a field would show everything; of what is no ID the server would show nothing but its error.
        const wrong = !isBound(from) ? ['from', S.idHint] : !isBound(to) ? ['to', S.idHint] : text && !field ? ['field', S.whichField] : null;
        formOf(page).wrong = wrong?.[1];
        page.draw();
        if (wrong) return e.target.elements[wrong[0]].focus();
        page.set({from, to, field, how: how === 'contains' ? '' : how, text, order: order === 'newest' ? '' : order, after: ''});
    };
    const clear = () => {
        page.state.form = null;
        page.set({from: '', to: '', field: '', how: '', text: '', after: ''});
    };
    return h('form', {class: 'bar', role: 'search', onsubmit: submit},
        select('order', [['newest', S.newest], ['oldest', S.oldestFirst]]), input('from', S.from, S.idHint), input('to', S.to, S.idHint),
        input('field', S.field, '', 9), select('how', [['contains', S.contains], ['equals', S.equals]]), h('input', {'aria-label': S.contains, size: 10, value: f.text ?? '', oninput: e => set('text', e.target.value)}),
        h('button', {type: 'submit'}, S.search),
        f.wrong ? h('span', {class: 'wrong', role: 'alert'}, f.wrong) : null,
        q.from || q.to || q.field || q.text || q.after ? h('button', {type: 'button', onclick: clear}, S.clear) : null,
        page.state.tail ? null : h('button', {type: 'button', onclick: () => startTail(page, s)}, S.tail));
}

function found(page, s) {
    const f = page.state.found;
    return h('p', {class: 'bar', role: 'status', onkeydown: e => e.key === 'Escape' && f.running?.abort()}, S.looked(f.looked, f.of, f.entries.length), ' ',
        f.running ? h('button', {type: 'button', onclick: () => f.running.abort()}, T.stop) : f.after ? h('button', {type: 'button', onclick: () => goOn(page, s)}, T.goOn) : S.toEnd);
}

export function draw(page, s, d) {
    const chosenGroup = s.groups.length > MOST_GROUPS ? h('label', null, S.stateOf, ' ', h('select', {value: page.query.group ?? '', onchange: e => page.set({group: e.target.value})},
        h('option', {value: ''}, T.none), s.groups.map(g => h('option', {value: idOf(g.name)}, label(g.name))))) : null;
    return [form(page, s), page.state.tail ? tailView(page) : null, isSearch(page.query) && page.state.found ? found(page, s) : null, chosenGroup,
        table(page, {
            id: 'messages', caption: S.tabs.messages, rows: d.entries, key: r => r.id, name: r => r.id, total: isSearch(page.query) ? undefined : Math.max(s.info.length, d.entries.length), after: isSearch(page.query) ? undefined : d.after,
            select: true, actions: rows => [...chosenActions(page, s, rows), h('button', {type: 'button', key: 'lines', onclick: () => download(`${label(s.key)}.ndjson`, asLines(d.entries))}, S.downloadPage)],
            expand: r => allFields(page, s, r),
            columns: [{id: 'id', label: S.id, head: true, class: 'nowrap', show: r => h('code', null, r.id)}, {id: 'when', label: S.when, show: r => ago(r.ms ?? momentOf(r.id))},
                      {id: 'fields', label: S.contents, show: entryLine}, {id: 'state', label: S.state, show: r => (d.states.get(r.id) ?? []).map(x => h('div', {class: 'hint'}, x))}],
            empty: () => h('p', null, isSearch(page.query) ? S.noHits : S.noMessages, ' ', page.query.after ? h('a', {href: streamHref(s.db, s.key)}, T.table.first) : null),
        })];
}

export const commands = (page, s) => {
    const q = asked(page.query), [from, to] = [q.from ?? '-', q.to ?? '+'];
    return [q.newest ? command('XREVRANGE', s.key, to, from, 'COUNT', COUNT) : command('XRANGE', s.key, from, to, 'COUNT', COUNT), ...s.groups.slice(0, MOST_GROUPS).map(g => command('XPENDING', s.key, g.name, '-', '+', 200))].filter((c, i) => !i || num(i));
};
