// Tables: columns, order, pages, choice of rows. A view gives the rows as the server has them; order, page and
// columns are in the address (by, desc, after, cols).
//
//     table(page, {
//         id: 'queues', caption: 'Streams',
//         columns: [{id: 'key', label: 'Queue', show: r => queueLink(r)},
//                   {id: 'ready', label: 'ready', num: true, sort: true, show: r => num(r.ready)},
//                   {id: 'bytes', label: 'bytes', num: true, sort: 'bytes', value: r => r.bytes, show: r => size(r.bytes), optional: true}],
//         rows: data.rows, key: r => `${r.db} ${idOf(r.key)}`,
//         total: data.total, after: data.after,       // pages by the server; without them all rows are here
//         local: true,                                 // these are all rows: the order is made here, by value()
//         select: true, actions: chosen => [...],      // buttons for what is chosen; chosen: rows
//         open: r => link(...), expand: r => details,  // where Enter leads; what unfolds below a row: when one is, the
//                                                      // view is read anew (page.state.tables.queues.open has the keys)
//         low: true,                                   // many rows scroll by themselves: something stands below
//         empty: () => h('p', ...),
//     })
//
// sort: true or the server's name of the column. show() describes a cell; data that lives should be `num: true`,
// then it fades when it changes (live: false: not, for ages). optional columns are off until chosen.
//
// V2: while the pointer or the focus is in a table, or in what stands above and below it, its rows keep their places; rows
// that are gone stay, greyed, and new ones wait behind a button.
import {h} from './dom.js';
import {setting, setSetting} from './settings.js';
import {T} from './text.js';

const LOW = 10; // rows that are shown in full all the same

function stateOf(page, id) {
    page.state.tables ??= {};
    return page.state.tables[id] ??= {chosen: new Set(), open: new Set(), order: [], rows: new Map(), pointer: false, place: null, at: null, asks: null, shows: false};
}

// An element that was removed under the pointer, as when an error replaces the table, gets no pointerleave event.
const isThere = s => !!s.place?.isConnected && (s.pointer || s.place.contains(document.activeElement));

// The rows in the order in which they are shown: as given, or, while somebody is there, as they were.
function settle(s, rows, key) {
    const now = new Map(rows.map(r => [key(r), r]));
    const isHeld = isThere(s) && s.order.length && !s.shows;
    s.shows = false;
    if (!isHeld) {
        s.order = [...now.keys()];
        s.rows = now;
        for (const k of s.chosen) if (!now.has(k)) s.chosen.delete(k);
        return {shown: rows.map(r => [key(r), r, false]), fresh: 0};
    }
    const shown = s.order.map(k => [k, now.get(k) ?? s.rows.get(k), !now.has(k)]);
    for (const [k, r] of now) if (s.rows.has(k)) s.rows.set(k, r);
    return {shown, fresh: [...now.keys()].filter(k => !s.rows.has(k)).length};
}

function compare(a, b) {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return String(a ?? '').localeCompare(String(b ?? ''), 'en', {numeric: true});
}

function ordered(rows, columns, by, desc) {
    const c = columns.find(x => x.id === by);
    if (!c) return rows;
    const value = c.value ?? (r => r[c.id]);
    return [...rows].sort((a, b) => (desc ? -1 : 1) * compare(value(a), value(b)));
}

const isShown = (page, id) => {
    const cols = page.query.cols ?? setting('columns')[id];
    const list = cols ? cols.split(',') : null;
    return c => c.fixed || (list ? list.includes(c.id) : !c.optional);
};

function columnMenu(page, spec, shown) {
    if (!spec.columns.some(c => c.optional)) return null;
    const set = (c, is) => {
        const cols = spec.columns.filter(x => !x.fixed && (x === c ? is : shown(x))).map(x => x.id).join(',');
        setSetting('columns', {...setting('columns'), [spec.id]: cols});
        page.set({cols}, false);
    };
    return h('details', {class: 'menu'}, h('summary', null, T.table.columns),
        h('div', {class: 'menu-list'}, spec.columns.filter(c => !c.fixed).map(c => h('label', {key: c.id},
            h('input', {type: 'checkbox', checked: shown(c), onchange: e => set(c, e.target.checked)}), ' ', c.label))));
}

function heading(page, spec, c, by, desc) {
    const name = c.sort === true ? c.id : c.sort;
    const isBy = !!name && by === name;
    const state = isBy ? desc ? 'descending' : 'ascending' : null;
    // The first press of a number's heading asks for the largest: that is what is looked for.
    const next = isBy ? {by: name, desc: !desc, after: ''} : {by: name, desc: !!c.num, after: ''};
    return h('th', {key: c.id, scope: 'col', class: c.num ? 'num' : null, 'aria-sort': state, title: c.hint ?? null},
        name ? h('button', {type: 'button', class: 'sort', onclick: () => page.set(next)}, c.label, h('span', {class: 'arrow', 'aria-hidden': 'true'}, isBy ? desc ? ' ▾' : ' ▴' : ''))
            : c.label || h('span', {class: 'sr'}, c.title ?? ''));
}

function rowOf(page, spec, s, columns, [k, r, isGone]) {
    const width = columns.length + (spec.select ? 1 : 0) + (spec.expand ? 1 : 0);
    const isOpen = s.open.has(k);
    const toggle = (set, is) => {
        if (is) set.add(k);
        else set.delete(k);
        page.draw();
    };
    const lines = [h('tr', {key: k, class: [isGone ? 'gone' : '', s.chosen.has(k) ? 'chosen' : ''].join(' ').trim() || null, title: isGone ? T.table.gone : null, 'data-row': true, 'data-open': spec.open?.(r) ?? null},
        spec.select ? h('td', {class: 'tick'}, h('input', {type: 'checkbox', 'aria-label': `${T.table.choose} ${spec.name?.(r) ?? k}`, checked: s.chosen.has(k),
                                                           onchange: e => toggle(s.chosen, e.target.checked)})) : null,
        spec.expand ? h('td', {class: 'tick'}, h('button', {type: 'button', class: 'fold', 'aria-expanded': isOpen ? 'true' : 'false', 'aria-label': `${T.table.expand} ${spec.name?.(r) ?? k}`,
                                                            onclick: () => { toggle(s.open, !isOpen); page.reload(); }}, isOpen ? '▾' : '▸')) : null,
        columns.map(c => {
            const shown = c.show ? c.show(r) : String(r[c.id] ?? T.none);
            return h(c.head ? 'th' : 'td', {key: c.id, scope: c.head ? 'row' : null, class: [c.num ? 'num' : '', c.class ?? ''].join(' ').trim() || null, 'data-live': c.num && c.live !== false ? true : null}, shown);
        }))];
    if (isOpen) lines.push(h('tr', {key: k + '\u0000more', class: 'unfolded'}, h('td', {colspan: width}, spec.expand(r))));
    return lines;
}

function pager(page, spec, n) {
    if (spec.total === undefined && spec.after === undefined) return n > 20 ? h('p', {class: 'pager hint'}, T.table.page(n)) : null;
    return h('p', {class: 'pager'}, h('span', {class: 'hint'}, spec.pageText ?? T.table.page(n, spec.total)), ' ',
        page.query.after ? h('button', {type: 'button', key: 'first', onclick: () => page.set({after: ''})}, T.table.first) : null,
        spec.after ? h('button', {type: 'button', key: 'next', onclick: () => page.set({after: spec.after})}, T.table.next) : null);
}

export function table(page, spec) {
    const s = stateOf(page, spec.id);
    if (s.asks !== null && page.reading > s.asks) [s.asks, s.shows] = [null, true];
    if (s.at !== page.dataAt) { // rows of another page, order or filter: nothing to keep
        s.at = page.dataAt;
        s.order = [];
    }
    const by = page.query.by ?? spec.by, desc = page.query.by ? !!page.query.desc : !!spec.desc;
    const rows = spec.local ? ordered(spec.rows, spec.columns.map(c => ({...c, id: c.sort === true || !c.sort ? c.id : c.sort})), by, desc) : spec.rows;
    const {shown, fresh} = settle(s, rows, spec.key);
    const isColumn = isShown(page, spec.id), columns = spec.columns.filter(isColumn);
    const chosen = shown.filter(([k, , gone]) => s.chosen.has(k) && !gone).map(x => x[1]);
    const choose = all => {
        for (const [k, , gone] of shown) if (all && !gone) s.chosen.add(k); else s.chosen.delete(k);
        page.draw();
    };
    const actions = spec.select && spec.actions ? spec.actions(chosen) : null;
    const there = {
        use: (el, isNew) => { s.place = el; if (isNew) s.pointer = false; }, onpointerenter: () => { s.pointer = true; }, onpointerleave: () => { s.pointer = false; page.draw(); }, onfocusout: () => page.draw(),
    };
    return h('div', {class: 'table-place', key: 'table-' + spec.id, ...there},
        h('div', {class: 'bar'},
            spec.select ? h('span', {class: 'hint', 'aria-live': 'off'}, T.table.chosen(chosen.length)) : null,
            actions, h('span', {class: 'space'}),
            fresh ? h('button', {type: 'button', class: 'fresh', onclick: () => { s.shows = true; page.draw(); }}, T.table.newRows(fresh)) : null,
            columnMenu(page, spec, isColumn)),
        h('div', {class: spec.low && shown.length > LOW ? 'scroll low' : 'scroll', tabindex: -1, 'data-table': spec.id},
            h('table', null, h('caption', {class: 'sr'}, spec.caption),
                h('thead', null, h('tr', null,
                    spec.select ? h('th', {class: 'tick', scope: 'col'}, h('input', {type: 'checkbox', 'aria-label': T.table.chooseAll, checked: chosen.length > 0 && chosen.length === shown.length,
                        indeterminate: chosen.length > 0 && chosen.length < shown.length, onchange: e => choose(e.target.checked)})) : null,
                    spec.expand ? h('th', {class: 'tick', scope: 'col'}, h('span', {class: 'sr'}, T.table.expand)) : null,
                    columns.map(c => heading(page, spec, c, by, desc)))),
                h('tbody', null, shown.flatMap(x => rowOf(page, spec, s, columns, x))))),
        shown.length ? null : h('div', {class: 'empty'}, spec.empty?.() ?? h('p', null, T.table.none)),
        pager(page, spec, shown.length));
}

// The user has changed something. The next read shows the result even where rows would keep their places. A read already
// under way does not count: it may have been answered before the change.
export function settled(page) {
    for (const s of Object.values(page.state.tables ?? {})) s.asks = page.begun;
}

// Forgets what is chosen, after it has been dealt with.
export function unchoose(page, id) {
    page.state.tables?.[id]?.chosen.clear();
}

// Name and value side by side: facts([['length', num(n)], ...]). The value may have a class, [name, value, 'warning'], and
// false behind that: it does not fade, as an age that always changes.
export const facts = list => h('dl', {class: 'facts'}, list.filter(Boolean).map(([name, value, kind, isLive = true]) =>
    h('div', {key: name, class: kind ?? null}, h('dt', null, name), h('dd', {'data-live': isLive}, value))));
