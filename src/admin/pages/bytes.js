// Names and values are bytes. The API has them as a string when they are UTF-8, as {base64} when not, and as
// {text | base64, bytes, cut: true} when only their beginning was sent. These are passed on as they came;
// here is what can be done with them.

const strict = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const encoder = new TextEncoder();

export const isCut = v => v !== null && typeof v === 'object' && v.cut === true;

export function toBytes(v) {
    if (v === null || v === undefined) return new Uint8Array();
    if (typeof v !== 'object') return encoder.encode(String(v));
    if (v.text !== undefined) return encoder.encode(v.text);
    return Uint8Array.from(atob(v.base64 ?? ''), c => c.charCodeAt(0));
}

// How many bytes the whole value has.
export const lengthOf = v => isCut(v) ? Number(v.bytes) : toBytes(v).length;

// A string, or {base64}: as a body has it.
export function fromBytes(bytes) {
    try {
        return strict.decode(bytes);
    } catch {
        return {base64: toBase64(bytes)};
    }
}

// One character a byte. In pieces: a call has only so many arguments.
function plain(bytes) {
    let s = '';
    for (let i = 0; i < bytes.length; i += 8192) s += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return s;
}

export function toBase64(bytes) {
    return btoa(plain(bytes));
}

// A part of a path: percent-encoded bytes to a name, and back.
export function decode(part) {
    const out = [];
    for (let i = 0; i < part.length; i++) {
        const code = part[i] === '%' && /^[\da-f]{2}$/i.test(part.slice(i + 1, i + 3)) ? parseInt(part.slice(i + 1, i + 3), 16) : -1;
        if (code >= 0) {
            out.push(code);
            i += 2;
        } else {
            const point = String.fromCodePoint(part.codePointAt(i));
            out.push(...encoder.encode(point));
            i += point.length - 1;
        }
    }
    return fromBytes(Uint8Array.from(out));
}

export function encode(v) {
    let s = '';
    for (const b of toBytes(v)) {
        const c = String.fromCharCode(b);
        s += /[A-Za-z0-9_.~:-]/.test(c) ? c : '%' + b.toString(16).toUpperCase().padStart(2, '0');
    }
    return s;
}

// Whether two names are the same bytes; and a text by which a name can be found in a Map.
export const idOf = v => typeof v === 'string' ? v : encode(v);
export const same = (a, b) => encode(a) === encode(b);

const hex2 = n => n.toString(16).padStart(2, '0');

// Control characters, and those that turn the direction of what follows.
export const CONTROLS = '[\\u0000-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff]';
const controls = new RegExp(CONTROLS, 'g');

// A name as text in one line: what cannot be seen or is no UTF-8 as \xNN.
export function label(v) {
    if (v === null || v === undefined) return '';
    if (typeof v !== 'object' || v.text !== undefined) {
        const s = typeof v === 'object' ? v.text : String(v);
        return s.replace(controls, c => {
            const named = {'\n': '\\n', '\r': '\\r', '\t': '\\t'}[c];
            return named ?? [...encoder.encode(c)].map(b => '\\x' + hex2(b)).join('');
        }) + (isCut(v) ? '…' : '');
    }
    return mixed(toBytes(v)) + (isCut(v) ? '…' : '');
}

// The name of a thing, of which there is something to be seen: Redis knows the empty name.
export const named = v => label(v) || '""';

// Runs of UTF-8 as text, each other byte as \xNN.
function mixed(bytes) {
    let s = '';
    for (let i = 0; i < bytes.length;) {
        const lead = bytes[i];
        const n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
        try {
            if (!n || i + n > bytes.length) throw 0;
            s += label(strict.decode(bytes.subarray(i, i + n)));
            i += n;
        } catch {
            s += '\\x' + hex2(lead);
            i++;
        }
    }
    return s;
}

// What stands in a field is text: it means the name that is shown so, where there is one, else what was typed.
export const meant = (text, names) => names.find(n => label(n) === text) ?? text;

// A word as redis-cli takes it.
export function quote(v) {
    if (typeof v === 'number') return String(v);
    const bytes = toBytes(v);
    if (bytes.length && bytes.every(b => b > 0x20 && b < 0x7f && b !== 0x22 && b !== 0x27 && b !== 0x5c)) return plain(bytes);
    let s = '';
    for (const b of bytes) {
        const c = String.fromCharCode(b);
        const named = {'\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\'}[c];
        s += named ?? (b >= 0x20 && b < 0x7f ? c : '\\x' + hex2(b));
    }
    return `"${s}"`;
}

// A command as redis-cli takes it; null and undefined are left out.
export const command = (...words) => words.flat(Infinity).filter(w => w !== null && w !== undefined).map(quote).join(' ');

// "00000010  48 65 6c ...  Hel..."
export function hexDump(bytes, most = 65536) {
    const lines = [];
    for (let i = 0; i < Math.min(bytes.length, most); i += 16) {
        const row = [...bytes.subarray(i, i + 16)];
        const codes = row.map(hex2).join(' ').padEnd(47);
        lines.push(`${i.toString(16).padStart(8, '0')}  ${codes}  ${row.map(b => b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.').join('')}`);
    }
    return lines.join('\n');
}

// ---- Trees: {kind: 'object', items: [[name, tree]]}, {kind: 'array', items: [tree]}, {kind: 'string', text},
// {kind: 'other', text}. A parser of its own for JSON, since JSON.parse() forgets the order of names that
// are numbers, equal names, and the digits of large numbers.

const DEEPEST = 100;

// {tree} or {error, at}
export function parseJson(text) {
    const token = /\s*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;
    let at = 0;
    const fail = () => {
        throw {at: at + /^\s*/.exec(text.slice(at, at + 1000))[0].length};
    };
    const take = () => {
        token.lastIndex = at;
        const m = token.exec(text);
        if (!m) fail();
        const before = at;
        at = token.lastIndex;
        return {mark: m[1], string: m[2], other: m[3], back: () => { at = before; }};
    };
    const list = (end, item) => {
        const items = [];
        const first = take();
        if (first.mark === end) return items;
        first.back();
        for (;;) {
            items.push(item());
            const t = take();
            if (t.mark === end) return items;
            if (t.mark !== ',') t.back(), fail();
        }
    };
    const value = depth => {
        if (depth > DEEPEST) fail();
        const t = take();
        if (t.string !== undefined) return {kind: 'string', text: JSON.parse(t.string)};
        if (t.other !== undefined) return {kind: 'other', text: t.other};
        if (t.mark === '[') return {kind: 'array', items: list(']', () => value(depth + 1))};
        if (t.mark !== '{') t.back(), fail();
        return {kind: 'object', items: list('}', () => {
            const name = take();
            if (name.string === undefined) name.back(), fail();
            const colon = take();
            if (colon.mark !== ':') colon.back(), fail();
            return [JSON.parse(name.string), value(depth + 1)];
        })};
    };
    try {
        const tree = value(0);
        if (text.slice(at).trim()) fail();
        return {tree};
    } catch (e) {
        if (e.at === undefined) throw e;
        return {error: true, at: e.at};
    }
}

// {tree} or {error, at}
export function parseMessagePack(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const fail = () => {
        throw {at};
    };
    const need = n => {
        if (at + n > bytes.length) fail();
        at += n;
        return at - n;
    };
    const other = x => ({kind: 'other', text: String(x)});
    const string = n => {
        const raw = bytes.subarray(need(n), at);
        return {kind: 'string', text: label(fromBytes(raw))};
    };
    const size = n => n === 1 ? view.getUint8(need(1)) : n === 2 ? view.getUint16(need(2)) : view.getUint32(need(4));
    const array = (n, depth) => ({kind: 'array', items: many(n, () => value(depth + 1))});
    const map = (n, depth) => ({kind: 'object', items: many(n, () => {
        const name = value(depth + 1);
        return [name.text ?? '{…}', value(depth + 1)];
    })});
    const many = (n, item) => {
        if (n > bytes.length - at) fail();
        return Array.from({length: n}, item);
    };
    const ext = n => {
        const type = view.getInt8(need(1));
        need(n);
        return other(`ext ${type}, ${n} bytes`);
    };
    const value = depth => {
        if (depth > DEEPEST) fail();
        const b = view.getUint8(need(1));
        if (b < 0x80) return other(b);
        if (b >= 0xe0) return other(b - 256);
        if (b < 0x90) return map(b & 15, depth);
        if (b < 0xa0) return array(b & 15, depth);
        if (b < 0xc0) return string(b & 31);
        switch (b) {
        case 0xc0: return other('null');
        case 0xc2: return other('false');
        case 0xc3: return other('true');
        case 0xc4: case 0xc5: case 0xc6: return string(size(1 << (b - 0xc4)));
        case 0xc7: case 0xc8: case 0xc9: return ext(size(1 << (b - 0xc7)));
        case 0xca: return other(view.getFloat32(need(4)));
        case 0xcb: return other(view.getFloat64(need(8)));
        case 0xcc: return other(view.getUint8(need(1)));
        case 0xcd: return other(view.getUint16(need(2)));
        case 0xce: return other(view.getUint32(need(4)));
        case 0xcf: return other(view.getBigUint64(need(8)));
        case 0xd0: return other(view.getInt8(need(1)));
        case 0xd1: return other(view.getInt16(need(2)));
        case 0xd2: return other(view.getInt32(need(4)));
        case 0xd3: return other(view.getBigInt64(need(8)));
        case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: return ext(1 << (b - 0xd4));
        case 0xd9: case 0xda: case 0xdb: return string(size(1 << (b - 0xd9)));
        case 0xdc: case 0xdd: return array(size(2 << (b - 0xdc)), depth);
        case 0xde: case 0xdf: return map(size(2 << (b - 0xde)), depth);
        default: return fail();
        }
    };
    try {
        const tree = value(0);
        if (at < bytes.length) fail();
        return {tree};
    } catch (e) {
        if (e.at === undefined) throw e;
        return {error: true, at: e.at};
    }
}
