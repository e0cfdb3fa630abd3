// One list: its items by position, from either end. What is popped or removed is gone: there is no acknowledgement.
import {api} from './api.js';
import {button} from './actions.js';
import {command, encode, label, named} from './bytes.js';
import {copy, h} from './dom.js';
import {filters} from './filters.js';
import {go, link} from './router.js';
import {facts, table} from './table.js';
import {T, count, num} from './text.js';
import {list as W} from './text_operations.js';
import {memberInPieces, short, valueView} from './value.js';

export const title = page => named(page.params.key);
export const about = W.about;

const COUNT = 50;
const path = page => `/lists/${encode(page.params.db)}/${encode(page.params.key)}`;
const fromTail = page => page.query.end === 'tail';

// Positions of the page: from the head, or counted from the tail.
function span(page) {
    const at = Math.max(0, Number(page.query.at ?? 0) || 0);
    return fromTail(page) ? {at, from: -(at + COUNT), to: -(at + 1)} : {at, from: at, to: at + COUNT - 1};
}

export async function load(page) {
    const {at, from} = span(page);
    const first = await page.get(path(page), {from: 0, count: 1});
    const length = Number(first.length);
    const start = fromTail(page) ? Math.max(0, length + from) : at, most = fromTail(page) ? Math.max(0, length - at) - start : COUNT;
    const part = most > 0 && length ? await page.get(path(page), {from: start, count: most}) : {items: []};
    const items = part.items.map((value, i) => ({position: start + i, value}));
    return {length: Number(part.length ?? length), items: fromTail(page) ? items.reverse() : items};
}

export const commands = page => [command('LLEN', page.params.key), command('LRANGE', page.params.key, span(page).from, span(page).to)];

// ---- Actions

const push = page => ({
    title: W.pushTitle, text: W.pushText, button: W.push,
    fields: [{name: 'side', type: 'select', label: W.side, value: 'right', options: [['left', W.head], ['right', W.tail]]}, {name: 'value', type: 'textarea', label: W.value, value: '', required: true}],
    commands: v => command(v.side === 'left' ? 'LPUSH' : 'RPUSH', page.params.key, v.value),
    run: v => api.post(`${path(page)}/push`, {side: v.side, values: [v.value]}), result: a => W.pushed(num(a.length)),
});

const move = page => ({
    title: W.moveTitle, text: W.moveText, button: v => W.moveMany(num(Number(v.count) || 0)),
    fields: [{name: 'to', label: W.to, value: '', required: true}, {name: 'count', type: 'number', label: W.count, value: '10', required: true, check: v => Number(v) < 1 || Number(v) > 1000 ? W.most : null}],
    commands: v => [command('LMOVE', page.params.key, v.to, 'LEFT', 'RIGHT'), Number(v.count) > 1 ? W.timesOver(v.count) : null].filter(Boolean),
    run: v => api.post(`${path(page)}/move`, {to: v.to, count: Number(v.count)}), result: (a, v) => W.moved(num(a.moved ?? a.done ?? Number(v.count)), v.to),
});

const trim = (page, data) => ({
    title: W.trimTitle, text: v => W.trimText(count(Math.max(0, data.length - Math.max(0, Number(v.to) - Number(v.from) + 1)), 'item')), danger: true, typeName: label(page.params.key), button: W.trim,
    fields: [{name: 'from', type: 'number', label: W.keepFrom, value: '0', required: true}, {name: 'to', type: 'number', label: W.keepTo, value: String(Math.max(0, data.length - 1)), required: true}],
    commands: v => command('LTRIM', page.params.key, v.from, v.to), run: v => api.post(`${path(page)}/trim`, {from: Number(v.from), to: Number(v.to)}), result: a => W.trimmed(num(a?.length)),
});

const removeItem = (page, r) => ({
    title: W.removeTitle(num(r.position)), text: [W.removeText, ' ', h('code', null, short(r.value, 200))], danger: true, button: W.remove,
    commands: command('LREM', page.params.key, fromTail(page) ? -1 : 1, r.value), run: () => api.post(`${path(page)}/remove`, {value: r.value, count: fromTail(page) ? -1 : 1}),
    result: a => W.removed(num(a.removed ?? a.done ?? 1)),
});

const removeAll = page => ({
    title: W.deleteTitle(label(page.params.key)), text: W.deleteText, danger: true, typeName: label(page.params.key), button: W.delete, commands: command('UNLINK', page.params.key),
    run: async () => {
        const answer = await api.del(`/keys/${encode(page.params.db)}/${encode(page.params.key)}`);
        go(link('/lists'));
        return answer;
    },
    result: () => W.deleted,
});

export const actions = (page, data) => [
    button(page, W.pushShort, {needs: ['lpush', 'rpush'], action: () => push(page)}),
    button(page, W.moveShort, {needs: 'lmove', off: data.length ? null : W.empty, action: () => move(page)}),
    button(page, W.trimShort, {needs: 'ltrim', danger: true, off: data.length ? null : W.empty, action: () => trim(page, data)}),
    button(page, W.deleteShort, {needs: 'unlink', danger: true, action: () => removeAll(page)}),
];

// ---- What is seen

export const status = (page, data) => W.status(num(data.items.length), num(data.length));

export function draw(page, data) {
    const {at} = span(page), isCut = v => v !== null && typeof v === 'object' && v.cut;
    return [
        facts([[W.length, num(data.length)]]),
        h('p', {class: 'hint'}, W.popped),
        filters(page, [{name: 'end', label: W.from, options: [['', W.head], ['tail', W.tail]]}, {name: 'at', type: 'number', label: W.position, placeholder: '0'}]),
        table(page, {
            id: 'items', caption: W.items, rows: data.items, key: r => String(r.position), empty: () => h('p', null, W.empty),
            columns: [{id: 'position', label: W.position, num: true, show: r => num(r.position)}, {id: 'value', label: W.value, show: r => short(r.value, 120)},
                {id: 'act', label: '', title: W.actions, class: 'nowrap', show: r => [
                    button(page, W.remove, {needs: 'lrem', danger: true, off: isCut(r.value) ? W.tooLong : null, action: () => removeItem(page, r)}), ' ',
                    h('button', {type: 'button', onclick: () => copy(typeof r.value === 'string' ? r.value : label(r.value))}, T.copy)]}],
            expand: r => valueView(page, r.value, {name: label(page.params.key), id: `list ${page.params.db} ${label(page.params.key)} ${r.position}`, all: memberInPieces(`/keys/${encode(page.params.db)}/${encode(page.params.key)}`, {index: r.position}, r.value)}), name: r => String(r.position)}),
        h('p', {class: 'pager'},
            at ? h('button', {type: 'button', onclick: () => page.set({at: Math.max(0, at - COUNT) || ''})}, W.before) : null, ' ',
            at + COUNT < data.length ? h('button', {type: 'button', onclick: () => page.set({at: at + COUNT})}, T.table.next) : null),
    ];
}
