// The command line of the Keys view: one command at a time, as the user who is logged in. It is there only with
// console-commands yes. What was typed is kept while the tab is open, and nowhere else.
import {api, hasFeature, isReadOnly} from './api.js';
import {h} from './dom.js';
import {label, quote, toBase64} from './bytes.js';
import {T} from './text.js';
import {line as W} from './text_operations.js';

const SHOWN = 20;
const past = []; // {text, reply | error}, the newest last
let at = 0, docs = null, hintFor = '';

// Words as redis-cli takes them; null: a quote is open.
export function split(text) {
    const words = [];
    let i = 0;
    const escapes = {n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b'};
    for (;;) {
        while (/\s/.test(text[i] ?? '')) i++;
        if (i >= text.length) return words;
        let word = [];
        const put = s => word.push(...new TextEncoder().encode(s));
        while (i < text.length && !/\s/.test(text[i])) {
            const open = text[i];
            if (open !== '"' && open !== "'") {
                put(String.fromCodePoint(text.codePointAt(i)));
                i += text.codePointAt(i) > 0xffff ? 2 : 1;
                continue;
            }
            for (i++; text[i] !== open; i++) {
                if (i >= text.length) return null;
                if (text[i] !== '\\' || open === "'") {
                    put(String.fromCodePoint(text.codePointAt(i)));
                    if (text.codePointAt(i) > 0xffff) i++;
                    continue;
                }
                const hex = /^x[\da-f]{2}/i.exec(text.slice(i + 1, i + 4));
                if (hex) word.push(parseInt(hex[0].slice(1), 16));
                else put(escapes[text[i + 1]] ?? text[i + 1] ?? '');
                i += hex ? 3 : 1;
            }
            i++;
        }
        words.push(Uint8Array.from(word));
    }
}

const asBody = bytes => {
    try {
        return new TextDecoder('utf-8', {fatal: true}).decode(bytes);
    } catch {
        return {base64: toBase64(bytes)};
    }
};

// A reply as a tree.
function tree(v, depth = 0) {
    if (v === null) return h('span', {class: 'hint'}, W.nil);
    if (typeof v !== 'object' || v.base64 !== undefined || v.text !== undefined) return h('code', null, typeof v === 'number' ? `(integer) ${v}` : typeof v === 'boolean' ? String(v) : quote(v));
    const items = Array.isArray(v) ? v.map((x, i) => [String(i + 1), x]) : Object.entries(v);
    if (!items.length) return h('span', {class: 'hint'}, W.emptyReply);
    return h('details', {open: depth < 2}, h('summary', null, W.items(items.length)), h('ul', {class: 'tree'}, items.slice(0, 500).map(([name, x], i) => h('li', {key: String(i)}, h('span', {class: 'name'}, label(name)), ' ', tree(x, depth + 1)))));
}

async function run(page, db, text, field) {
    const words = split(text);
    if (!text.trim()) return;
    const entry = {text, reply: undefined, error: words ? null : W.openQuote};
    past.push(entry);
    if (past.length > 200) past.shift();
    at = past.length;
    field.value = '';
    if (words) {
        try {
            entry.reply = (await api.post('/command', {argv: words.map(asBody), db})).reply;
        } catch (e) {
            if (e.name === 'AbortError') return;
            entry.error = e.text ?? e.message;
        }
    }
    page.draw();
}

// What the command that is being typed takes.
async function hint(page, text) {
    const name = (/^\s*(\S+)/.exec(text)?.[1] ?? '').toLowerCase();
    if (name === hintFor) return;
    hintFor = name;
    const answer = name.length > 1 && /^[a-z]+$/.test(name) ? await page.maybe(`/reference/${name}`).catch(() => null) : null;
    if (name !== hintFor) return; // typing was faster
    const [entry] = Object.entries(answer?.docs ?? {}); // by the command's name; of an unknown one nothing
    docs = entry ? {name: entry[0], ...entry[1]} : null;
    page.draw();
}

// An argument of COMMAND DOCS as it is typed: [COUNT count], <LEFT | RIGHT>, value [value …].
function argument(a) {
    const is = what => a.flags?.includes(what);
    const inner = a.arguments ? a.arguments.map(argument).join(a.type === 'oneof' ? ' | ' : ' ') : a.type === 'pure-token' ? '' : a.displayText ?? a.name;
    const one = [a.token, inner].filter(Boolean).join(' '), text = is('multiple') ? `${one} [${one} …]` : one;
    return is('optional') ? `[${text}]` : a.type === 'oneof' ? `<${text}>` : text;
}

const usage = d => d ? `${[label(d.name).toUpperCase(), ...(d.arguments ?? []).map(argument)].join(' ')} — ${label(d.summary)}` : '';

function keys(page, db, e) {
    const field = e.target;
    if (e.key === 'Enter') {
        e.preventDefault();
        page.attempt(() => run(page, db, field.value, field));
    } else if (e.key === 'ArrowUp' || e.key === 'ArrowDown') {
        e.preventDefault();
        at = Math.max(0, Math.min(past.length, at + (e.key === 'ArrowUp' ? -1 : 1)));
        field.value = past[at]?.text ?? '';
    } else if (e.key === 'Tab' && !e.shiftKey && docs?.name && field.value.trim() && !/\s/.test(field.value.trim())) {
        e.preventDefault();
        field.value = `${label(docs.name).toUpperCase()} `;
    }
}

export function commandLine(page, db) {
    if (!hasFeature('commands') || isReadOnly()) return null;
    return h('section', {class: 'card', key: 'command-line'}, h('h2', null, W.title), h('p', {class: 'hint'}, W.about(db)),
        h('div', {role: 'log', 'aria-label': W.replies}, h('ol', {class: 'tree'}, past.slice(-SHOWN).map((x, i) => h('li', {key: `${past.length}-${i}`}, h('code', null, `> ${x.text}`), h('div', null,
            x.error !== null ? h('span', {class: 'wrong'}, `(error) ${x.error}`) : x.reply === undefined ? T.state.loading : tree(x.reply)))))),
        h('label', {for: 'command-line', class: 'sr'}, W.label),
        h('input', {id: 'command-line', type: 'text', spellcheck: 'false', autocomplete: 'off', placeholder: 'XINFO STREAM orders', 'aria-describedby': 'command-hint', onkeydown: e => keys(page, db, e), oninput: e => hint(page, e.target.value)}),
        h('p', {id: 'command-hint', class: 'hint'}, usage(docs)));
}
