// One key that is neither a stream nor a list: what it is, and a page of its value. Of strings a page is a span of
// bytes, of the others what one step of a scan (or ZRANGE) gives.
import {api, ApiError} from './api.js';
import {button} from './actions.js';
import {command, encode, isCut, label, named, toBytes} from './bytes.js';
import {download, h} from './dom.js';
import {go, link} from './router.js';
import {facts, table} from './table.js';
import {T, num, size} from './text.js';
import {key as W} from './text_operations.js';
import {parseSpan, span} from './time.js';
import {inPieces, memberInPieces, PIECE, short, valueView} from './value.js';

export const title = page => named(page.params.key);
export const about = W.about;

const COUNT = 50; // members of a page, when nothing is said
const path = page => `/keys/${encode(page.params.db)}/${encode(page.params.key)}`;
const READS = {string: ['GETRANGE', 0, 4095], hash: ['HSCAN', 0], set: ['SSCAN', 0], zset: ['ZRANGE', 0, COUNT - 1, 'WITHSCORES'], list: ['LRANGE', 0, COUNT - 1], stream: ['XRANGE', '-', '+', 'COUNT', COUNT]};

export async function load(page) {
    const data = await page.get(path(page), {from: page.query.from});
    if (data.type === 'none') throw new ApiError(404, {text: W.noKey});
    return data;
}

export const commands = (page, data) => {
    const [name, ...rest] = READS[data.type] ?? ['TYPE'], {key} = page.params;
    return [command('TYPE', key), command('PTTL', key), command('OBJECT', 'ENCODING', key), command('MEMORY', 'USAGE', key), command(name, key, ...rest)];
};

// ---- Actions

const ttl = (page, data) => ({
    title: W.ttlTitle(label(page.params.key)), text: W.ttlText,
    fields: [{name: 'ttl', label: W.ttlLabel, value: data.ttlMs >= 0 ? `${Math.ceil(data.ttlMs / 1000)} s` : '1 h', required: true, check: v => Number.isNaN(parseSpan(v)) || parseSpan(v) < 1 ? W.ttlWrong : null}],
    commands: v => command('PEXPIRE', page.params.key, Math.round(parseSpan(v.ttl))),
    run: v => api.patch(path(page), {ttlMs: Math.round(parseSpan(v.ttl))}),
    result: () => W.ttlDone,
    undo: data.ttlMs === -1 ? {label: W.persist, run: () => api.patch(path(page), {persist: true})} : null,
});

const persist = (page, data) => ({
    title: W.persistTitle(label(page.params.key)), text: W.persistText, commands: command('PERSIST', page.params.key),
    run: () => api.patch(path(page), {persist: true}), result: () => W.persistDone,
    undo: {label: W.ttlBack(span(data.ttlMs)), run: () => api.patch(path(page), {ttlMs: data.ttlMs})},
});

const keyAt = (page, key) => link('/key/{db}/{key}', {db: page.params.db, key});

const move = (page, verb) => ({
    title: W[verb + 'Title'](label(page.params.key)), text: W[verb + 'Text'],
    fields: [{name: 'to', label: W.to, value: '', required: true}, {name: 'replace', type: 'checkbox', label: W.replace, value: false}],
    commands: v => verb === 'copy' ? command('COPY', page.params.key, v.to, v.replace ? 'REPLACE' : null) : command(v.replace ? 'RENAME' : 'RENAMENX', page.params.key, v.to),
    run: async v => {
        const answer = await api.post(`${path(page)}/${verb}`, {to: v.to, replace: v.replace});
        if (verb === 'rename') go(keyAt(page, v.to));
        return answer;
    },
    errorField: e => e?.status === 409 ? 'to' : null,
    result: (a, v) => W[verb + 'Done'](v.to),
});

const remove = page => ({
    title: W.deleteTitle(label(page.params.key)), text: W.deleteText, danger: true, typeName: label(page.params.key), button: W.delete, commands: command('UNLINK', page.params.key),
    run: async () => {
        const answer = await api.del(path(page));
        go(link('/keys', {}, {db: page.params.db === '0' ? '' : page.params.db}));
        return answer;
    },
    result: () => W.deleteDone,
});

// As RESTORE takes it.
async function dump(page) {
    const {value} = await api.get(`${path(page)}/dump`);
    if (value === null || isCut(value)) throw new ApiError(value === null ? 404 : 507, {text: value === null ? W.noKey : W.dumpTooLong});
    download(`${label(page.params.key)}.dump`, toBytes(value));
}

export const actions = (page, data) => [
    button(page, W.ttlShort, {needs: 'pexpire', action: () => ttl(page, data)}),
    button(page, W.persist, {needs: 'persist', off: data.ttlMs < 0 ? W.noTtl : null, action: () => persist(page, data)}),
    button(page, W.renameShort, {needs: ['rename', 'renamenx'], action: () => move(page, 'rename')}),
    button(page, W.copyShort, {needs: 'copy', action: () => move(page, 'copy')}),
    button(page, W.dump, {needs: 'dump', looks: true, run: () => page.attempt(() => dump(page))}),
    button(page, W.deleteShort, {needs: 'unlink', danger: true, action: () => remove(page)}),
];

// ---- The value

const isString = v => v === null || typeof v !== 'object' || v.text !== undefined || v.base64 !== undefined;
const inPairs = list => Array.isArray(list[0]) ? list : list.flatMap((x, i) => i % 2 ? [] : [[x, list[i + 1]]]);
const member = (v, id, all = null) => h('details', null, h('summary', null, short(v)), valueView(page0, v, {name: 'member', id: `${path(page0)} ${id}`, all}));
let page0 = null; // whose members are drawn

function rowsOf(data) {
    const {value} = data;
    if (data.type === 'hash' || data.type === 'zset') return Array.isArray(value) ? inPairs(value) : Object.entries(value ?? {});
    return (value ?? []).map(v => [v, null]);
}

function members(page, data) {
    page0 = page;
    const rows = rowsOf(data).map(([name, value], i) => ({i, name, value}));
    const second = data.type === 'zset' ? {id: 'score', label: W.score, num: true, sort: true, value: r => Number(String(r.value).replace('inf', 'Infinity')), show: r => String(r.value)}
        : data.type === 'hash' ? {id: 'value', label: W.value, show: r => member(r.value, `value ${r.i}`, isCut(r.name) ? null : memberInPieces(path(page), {field: r.name}, r.value))} : null;
    return table(page, {
        id: 'members', caption: W.members, local: true, rows, key: r => String(r.i),
        columns: [{id: 'name', label: data.type === 'hash' ? W.field : W.member, head: data.type === 'hash', fixed: true, show: r => data.type === 'hash' ? label(r.name) : member(r.name, `name ${r.i}`)}, second].filter(Boolean)});
}

// All bytes of a string.
const whole = (page, told) => inPieces(async from => {
    const part = await page.get(path(page), {from, max: PIECE});
    return {value: part.value, isLast: from + toBytes(part.value).length >= part.length};
}, told);

// The front of a string, marked as such.
function front(data) {
    const v = data.value;
    if (data.type !== 'string' || !(data.length > toBytes(v).length)) return v;
    return {...(typeof v === 'string' ? {text: v} : {base64: v.base64}), bytes: data.length, cut: true};
}

// Where the next page begins: a position, or the cursor of a scan; null: there is none.
function nextOf(page, data) {
    const from = Number(page.query.from ?? 0);
    if (data.type === 'hash' || data.type === 'set') return data.next ?? null;
    return data.type === 'zset' && from + COUNT < data.length ? from + COUNT : null;
}

export function draw(page, data) {
    const {key, db} = page.params;
    const next = nextOf(page, data), own = data.type === 'stream' ? link('/stream/{db}/{key}', {db, key}) : data.type === 'list' ? link('/list/{db}/{key}', {db, key}) : null;
    return [
        facts([[W.type, data.type], [W.ttl, data.ttlMs === -1 ? W.never : data.ttlMs < 0 ? T.none : W.expires(span(data.ttlMs))], [W.encoding, label(data.encoding)], [W.bytes, size(data.bytes)],
               data.length === undefined ? null : [W.length, num(data.length)]]),
        own ? h('p', null, h('a', {href: own}, W.ownView(data.type))) : null,
        data.value === undefined ? null : h('h2', null, W.value),
        data.value === undefined ? null : data.type === 'string' || isString(data.value) ? valueView(page, front(data), {name: label(key), id: path(page), all: told => whole(page, told)}) : members(page, data),
        h('p', {class: 'bar'},
            page.query.from ? h('button', {type: 'button', onclick: () => page.set({from: ''})}, T.table.first) : null,
            next === null ? null : h('button', {type: 'button', onclick: () => page.set({from: next})}, T.table.next),
            data.type !== 'string' && data.value !== undefined && !own ? h('button', {type: 'button', onclick: () => download(label(key) + '.json', new TextEncoder().encode(JSON.stringify(data.value, null, 1)))}, W.downloadPage) : null),
    ];
}
