// Lists: those that somebody waits for, and the longest; the survey knows them once it has walked over all keys.
import {command, idOf, label, named} from './bytes.js';
import {h} from './dom.js';
import {countAll, noMatch} from './filters.js';
import {globFrom} from './queues.js';
import {link} from './router.js';
import {table} from './table.js';
import {T, num, rate, size} from './text.js';
import {lists as W} from './text_operations.js';

export const title = W.title;
export const about = W.about;
export const dbs = true;
export const filter = W.filter;

const COUNT = 100, BY = 'waiting';

// As queues have it: the largest first until another column is chosen.
const orderOf = query => query.by ? {by: query.by, desc: query.desc ? 1 : undefined} : {by: BY, desc: 1};
const listHref = r => link('/list/{db}/{key}', {db: r.db, key: r.key});

export async function load(page) {
    const list = await page.get('/lists', {db: page.query.db, match: globFrom(page.query.match), ...orderOf(page.query), count: COUNT, after: page.query.after});
    return {...list, of: await countAll(page, '/lists', list)};
}

// A list that becomes shorter has a sign as well.
const change = n => n < 0 ? `−${rate(-n)}` : n > 0 ? `+${rate(n)}` : rate(n);

const COLUMNS = [
    {id: 'key', label: W.list, fixed: true, head: true, sort: true, show: r => h('a', {href: listHref(r)}, named(r.key))},
    {id: 'db', label: W.db, sort: true, num: true, show: r => num(r.db)},
    {id: 'length', label: W.length, sort: true, num: true, show: r => num(r.length)},
    {id: 'change-rate', label: W.change, sort: true, num: true, show: r => change(r.changeRate)},
    {id: 'bytes', label: W.bytes, sort: true, num: true, show: r => size(r.bytes)},
    {id: 'waiting', label: W.waiting, sort: true, num: true, show: r => num(r.waiting)},
    {id: 'encoding', label: W.encoding, sort: true, optional: true, show: r => r.encoding || T.none},
];

const nothingYet = () => h('div', null, h('p', null, W.none), h('pre', null, W.begin.join('\n')));

export function draw(page, data) {
    const {match, db} = page.query;
    return [
        table(page, {
            id: 'lists', caption: W.title, columns: COLUMNS, rows: data.rows, key: r => `${r.db} ${idOf(r.key)}`, name: r => label(r.key), total: data.total, after: data.after, by: BY, desc: true, open: listHref,
            empty: () => match || db ? noMatch(page, ['match', 'db'], data.of, W.noneOf) : nothingYet(),
        }),
        h('p', {class: 'hint'}, W.guide),
    ];
}

export const status = (page, data) => W.status(num(data.rows.length), num(data.total));
export const commands = page => {
    const {by, desc} = orderOf(page.query);
    return [command('SURVEY', 'LISTS', page.query.db ? ['DB', page.query.db] : null, page.query.match ? ['MATCH', globFrom(page.query.match)] : null, 'BY', by, desc ? 'DESC' : 'ASC', 'COUNT', COUNT)];
};
