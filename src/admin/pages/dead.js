// Dead letters: all streams that hold some; then one of them: grouped by reason or text, and letter by letter.
//
// Redriving (V10): the server decides what matches; the number is counted before, by a dry run, up to 10,000. It runs in
// calls of 1,000 from a cursor until that is 0-0; a letter that has to stay is passed over and counted.
import {button, inCalls, perform} from './actions.js';
import {api} from './api.js';
import {command, idOf, label, named, toBytes} from './bytes.js';
import {download, h} from './dom.js';
import {countAll, noMatch} from './filters.js';
import {globFrom} from './queues.js';
import {groupLink, lettersHref, streamHref, streamLink, streamPath} from './queue.js';
import {link} from './router.js';
import {table, unchoose} from './table.js';
import {ago, momentOf, parseSpan, span} from './time.js';
import {T, count, num, size} from './text.js';
import {D, Q} from './text_queues.js';
import {entryLine, fieldsLeft, short} from './value.js';

export const title = page => page.params.key === undefined ? T.nav.dead : named(page.params.key);
export const about = D.about;
// Beside all streams; the view of one stream has its place in the address.
const isList = page => page.params.key === undefined;
export const filter = page => isList(page) && 'ord*';
export const dbs = isList;

const COUNT = 50, CALL = 1000, COUNTED_MOST = 10000;
const PAIR = /^dl-/; // names of the pairs that tell of a death

export async function load(page) {
    const {db, key} = page.params, {by = 'dl-text', after} = page.query;
    if (key === undefined) {
        const list = await page.get('/deadletters', {db: page.query.db, match: globFrom(page.query.match), by: page.query.by ?? 'newest', desc: page.query.by ? page.query.desc : undefined, count: 100, after});
        return {...list, of: await countAll(page, '/deadletters', list)};
    }
    const path = streamPath(db, key), chosen = page.query.value;
    const [stream, groups, list] = await Promise.all([
        page.get(path), page.maybe(`${path}/letters`, {by}),
        page.get(`${path}/entries`, {newest: 1, count: COUNT, after, ...(chosen === undefined ? {} : {field: by, equals: chosen})}),
    ]);
    return {db, key, path, by, info: stream.info ?? {}, groups, list};
}

// ---- Redrive

// How many letters match among the 10,000 that a dry run looks at: {n, isCut}.
async function countLetters(path, body) {
    const r = await api.post(`${path}/redrive`, {...body, dry: true});
    return {n: Number(r.would), isCut: Number(r.looked) >= COUNTED_MOST};
}

const newestOf = async s => (await api.get(`${s.path}/entries`, {newest: 1, count: 1})).entries[0]?.id;

// Those that match and are still there when all has been gone through; letters that came meanwhile are none of them.
async function stayedOf(s, body, newest) {
    const {n, isCut} = await countLetters(s.path, {...body, until: newest});
    return {stayed: n, atLeast: isCut};
}

const redriveWords = (key, body, v) => command('XREDRIVE', key, body.match ? ['MATCH', body.match.field, body.match.value] : null, body.ids ? ['IDS', body.ids.length, body.ids] : ['COUNT', CALL],
    v.where === 'another' ? ['TO', v.to || '?'] : null, v.delay ? ['DELAY', parseSpan(v.delay)] : null);

// body: {ids} or {match} or {}; what: whose words it is ("the 4 that match ..."); n: how many, as far as is known.
function redriveAction(s, body, what, n, after) {
    const extra = v => ({to: v.where === 'another' ? v.to : undefined, delayMs: v.delay ? parseSpan(v.delay) : undefined});
    return {
        title: D.redriveTitle(what), text: D.text1, button: D.redriveN(typeof n === 'number' ? num(n) : n),
        fields: [{name: 'where', label: D.to, type: 'select', value: 'where', options: [['where', D.where], ['another', D.another]]}, {name: 'to', label: D.target, required: true, shown: v => v.where === 'another'},
                 {name: 'delay', label: D.delay, hint: D.delayHint, check: t => t && Number.isNaN(parseSpan(t)) ? T.action.number : null}],
        commands: v => redriveWords(s.key, body, v),
        async run(v, step) {
            const sum = {moved: 0, stayed: 0, atLeast: false, command: null}, newest = body.ids ? null : await newestOf(s);
            const add = r => {
                sum.moved += Number(r.moved);
                sum.stayed += Number(r.stayed ?? 0);
                sum.command ??= r.command ?? null;
                return step(sum.moved + sum.stayed, typeof n === 'number' ? n : 0, D.moved(sum.moved, sum.stayed));
            };
            if (body.ids) {
                for (let i = 0; i < body.ids.length; i += CALL) await add(await api.post(`${s.path}/redrive`, {ids: body.ids.slice(i, i + CALL), ...extra(v)}));
            } else {
                let start;
                do {
                    const r = await api.post(`${s.path}/redrive`, {...body, count: CALL, start, ...extra(v)});
                    await add(r);
                    start = r.next;
                } while (start && start !== '0-0');
                if (newest) Object.assign(sum, await stayedOf(s, body, newest));
            }
            after?.();
            return sum;
        },
        result: a => D.moved(a.moved, a.stayed, a.atLeast),
    };
}

// Counts first, then asks.
async function redriveMatching(page, s, body, words) {
    const {n, isCut} = await countLetters(s.path, body);
    const text = isCut ? D.atLeast(n) : num(n);
    await perform(page, redriveAction(s, body, words(text), isCut ? text : n));
}

// ---- Delete

// IDs of letters, page by page of the search, deleted as they are found.
function deleteAction(s, what, {ids = null, field = null, value = null}, after) {
    return {
        title: D.deleteTitle(what, label(s.key)), text: D.deleteText, danger: true, button: Q.delete, typeName: ids ? undefined : label(s.key),
        commands: ids ? command('XDEL', s.key, ids) : [command('XRANGE', s.key, '-', '+', 'COUNT', 200), command('XDEL', s.key, '…')],
        async run(v, step) {
            if (ids) return inCalls(ids, part => api.del(`${s.path}/entries`, {ids: part}), step).finally(after);
            const sum = {done: 0};
            let from;
            do {
                const part = await api.get(`${s.path}/entries`, {count: 200, after: from, ...(field ? {field, equals: value} : {})});
                const found = part.entries.map(e => e.id);
                if (found.length) sum.done += Number((await api.del(`${s.path}/entries`, {ids: found})).deleted ?? found.length);
                from = part.after;
                await step(sum.done, 0);
            } while (from);
            return sum;
        },
        result: a => D.deleted(a.done),
    };
}

// ---- All streams

function listView(page, d) {
    const redriveAll = r => async () => redriveMatching(page, {key: r.key, path: streamPath(r.db, r.key)}, {}, n => D.every(n));
    return table(page, {
        id: 'dead', caption: T.nav.dead, rows: d.rows, key: r => `${r.db} ${idOf(r.key)}`, name: r => label(r.key), total: d.total, after: d.after, by: 'newest', open: r => lettersHref(r.db, r.key),
        columns: [{id: 'key', label: Q.key, head: true, sort: true, show: r => h('a', {href: lettersHref(r.db, r.key)}, named(r.key))}, {id: 'letters', label: D.letters, sort: true, num: true, show: r => num(r.letters)},
                  {id: 'bytes', label: Q.bytes, sort: true, num: true, show: r => size(r.bytes)}, {id: 'oldest', label: D.oldest, sort: true, num: true, live: false, show: r => span(r.oldestMs)}, {id: 'newest', label: D.newest, sort: true, num: true, live: false, show: r => span(r.newestMs)},
                  {id: 'sources', label: D.sources, show: r => r.sources.length ? r.sources.map(([k, g], i) => h('span', {key: i}, i ? ', ' : '', streamLink(r.db, k), ' / ', groupLink(r.db, k, g))).concat(r.sourcesLeft ? D.sourcesLeft(r.sourcesLeft) : []) : h('span', {class: 'hint'}, D.anywhere)},
                  {id: 'act', label: '', title: T.more, class: 'nowrap', show: r => button(page, D.redriveAll, {needs: 'xredrive', off: r.letters > 0 ? null : D.noneHere, run: redriveAll(r)})}],
        empty: () => page.query.match || page.query.db ? noMatch(page, ['match', 'db'], d.of) : h('p', null, D.none),
    });
}

// ---- One stream

function groupsView(page, s) {
    const {groups, by} = s;
    const valueOf = r => r.value === null || r.value === undefined ? D.nothing : short(r.value, 100);
    const match = r => ({match: {field: by, value: r.value}});
    return h('section', null,
        h('div', {class: 'bar'}, h('label', null, D.by, ' ', h('select', {value: by, onchange: e => page.set({by: e.target.value === 'dl-text' ? '' : e.target.value, value: '', after: ''})}, Object.entries(D.bys).map(([id, name]) => h('option', {value: id}, name)))),
            h('span', {class: 'hint'}, D.looked(Number(groups.looked), Number(groups.of)), groups.others > 0 ? ' ' + D.others(groups.others) : '')),
        table(page, {
            id: 'reasons', caption: D.by, rows: groups.rows, key: r => idOf(r.value ?? ''), name: valueOf,
            columns: [{id: 'value', label: D.bys[by], head: true, show: r => typeof r.value === 'string' ? h('a', {href: lettersHref(s.db, s.key, {by: by === 'dl-text' ? '' : by, value: r.value})}, valueOf(r)) : valueOf(r)},
                      {id: 'count', label: D.count, num: true, show: r => num(r.count)}, {id: 'first', label: D.first, show: r => ago(momentOf(r.first))}, {id: 'last', label: D.last, show: r => ago(momentOf(r.last))},
                      {id: 'act', label: '', title: T.more, class: 'nowrap', show: r => r.value === null || r.value === undefined ? null : [
                          button(page, D.redriveN(num(r.count)), {needs: 'xredrive', key: 'redrive', run: () => redriveMatching(page, s, match(r), n => D.matching(n, valueOf(r)))}), ' ',
                          button(page, D.deleteN(num(r.count)), {needs: 'xdel', key: 'delete', danger: true, action: () => deleteAction(s, D.matching(num(r.count), valueOf(r)), {field: by, value: r.value})})]}],
        }));
}

const fieldOf = (e, name) => e.fields.find(([f]) => f === name)?.[1];
const ownFields = e => e.fields.filter(([f]) => !(typeof f === 'string' && PAIR.test(f)));

function reasonOf(e) {
    const reason = fieldOf(e, 'dl-reason'), text = fieldOf(e, 'dl-text');
    return [h('strong', null, reason === undefined ? T.none : label(reason)), text === undefined ? '' : [' “', label(text), '”']];
}

function originOf(s, e) {
    const key = fieldOf(e, 'dl-key'), group = fieldOf(e, 'dl-group');
    return key === undefined ? T.none : [streamLink(s.db, key), group === undefined ? '' : [' / ', groupLink(s.db, key, group)]];
}

function lettersView(page, s) {
    const actions = rows => {
        const ids = rows.map(r => r.id), off = ids.length ? null : T.table.chosen(0), done = () => unchoose(page, 'letters');
        return [
            button(page, D.redriveN(num(ids.length)), {needs: 'xredrive', off, key: 'redrive', action: () => redriveAction(s, {ids}, D.chosen(ids.length), ids.length, done)}),
            button(page, D.deleteN(num(ids.length)), {needs: 'xdel', off, danger: true, key: 'delete', action: () => deleteAction(s, D.chosen(ids.length), {ids}, done)}),
            h('button', {type: 'button', key: 'lines', onclick: () => download(`${label(s.key)}.ndjson`, toBytes(s.list.entries.map(e => JSON.stringify({id: e.id, fields: e.fields, fieldsLeft: e.fieldsLeft})).join('\n') + '\n'))}, D.download),
        ];
    };
    return h('section', null,
        h('h2', null, page.query.value === undefined ? D.all : `${D.bys[s.by]}: ${page.query.value}`, ' ', page.query.value === undefined ? null : h('a', {href: lettersHref(s.db, s.key, {by: s.by === 'dl-text' ? '' : s.by})}, D.all)),
        table(page, {
            id: 'letters', caption: D.all, rows: s.list.entries, key: r => r.id, name: r => r.id, after: s.list.after, select: true, actions,
            expand: e => [h('dl', {class: 'values'}, e.fields.map(([f, v], i) => h('div', {key: i}, h('dt', null, label(f)), h('dd', null, short(v, 2000))))), fieldsLeft(e)],
            columns: [{id: 'when', label: D.when, head: true, show: e => ago(momentOf(e.id))}, {id: 'reason', label: D.reason, show: reasonOf}, {id: 'tries', label: D.tries, num: true, show: e => label(fieldOf(e, 'dl-count') ?? T.none)},
                      {id: 'consumer', label: D.consumer, show: e => label(fieldOf(e, 'dl-consumer') ?? T.none)}, {id: 'from', label: D.origin, show: e => originOf(s, e)}, {id: 'message', label: D.message, show: e => entryLine({...e, fields: ownFields(e)})}],
            empty: () => page.query.value === undefined ? h('p', null, D.noneHere) : noMatch(page, ['value'], s.info.length),
        }));
}

export const subtitle = (page, d) => page.params.key === undefined ? D.about : [`${T.frame.dbName(d.db)}, ${count(d.info.length, 'letter')} · `, h('a', {href: streamHref(d.db, d.key)}, D.asStream), ' · ', h('a', {href: link('/dead')}, D.back)];

export const actions = (page, d) => page.params.key === undefined ? null : button(page, D.redriveAll, {needs: 'xredrive', off: d.info.length > 0 ? null : D.noneHere, run: () => redriveMatching(page, d, {}, n => D.every(n))});

export function draw(page, d) {
    if (d.rows) return listView(page, d);
    return [d.groups?.rows.length ? groupsView(page, d) : null, lettersView(page, d)];
}

export const commands = (page, d) => d.rows ? ['SURVEY DEAD BY newest'] : [command('XREVRANGE', d.key, '+', '-', 'COUNT', COUNT)];
