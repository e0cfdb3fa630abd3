// Queues: all streams, one row a stream, which unfolds to its groups.
import {button, perform} from './actions.js';
import {command, idOf, label} from './bytes.js';
import {h} from './dom.js';
import {countAll, filters, noMatch} from './filters.js';
import {ageClass, deleteAction, flagsOf, globOf, groupHref, groupLink, newQueueAction, pauseAction, purgeAction, streamHref, streamLink} from './queue.js';
import {table} from './table.js';
import {ago, momentOf, span} from './time.js';
import {T, num, rate, size} from './text.js';
import {Q} from './text_queues.js';

export const title = T.nav.queues;
export const about = Q.queuesAbout;
export const dbs = true;
export const filter = 'ord*';

const COUNT = 100;
const ONLY = ['ready', 'paused', 'no-readers', 'failing']; // conditions of SURVEY
const onlyOf = query => ONLY.filter(name => query[name]).join(',');
const idOfRow = r => `${r.db} ${idOf(r.key)}`;

// The filter is a part of the name, or a glob when it has the signs of one.
export const globFrom = text => !text ? undefined : /[*?[]/.test(text) ? text : `*${text}*`;

export async function load(page) {
    const {db, match, by = 'oldest-ready', desc = '1', after} = {...page.query, ...(page.query.by && !page.query.desc ? {desc: ''} : {})};
    const only = onlyOf(page.query);
    const list = await page.get('/streams', {db, match: globFrom(match), only, by, desc, count: COUNT, after});
    const open = [...page.state.tables?.queues?.open ?? []];
    const groups = new Map();
    await Promise.all(list.rows.filter(r => open.includes(idOfRow(r))).map(async r => {
        const all = await page.get('/groups', {db: r.db, match: globOf(r.key) ?? undefined, count: 200});
        groups.set(idOfRow(r), all.rows.filter(g => idOf(g.key) === idOf(r.key)));
    }));
    return {...list, groups, of: await countAll(page, '/streams', list)};
}

const COLUMNS = [
    {id: 'key', label: Q.key, fixed: true, head: true, sort: true, show: r => streamLink(r.db, r.key)},
    {id: 'db', label: Q.db, sort: true, optional: true, num: true, show: r => num(r.db)},
    {id: 'length', label: Q.length, sort: true, num: true, show: r => num(r.length)},
    {id: 'bytes', label: Q.bytes, sort: true, num: true, show: r => size(r.bytes)},
    {id: 'added-rate', label: Q.added, sort: true, num: true, show: r => rate(r.addedRate)},
    {id: 'groups', label: Q.groups, sort: true, num: true, show: r => num(r.groups)},
    {id: 'consumers', label: Q.consumers, sort: true, num: true, show: r => num(r.consumers)},
    {id: 'ready', label: Q.ready, sort: true, num: true, show: r => num(r.ready)},
    {id: 'leased', label: Q.leased, sort: true, num: true, show: r => num(r.leased)},
    {id: 'deferred', label: Q.deferred, sort: true, num: true, optional: true, show: r => num(r.deferred)},
    {id: 'scheduled', label: Q.scheduled, sort: true, num: true, optional: true, show: r => num(r.scheduled)},
    {id: 'dead', label: Q.dead, sort: true, num: true, show: r => h('span', {class: r.dead > 0 ? 'warn-text' : null}, num(r.dead))},
    {id: 'oldest-ready', label: Q.oldest, sort: true, num: true, live: false, show: r => h('span', {class: ageClass(r.oldestReadyMs)}, span(r.oldestReadyMs))},
    {id: 'last', label: Q.last, sort: true, optional: true, show: r => r.length > 0 ? ago(momentOf(r.last)) : T.none},
    {id: 'maxlen', label: Q.limit, sort: true, num: true, optional: true, show: r => r.maxlen > 0 ? num(r.maxlen) : T.none},
    {id: 'flags', label: Q.flagsTitle, show: r => flagsOf(r.flags)},
];

const GROUP_COLUMNS = [
    {id: 'group', label: Q.group, head: true, show: r => groupLink(r.db, r.key, r.group)},
    {id: 'consumers', label: Q.consumers, num: true, show: r => num(r.consumers)},
    {id: 'ready', label: Q.ready, num: true, show: r => num(r.ready)},
    {id: 'leased', label: Q.leased, num: true, show: r => num(r.leased)},
    {id: 'deferred', label: Q.deferred, num: true, show: r => num(r.deferred)},
    {id: 'delivered', label: Q.delivered, num: true, show: r => rate(r.deliveredRate)},
    {id: 'acked', label: Q.acked, num: true, show: r => rate(r.ackedRate)},
    {id: 'oldest', label: Q.oldest, num: true, live: false, show: r => h('span', {class: ageClass(r.oldestReadyMs)}, span(r.oldestReadyMs))},
    {id: 'flags', label: Q.flagsTitle, show: r => flagsOf(r.flags)},
];

function groupsOf(page, data, r) {
    const groups = data.groups.get(idOfRow(r));
    if (!groups) return h('p', {class: 'hint', role: 'status'}, T.state.loading);
    if (!groups.length) return h('p', {class: 'hint'}, Q.noGroups);
    return table(page, {id: 'groups-' + idOfRow(r), caption: `${Q.groups}: ${label(r.key)}`, columns: GROUP_COLUMNS, rows: groups, key: g => idOf(g.group), open: g => groupHref(g.db, g.key, g.group)});
}

// Groups with a policy of the chosen streams: what a pause is for. They are asked for when the button is pressed.
async function policyGroups(page, rows) {
    const all = await Promise.all(rows.map(async r => (await page.get('/groups', {db: r.db, match: globOf(r.key) ?? undefined, count: 200})).rows.filter(g => idOf(g.key) === idOf(r.key))));
    return all.flat().filter(g => g.flags?.includes('policy'));
}

const isPolicy = r => r.flags?.includes('policy');

function chosenActions(page, rows) {
    const none = rows.length ? null : T.table.chosen(0);
    const pause = on => async () => {
        const groups = await policyGroups(page, rows);
        await perform(page, pauseAction(groups, on));
    };
    const off = none ?? (rows.some(isPolicy) ? null : Q.noPolicy);
    return [
        button(page, Q.pause, {needs: 'xpolicy|set', off, run: pause(true), key: 'pause'}),
        button(page, Q.go, {needs: 'xpolicy|set', off, run: pause(false), key: 'go'}),
        button(page, Q.purge, {needs: 'xtrim', off: none, danger: true, action: () => purgeAction(rows), key: 'purge'}),
        button(page, Q.delete, {needs: 'unlink', off: none, danger: true, action: () => deleteAction(rows), key: 'delete'}),
    ];
}

const nothingYet = () => h('div', null, h('p', null, Q.noQueues[0]), h('pre', null, Q.noQueues.slice(1).join('\n')));

export const actions = page => button(page, Q.newQueue, {needs: 'xgroup|create', action: () => newQueueAction(page, page.query.db ?? 0)});

export function draw(page, data) {
    const names = ['match', 'db', ...ONLY], isFiltered = names.some(n => page.query[n]);
    return [
        filters(page, ONLY.map(name => ({name, type: 'checkbox', label: Q.only[name]}))),
        table(page, {
            id: 'queues', caption: title, columns: COLUMNS, rows: data.rows, key: idOfRow, name: r => label(r.key), total: data.total, after: data.after, by: 'oldest-ready', desc: true,
            select: true, actions: rows => chosenActions(page, rows), open: r => streamHref(r.db, r.key), expand: r => groupsOf(page, data, r),
            empty: () => isFiltered ? noMatch(page, names, data.of, Q.noMatch) : nothingYet(),
        }),
    ];
}

export const status = (page, data) => [Q.statusRows(data.rows.length, data.total), Q.survey(data.survey)].join(' · ');
export const commands = page => [command('SURVEY', 'STREAMS', onlyOf(page.query) ? ['ONLY', onlyOf(page.query)] : null, page.query.db ? ['DB', page.query.db] : null, page.query.match ? ['MATCH', globFrom(page.query.match)] : null,
    'BY', page.query.by ?? 'oldest-ready', page.query.by && !page.query.desc ? 'ASC' : 'DESC', 'COUNT', COUNT)];
