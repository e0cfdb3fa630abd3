// Keys: SCAN by pattern and type, in pages that are asked for one after the other until enough are found, somebody
// presses Stop, or all keys have been looked at. What is looked for is in the address; how far it got is kept while
// the view is open.
import {api, mayNot} from './api.js';
import {button, inCalls} from './actions.js';
import {command, encode, idOf, label, named} from './bytes.js';
import {commandLine} from './command_line.js';
import {h} from './dom.js';
import {filters, noMatch} from './filters.js';
import {globOf} from './queue.js';
import {link} from './router.js';
import {table, unchoose} from './table.js';
import {T, num, percent, size} from './text.js';
import {keys as W} from './text_operations.js';
import {span} from './time.js';

export const title = W.title;
export const about = W.about;
export const dbs = 'one';
export const filter = W.pattern;
export const poll = false;

export const TYPES = ['string', 'list', 'set', 'zset', 'hash', 'stream'];
const PAGE = 100, LOOK = 200; // keys found before it stops; keys looked at in a request
const AGAIN_MS = 2000;

const dbOf = page => Number(page.query.db ?? 0);
const nameOf = r => r.key;
// Streams and lists have views of their own.
export const keyLink = (db, key, type) => type === 'stream' ? link('/stream/{db}/{key}', {db, key}) : type === 'list' ? link('/list/{db}/{key}', {db, key}) : link('/key/{db}/{key}', {db, key});

async function look(page, scan) {
    const part = await page.get('/keys', {db: scan.db, match: scan.match, type: scan.type, cursor: scan.cursor, count: LOOK});
    scan.cursor = part.cursor;
    scan.ended = part.cursor === null;
    scan.progress = part.progress;
    for (const r of part.rows) scan.rows.set(idOf(nameOf(r)), r);
}

// Goes on until `want` have been found; what is found is seen at once.
async function goOn(page, scan) {
    scan.runs = true;
    try {
        while (!scan.ended && scan.runs && scan.rows.size < scan.want) {
            await look(page, scan);
            page.draw();
        }
    } finally {
        scan.runs = false;
    }
    page.draw();
}

// The server counts prefixes only while somebody looks, so they are asked for again until there are some. null: the user
// may not ask.
async function readPrefixes(page, db) {
    const answer = await page.maybe('/prefixes', {db});
    const rows = answer?.rows ?? null;
    if (rows && !rows.length && page.state.scan.rows.size) setTimeout(() => page.ending.signal.aborted || page.reload(), AGAIN_MS);
    return rows;
}

export async function load(page) {
    const asked = {db: dbOf(page), match: page.query.match ?? '', type: page.query.type ?? ''}, id = JSON.stringify(asked);
    if (page.state.scan?.id !== id || page.state.anew) {
        if (page.state.scan) page.state.scan.runs = false;
        page.state.anew = false;
        const scan = {...asked, id, cursor: 0, rows: new Map(), progress: 0, ended: false, runs: false, want: PAGE};
        await look(page, scan);
        page.state.scan = scan;
        page.attempt(() => goOn(page, scan));
    }
    return {scan: page.state.scan, prefixes: await readPrefixes(page, asked.db)};
}

export function leave(page) {
    if (page.state.scan) page.state.scan.runs = false;
}

export const commands = page => [command('SCAN', 0, page.query.match ? ['MATCH', page.query.match] : [], 'COUNT', LOOK, page.query.type ? ['TYPE', page.query.type] : []), 'SURVEY PREFIXES'];

// ---- Deleting


// One after the other. A session may ask so many times a second: then a moment later.
async function remove(db, key) {
    for (;;) {
        try {
            await api.del(`/keys/${db}/${encode(key)}`);
            return {done: 1, of: 1};
        } catch (e) {
            if (e.status === 404) return {done: 0, of: 1}; // somebody was faster
            if (e.status !== 429) throw e;
            await new Promise(done => setTimeout(done, 1000));
        }
    }
}

function deleteChosen(page, rows) {
    const db = dbOf(page), names = rows.map(nameOf);
    return {
        title: W.deleteTitle(names.length), text: W.deleteText, danger: true, button: W.deleteMany(names.length),
        commands: names.map(k => command('UNLINK', k)),
        run: async (v, step) => {
            const done = await inCalls(names, part => remove(db, part[0]), step, 1);
            for (const k of names) page.state.scan.rows.delete(idOf(k));
            unchoose(page, 'keys');
            return done;
        },
        result: a => W.deleted(a.done, a.of),
    };
}

function deleteMatching(page) {
    const scan = page.state.scan, pattern = scan.match;
    return {
        title: W.deletePatternTitle(pattern), text: W.deletePatternText(scan.rows.size, scan.ended), danger: true, typeName: pattern, button: W.deletePattern,
        commands: [command('SCAN', 0, 'MATCH', pattern, 'COUNT', LOOK, scan.type ? ['TYPE', scan.type] : []), 'UNLINK …'],
        run: async (v, step) => {
            let cursor = 0, done = 0;
            do {
                const part = await page.get('/keys', {db: scan.db, match: pattern, type: scan.type, cursor, count: LOOK});
                for (const r of part.rows) {
                    await step(done, 0, W.deletedSoFar(done));
                    done += (await remove(scan.db, nameOf(r))).done;
                }
                cursor = part.cursor;
                await step(done, 0, W.deletedSoFar(done));
            } while (cursor !== null);
            page.state.anew = true;
            return {done, of: done};
        },
        result: a => W.deleted(a.done, a.of),
    };
}

// ---- What is seen

function prefixName(page, r) {
    if (r.other) return W.other;
    if (r.prefix === '') return W.without;
    const glob = globOf(r.prefix); // null: the address holds no such pattern
    return glob === null ? label(r.prefix) : h('button', {type: 'button', onclick: () => page.set({match: `${glob}:*`})}, label(r.prefix));
}

function prefixCard(page, rows) {
    return h('details', {class: 'card', open: true}, h('summary', null, W.byPrefix, ' ', h('span', {class: 'hint'}, W.sampled)),
        rows.length ? h('div', {class: 'scroll low'}, h('table', null, h('caption', {class: 'sr'}, W.byPrefix),
            h('thead', null, h('tr', null, h('th', {scope: 'col'}, W.prefix), h('th', {scope: 'col', class: 'num'}, W.keys), h('th', {scope: 'col', class: 'num'}, W.bytes), h('th', {scope: 'col', class: 'num'}, W.share), h('th', {scope: 'col'}, h('span', {class: 'sr'}, W.share)))),
            h('tbody', null, rows.map(r => h('tr', {key: r.other ? 'other' : `of ${idOf(r.prefix)}`},
                h('th', {scope: 'row'}, prefixName(page, r)),
                h('td', {class: 'num'}, num(r.keys)), h('td', {class: 'num'}, size(r.bytes)), h('td', {class: 'num'}, percent(r.share * 100)),
                h('td', null, h('meter', {min: 0, max: 1, 'aria-label': W.share, use: el => { el.value = r.share; }})))))))
            : h('p', {class: 'hint'}, W.noPrefixes));
}

function progress(page, scan) {
    const text = W.looked(percent(scan.progress * 100), num(scan.rows.size));
    return h('div', {class: 'bar'}, h('progress', {max: 1, 'aria-label': W.progress, use: el => { el.value = scan.progress; }}), h('span', {role: 'status'}, text),
        scan.runs ? h('button', {type: 'button', key: 'stop', onclick: () => { scan.runs = false; page.draw(); }}, T.stop) : null,
        !scan.runs && !scan.ended ? h('button', {type: 'button', key: 'on', onclick: () => { scan.want = scan.rows.size + PAGE; page.attempt(() => goOn(page, scan)); }}, T.goOn) : null,
        !scan.runs && !scan.ended ? h('button', {type: 'button', key: 'all', onclick: () => { scan.want = Infinity; page.attempt(() => goOn(page, scan)); }}, W.toTheEnd) : null,
        scan.ended ? h('button', {type: 'button', key: 'again', onclick: () => { page.state.anew = true; page.reload(); }}, W.again) : null);
}

const columns = page => {
    const db = dbOf(page), link = r => h('a', {href: keyLink(db, nameOf(r), r.type)}, named(nameOf(r)));
    return [
        {id: 'key', label: W.key, head: true, fixed: true, sort: true, value: r => label(nameOf(r)), show: link},
        {id: 'type', label: W.type, sort: true, value: r => r.type, show: r => r.type ?? T.none},
        {id: 'bytes', label: W.bytes, num: true, sort: true, optional: true, value: r => Number(r.bytes ?? -1), show: r => size(r.bytes)},
        {id: 'ttl', label: W.expires, num: true, sort: true, optional: true, value: r => Number(r.ttlMs ?? -1), show: r => r.ttlMs >= 0 ? T.ahead(span(r.ttlMs)) : T.none},
    ];
};

export const actions = page => [
    button(page, W.deletePatternShort, {needs: ['scan', 'unlink'], danger: true, off: page.query.match ? null : W.patternFirst, action: () => deleteMatching(page)})];

export function draw(page, {scan, prefixes}) {
    return [
        h('div', {class: 'bar'}, filters(page, [{name: 'type', label: W.type, options: [['', T.all], ...TYPES]}])),
        progress(page, scan),
        prefixes ? prefixCard(page, prefixes) : null,
        table(page, {
            id: 'keys', caption: W.caption, columns: columns(page), rows: [...scan.rows.values()], key: r => idOf(nameOf(r)), name: r => label(nameOf(r)), local: true, select: true,
            open: r => keyLink(dbOf(page), nameOf(r), r.type),
            actions: chosen => button(page, W.deleteMany(chosen.length), {needs: 'unlink', danger: true, off: chosen.length ? null : W.chooseFirst, action: () => deleteChosen(page, chosen)}),
            empty: () => scan.ended ? scan.match || scan.type ? noMatch(page, ['match', 'type'], prefixes?.length ? prefixes.reduce((n, r) => n + Number(r.keys), 0) : null) : h('p', null, W.none) : h('p', null, W.noneYet)}),
        mayNot('scan') ? null : commandLine(page, dbOf(page)),
    ];
}
