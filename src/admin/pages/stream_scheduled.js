// The tab Scheduled of a stream: messages that come later (XSCHED).
import {button, inCalls} from './actions.js';
import {api} from './api.js';
import {command, encode} from './bytes.js';
import {h} from './dom.js';
import {streamPath} from './queue.js';
import {table, unchoose} from './table.js';
import {ago, full, momentOf, fromInput, toInput} from './time.js';
import {T} from './text.js';
import {S} from './text_queues.js';
import {entryLine} from './value.js';

export const load = (page, s) => page.get(`${s.path}/scheduled`, {count: 100, after: page.query.after});

// Also of the view Schedules, whose rows are of many streams: each row has db and key.
export function scheduledActions(page, rows, id) {
    const off = rows.length ? null : T.table.chosen(0), done = () => unchoose(page, id);
    const path = r => `${streamPath(r.db, r.key)}/scheduled/${encode(r.id)}`;
    const byStream = new Map();
    for (const r of rows) byStream.set(`${r.db} ${encode(r.key)}`, [...byStream.get(`${r.db} ${encode(r.key)}`) ?? [], r]);
    return [
        button(page, S.now, {needs: 'xsched|run', off, key: 'now', action: () => ({
            title: S.nowN(rows.length), button: S.now, commands: rows.map(r => command('XSCHED', 'RUN', r.key, r.id)),
            run: (v, step) => inCalls(rows, async ([r]) => ({done: (await api.post(`${path(r)}/run`)).id ? 1 : 0, of: 1}), step, 1).finally(done)})}),
        button(page, S.moveTime, {needs: 'xsched|move', off, key: 'move', action: () => ({
            title: S.moveTimeTitle, button: S.moveTime, fields: [{name: 'at', label: S.at, value: toInput(rows[0] ? momentOf(rows[0].id) : Date.now()), required: true, check: t => Number.isNaN(fromInput(t)) ? S.wrongMoment : null, hint: S.momentHint}],
            commands: v => rows.map(r => command('XSCHED', 'MOVE', r.key, r.id, 'AT', fromInput(v.at) || '?')),
            run: (v, step) => inCalls(rows, async ([r]) => ({done: (await api.post(`${path(r)}/move`, {atMs: fromInput(v.at)})).id ? 1 : 0, of: 1}), step, 1).finally(done)})}),
        button(page, S.cancel, {needs: 'xdel', off, danger: true, key: 'cancel', action: () => ({
            title: S.cancelN(rows.length), danger: true, button: S.cancel, commands: [...byStream.values()].map(list => command('XDEL', list[0].key, list.map(r => r.id))),
            run: (v, step) => inCalls([...byStream.values()], async ([list]) => inCalls(list.map(r => r.id), ids => api.del(`${streamPath(list[0].db, list[0].key)}/entries`, {ids}), step), step, 1).finally(done),
            result: a => S.deletedN(a.done, rows.length)})}),
    ];
}

export function draw(page, s, d) {
    const rows = d.entries.map(e => ({...e, db: s.db, key: s.key}));
    return table(page, {
        id: 'scheduled', caption: S.tabs.scheduled, rows, key: r => r.id, name: r => r.id, after: d.after, total: s.info.scheduled, select: true, actions: chosen => scheduledActions(page, chosen, 'scheduled'),
        columns: [{id: 'due', label: S.due, head: true, show: r => ago(momentOf(r.id))}, {id: 'at', label: S.at, class: 'nowrap', show: r => full(momentOf(r.id))},
                  {id: 'fields', label: S.contents, show: entryLine}, {id: 'id', label: S.id, show: r => h('code', null, r.id)}],
        empty: () => h('p', null, S.noScheduled),
    });
}

export const commands = (page, s) => [command('XSCHED', 'RANGE', s.key, '-', '+', 'COUNT', 100)];
