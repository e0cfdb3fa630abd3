// V5: a value as what it is: text, JSON, hex, base64 or MessagePack. What fits is chosen; another choice is
// remembered for values of that name (a field, a key) while the page is open.
import {api, ApiError} from './api.js';
import {h, copy, download} from './dom.js';
import {CONTROLS, fromBytes, hexDump, isCut, label, lengthOf, parseJson, parseMessagePack, toBase64, toBytes} from './bytes.js';
import {T, size} from './text.js';

const TREE_MOST = 2000; // nodes that are shown
const TEXT_MOST = 1 << 20, HEX_MOST = 1 << 16; // characters, bytes
const KEPT = 20;
export const PIECE = 160000; // bytes that one answer has at most
const chosen = new Map();
const whole = new Map(); // what "all" has fetched: {front, value}; {front, got} while it does
const read = new Map();  // values as they are shown: {shown, bytes, name, cut, drawn}

function keep(map, id, x) {
    map.delete(id);
    map.set(id, x);
    if (map.size > KEPT) map.delete(map.keys().next().value);
    return x;
}

// Whether the beginning of a value is what it was.
const sameFront = (a, b) => a === b || lengthOf(a) === lengthOf(b) && (a?.text ?? a?.base64 ?? a) === (b?.text ?? b?.base64 ?? b);

function treeOf(node, name, depth, left) {
    const prefix = name === null ? null : [h('span', {class: 'name'}, name), ': '];
    if (left.n-- <= 0) return left.n === -1 ? h('li', null, T.value.more) : null;
    if (node.items === undefined)
        return h('li', null, prefix, h('span', {class: node.kind}, node.kind === 'string' ? JSON.stringify(node.text) : node.text));
    const [open, close] = node.kind === 'array' ? '[]' : '{}';
    if (!node.items.length) return h('li', null, prefix, open + close);
    const items = node.items.map((x, i) => node.kind === 'array' ? treeOf(x, null, depth + 1, left) : treeOf(x[1], x[0], depth + 1, left));
    return h('li', null, h('details', {open: depth < 3},
        h('summary', null, prefix, `${open} ${node.items.length} ${close}`), h('ul', {class: 'tree'}, items)));
}

const tree = node => h('ul', {class: 'tree'}, treeOf(node, null, 0, {n: TREE_MOST}));

// Characters that cannot be seen, as \xNN; lines stay lines.
const visible = text => text.slice(0, TEXT_MOST).split(new RegExp(`((?:(?![\\n\\t])${CONTROLS})+)`)).map((part, i) => i % 2 && i < 2 * TREE_MOST ? h('span', {class: 'hint'}, label(part)) : part);
const front = (isAll, shown) => isAll ? null : h('p', {class: 'hint'}, T.value.front(shown));

const FORMS = {
    text: v => typeof v.name === 'string' ? h('div', null, front(v.name.length <= TEXT_MOST, size(TEXT_MOST)), h('pre', null, visible(v.name))) : null,
    json(v) {
        if (typeof v.name !== 'string') return null;
        const r = parseJson(v.name);
        return r.tree ? tree(r.tree) : h('div', null, h('p', {class: 'hint'}, v.cut ? T.value.jsonCut : T.value.jsonError(r.at)),
            h('pre', null, v.name.slice(0, r.at), h('mark', null, v.name.slice(r.at, r.at + 1) || T.value.end), v.name.slice(r.at + 1)));
    },
    hex: v => h('div', null, front(v.bytes.length <= HEX_MOST, size(HEX_MOST)), h('pre', {class: 'hex'}, hexDump(v.bytes, HEX_MOST))),
    base64: v => h('div', null, front(v.bytes.length <= TEXT_MOST, size(TEXT_MOST)), h('pre', null, toBase64(v.bytes.subarray(0, TEXT_MOST)))),
    messagepack(v) {
        const r = parseMessagePack(v.bytes);
        return r.tree ? tree(r.tree) : h('p', {class: 'hint'}, T.value.packError(r.at));
    },
};

function fitting(v) {
    if (typeof v.name === 'string') return /^\s*(\{\s*["}]|\[\s*[[{"\d\]-])/.test(v.name) ? 'json' : 'text';
    return /^[\x80-\x9f\xdc-\xdf]/.test(String.fromCharCode(v.bytes[0] ?? 0)) && parseMessagePack(v.bytes).tree ? 'messagepack' : 'hex';
}

// The bytes of a value piece by piece: piece(from) is {value, isLast}. A session may ask so many times a second: beyond
// that it is asked a moment later. told: how many there are so far.
export async function inPieces(piece, told) {
    const parts = [];
    let n = 0;
    for (;;) {
        let part;
        try {
            part = await piece(n);
        } catch (e) {
            if (e.status !== 429) throw e;
            await new Promise(done => setTimeout(done, 1000));
            continue;
        }
        const bytes = toBytes(part.value);
        parts.push(bytes);
        n += bytes.length;
        told(n);
        if (part.isLast || !bytes.length) break;
    }
    const all = new Uint8Array(n);
    let at = 0;
    for (const p of parts) {
        all.set(p, at);
        at += p.length;
    }
    return fromBytes(all);
}

// The whole of a hash's value or of a list's item that is shown by its front: member says which (field or index). The front
// has to be the same: a list may have moved on.
export const memberInPieces = (path, member, shown) => told => inPieces(async skip => {
    const {value} = await api.get(`${path}/member`, {...member, skip: skip || undefined, max: PIECE}), bytes = toBytes(value), front = toBytes(shown);
    const isSame = skip + lengthOf(value) === lengthOf(shown) && (skip > 0 || front.every((b, i) => b === bytes[i]));
    if (!isSame) throw new ApiError(409, {text: T.value.changed});
    return {value, isLast: !isCut(value)};
}, told);

function readOf(id, shown) {
    const known = read.get(id);
    if (known && known.shown === shown) return known;
    const bytes = toBytes(shown);
    return keep(read, id, {shown, bytes, name: fromBytes(bytes), cut: isCut(shown), drawn: {}});
}

// name: what the choice is remembered for. all: fetches the whole value, for those that were cut: all(told), which says
// how many bytes it has so far.
export function valueView(page, value, {name = '', id = name, all = null} = {}) {
    const known = whole.get(id), got = known && sameFront(known.front, value) ? known : null; // another value since: it is cut again
    const shown = got?.value ?? value, v = readOf(id, shown), {bytes} = v;
    const form = chosen.get(name) ?? fitting(v);
    const fetchAll = async () => {
        const under = keep(whole, id, {front: value, got: 0});
        try {
            under.value = await all(n => { under.got = n; page.draw(); });
        } finally {
            if (under.value === undefined) whole.delete(id);
        }
        page.draw();
        return under.value;
    };
    const isUnderWay = got?.value === undefined && got !== null;
    return h('div', {class: 'value'},
        h('div', {class: 'bar'},
            h('label', null, T.value.as, ' ', h('select', {value: form, onchange: e => { chosen.set(name, e.target.value); page.draw(); }},
                Object.keys(FORMS).map(f => h('option', {value: f}, T.value.forms[f])))),
            h('span', {class: 'hint'}, v.cut ? T.value.cut(size(bytes.length), size(lengthOf(shown))) : size(bytes.length)),
            v.cut && all ? h('button', {type: 'button', disabled: isUnderWay, onclick: () => page.attempt(fetchAll)}, T.value.all(size(lengthOf(shown)))) : null,
            isUnderWay ? h('span', {class: 'hint', role: 'status'}, T.value.fetched(size(got.got))) : null,
            h('button', {type: 'button', onclick: () => copy(typeof v.name === 'string' ? v.name : toBase64(bytes))}, T.copy),
            h('button', {type: 'button', disabled: isUnderWay, onclick: () => page.attempt(async () => download(name || 'value', toBytes(v.cut && all ? await fetchAll() : shown)))}, T.download)),
        v.drawn[form] ??= FORMS[form](v) ?? FORMS.hex(v));
}

// The beginning of a value in one line.
export function short(value, most = 80) {
    const text = label(value);
    return text.length > most ? text.slice(0, most) + '…' : text;
}

// "order 17 · state new · body {..."
export function fieldsLine(fields, most = 120) {
    const parts = [];
    let n = 0;
    for (const [f, v] of fields) {
        if (n > most) {
            parts.push(h('span', {class: 'hint'}, ` · ${T.moreFields(fields.length - parts.length)}`));
            break;
        }
        const name = short(f, 30), text = short(v, 48);
        n += name.length + text.length + 4;
        parts.push(h('span', {class: 'pair'}, parts.length ? ' · ' : '', h('span', {class: 'name'}, name), ' ', text));
    }
    return h('span', {class: 'fields'}, parts);
}

// That an entry was longer than an answer, and how many of its fields are missing.
export const fieldsLeft = e => e.fieldsLeft > 0 ? h('span', {class: 'hint'}, ` · ${T.fieldsLeft(Number(e.fieldsLeft))}`) : null;

// An entry's fields in one line.
export const entryLine = e => [fieldsLine(e.fields ?? []), fieldsLeft(e)];
