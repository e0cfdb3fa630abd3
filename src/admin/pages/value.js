// V5: a value as what it is: text, JSON, hex, base64 or MessagePack. What fits is chosen; another choice is
// remembered for values of that name (a field, a key) while the page is open.
import {h, copy, download} from './dom.js';
import {fromBytes, hexDump, isCut, label, lengthOf, parseJson, parseMessagePack, toBase64, toBytes} from './bytes.js';
import {T, size} from './text.js';

const TREE_MOST = 2000; // nodes that are shown
const chosen = new Map();
const whole = new Map(); // what "all" has fetched

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

const FORMS = {
    text: v => typeof v.name === 'string' ? h('pre', null, v.name) : null,
    json(v) {
        if (typeof v.name !== 'string') return null;
        const r = parseJson(v.name);
        return r.tree ? tree(r.tree) : h('div', null, h('p', {class: 'hint'}, v.cut ? T.value.jsonCut : T.value.jsonError(r.at)),
            h('pre', null, v.name.slice(0, r.at), h('mark', null, v.name.slice(r.at, r.at + 1) || T.value.end), v.name.slice(r.at + 1)));
    },
    hex: v => h('pre', {class: 'hex'}, hexDump(v.bytes)),
    base64: v => h('pre', null, toBase64(v.bytes)),
    messagepack(v) {
        const r = parseMessagePack(v.bytes);
        return r.tree ? tree(r.tree) : h('p', {class: 'hint'}, T.value.packError(r.at));
    },
};

function fitting(v) {
    if (typeof v.name === 'string') return /^\s*(\{\s*["}]|\[\s*[[{"\d\]-])/.test(v.name) ? 'json' : 'text';
    return /^[\x80-\x9f\xdc-\xdf]/.test(String.fromCharCode(v.bytes[0] ?? 0)) && parseMessagePack(v.bytes).tree ? 'messagepack' : 'hex';
}

// name: what the choice is remembered for. all: fetches the whole value, for those that were cut.
export function valueView(page, value, {name = '', id = name, all = null} = {}) {
    const shown = whole.get(id) ?? value, bytes = toBytes(shown);
    const v = {bytes, name: fromBytes(bytes), cut: isCut(shown)};
    const form = chosen.get(name) ?? fitting(v);
    const fetchAll = async () => {
        whole.set(id, await all());
        if (whole.size > 20) whole.delete(whole.keys().next().value);
        page.draw();
    };
    return h('div', {class: 'value'},
        h('div', {class: 'bar'},
            h('label', null, T.value.as, ' ', h('select', {value: form, onchange: e => { chosen.set(name, e.target.value); page.draw(); }},
                Object.keys(FORMS).map(f => h('option', {value: f}, T.value.forms[f])))),
            h('span', {class: 'hint'}, v.cut ? T.value.cut(size(bytes.length), size(lengthOf(shown))) : size(bytes.length)),
            v.cut && all ? h('button', {type: 'button', onclick: () => page.attempt(fetchAll)}, T.value.all(size(lengthOf(shown)))) : null,
            h('button', {type: 'button', onclick: () => copy(typeof v.name === 'string' ? v.name : toBase64(bytes))}, T.copy),
            h('button', {type: 'button', onclick: () => page.attempt(async () => {
                if (v.cut && all) await fetchAll();
                download(name || 'value', toBytes(whole.get(id) ?? shown));
            })}, T.download)),
        FORMS[form](v) ?? FORMS.hex(v));
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
