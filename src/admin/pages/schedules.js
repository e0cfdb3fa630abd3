// Schedules (XCRON) and scheduled messages (XSCHED) of all streams, the next moment first.
import {button} from './actions.js';
import {api} from './api.js';
import {command, encode, idOf, label} from './bytes.js';
import {h} from './dom.js';
import {globFrom} from './queues.js';
import {streamLink, streamPath} from './queue.js';
import {scheduledActions} from './stream_scheduled.js';
import {table} from './table.js';
import {ago, full, moment, momentOf, parseSpan, span} from './time.js';
import {T, num} from './text.js';
import {C, Q, S} from './text_queues.js';
import {fieldsLine} from './value.js';

export const title = C.title;
export const about = C.about;
export const filter = 'rep*';
export const dbs = true;

const STREAMS = 200, EACH = 20, SHOWN = 50;

const pairsOf = flat => Array.isArray(flat?.[0]) ? flat : (flat ?? []).reduce((all, x, i) => i % 2 ? (all.at(-1).push(x), all) : [...all, [x]], []);

// The schedules and the next messages of those streams that have some.
export async function load(page) {
    const q = {db: page.query.db, match: globFrom(page.query.match)};
    const [byName, byScheduled] = await Promise.all([page.get('/streams', {...q, count: STREAMS}), page.get('/streams', {...q, by: 'scheduled', desc: 1, count: STREAMS})]);
    const withSchedules = byName.rows.filter(r => r.flags?.includes('schedules')), withMessages = byScheduled.rows.filter(r => r.scheduled > 0);
    const [schedules, messages] = await Promise.all([
        Promise.all(withSchedules.map(async r => ((await page.maybe(`${streamPath(r.db, r.key)}/schedules`))?.rows ?? []).map(x => ({...x, db: r.db, key: r.key, fields: pairsOf(x.fields)})))),
        Promise.all(withMessages.slice(0, SHOWN).map(async r => ((await page.maybe(`${streamPath(r.db, r.key)}/scheduled`, {count: EACH}))?.entries ?? []).map(x => ({...x, db: r.db, key: r.key})))),
    ]);
    return {
        schedules: schedules.flat().sort((a, b) => (a.next || Infinity) - (b.next || Infinity)),
        messages: messages.flat().sort((a, b) => momentOf(a.id) - momentOf(b.id)).slice(0, SHOWN),
        total: byScheduled.rows.reduce((n, r) => n + Number(r.scheduled), 0), isCut: byName.total > STREAMS,
    };
}

// ---- One schedule

const schedulePath = (db, key, name) => `${streamPath(db, key)}/schedules/${encode(name)}`;
const everyOf = r => r.every ?? r.everyMs;

// The next five moments while the expression is typed.
function nextMoments() {
    const state = {asked: null, text: ''};
    let timer = 0;
    return (v, draw) => {
        const id = `${v.cron}\u0000${v.tz}`;
        if (v.kind === 'cron' && v.cron && state.asked !== id) {
            state.asked = id;
            clearTimeout(timer);
            timer = setTimeout(async () => {
                try {
                    const {moments} = await api.get('/cron', {expr: v.cron, tz: v.tz, count: 5});
                    if (state.asked === id) Object.assign(state, {text: C.nextFive(moments.map(moment)), wrong: false});
                } catch (e) {
                    if (state.asked === id) Object.assign(state, {text: e.text ?? e.message, wrong: true});
                }
                draw();
            }, 250);
        }
        return v.kind === 'cron' && v.cron ? h('p', {role: 'status', class: state.wrong ? 'wrong' : 'hint'}, state.text) : null;
    };
}

function editAction(page, r) {
    const ms = r ? everyOf(r) : null, zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const isCron = v => v.kind === 'cron';
    const body = v => ({...(isCron(v) ? {cron: v.cron, tz: v.tz || undefined} : {everyMs: parseSpan(v.every)}), catchup: v.catchup, limit: v.limit === '' ? undefined : Number(v.limit), fields: v.fields.filter(([n]) => n !== '').map(([n, x]) => [n, x])});
    return {
        title: r ? C.editTitle(label(r.name)) : C.new, button: C.save,
        fields: [
            {name: 'key', label: C.stream, required: true, value: r ? label(r.key) : '', shown: () => !r}, {name: 'name', label: C.name, required: true, value: r ? label(r.name) : '', shown: () => !r},
            {name: 'kind', label: C.kind, type: 'select', value: ms ? 'every' : 'cron', options: Object.entries(C.kinds)},
            {name: 'cron', label: C.cron, required: true, value: r?.cron ?? '', hint: C.cronHint, shown: isCron}, {name: 'tz', label: C.zone, value: r?.tz ?? zone ?? 'UTC', hint: C.zoneHint, shown: isCron},
            {name: 'every', label: C.kinds.every, required: true, value: ms ? span(ms) : '', hint: C.everyHint, shown: v => !isCron(v), check: t => Number.isNaN(parseSpan(t)) ? S.wrongSpan : null},
            {name: 'catchup', label: C.catchup, type: 'select', value: (r?.catchup ?? 'ONE').toLowerCase(), options: Object.entries(C.catchups)}, {name: 'limit', label: C.limit, type: 'number', value: r?.left > 0 ? String(r.left) : '', hint: C.limitHint},
            {name: 'fields', label: C.fields, type: 'fields', value: r ? r.fields.map(([n, v]) => [label(n), label(v)]) : [['', '']], check: list => list.some(([n]) => n !== '') ? null : S.noFields},
        ],
        live: nextMoments(),
        commands: v => command('XCRON', 'SET', r ? r.key : v.key || '?', r ? r.name : v.name || '?', isCron(v) ? ['CRON', v.cron || '?', v.tz ? ['TZ', v.tz] : null] : ['EVERY', parseSpan(v.every) || '?'], 'CATCHUP', v.catchup.toUpperCase(),
            v.limit === '' ? null : ['LIMIT', v.limit], 'FIELDS', body(v).fields.flat()),
        errorField: e => e && (/cron|expression/i.test(e.text) ? 'cron' : /zone/i.test(e.text) ? 'tz' : null),
        run: v => api.put(schedulePath(r ? r.db : page.query.db ?? 0, r ? r.key : v.key, r ? r.name : v.name), body(v)), result: a => C.saved(moment(a.nextMs)),
    };
}

const runAction = r => ({title: C.runTitle(label(r.name)), text: C.runText, button: C.run, commands: command('XCRON', 'RUN', r.key, r.name), run: () => api.post(`${schedulePath(r.db, r.key, r.name)}/run`), result: a => C.ran(a.id)});
const removeAction = r => ({title: C.removeTitle(label(r.name)), danger: true, button: C.remove, commands: command('XCRON', 'DEL', r.key, r.name), run: () => api.del(schedulePath(r.db, r.key, r.name)), result: () => C.removed(label(r.name))});

export const actions = page => button(page, C.new, {needs: 'xcron|set', action: () => editAction(page, null)});

export function draw(page, d) {
    const isFiltered = page.query.match || page.query.db;
    return [
        d.isCut ? h('p', {class: 'hint'}, C.firstOnly(STREAMS)) : null,
        table(page, {
            id: 'schedules', caption: C.title, rows: d.schedules, key: r => `${r.db} ${idOf(r.key)} ${idOf(r.name)}`, name: r => label(r.name),
            columns: [{id: 'name', label: C.name, head: true, show: r => label(r.name)}, {id: 'key', label: C.stream, show: r => streamLink(r.db, r.key)},
                      {id: 'when', label: C.when, show: r => everyOf(r) ? C.every(span(everyOf(r))) : [h('code', null, label(r.cron)), ' ', h('span', {class: 'hint'}, label(r.tz))]},
                      {id: 'next', label: C.next, show: r => r.next > 0 ? [moment(r.next), ' (', ago(r.next), ')'] : C.never}, {id: 'last', label: C.last, show: r => r.last > 0 ? ago(r.last) : C.never},
                      {id: 'fired', label: C.fired, num: true, show: r => num(r.fired)}, {id: 'missed', label: C.missed, num: true, show: r => h('span', {class: r.missed > 0 ? 'warn-text' : null}, num(r.missed))}, {id: 'fields', label: C.fieldsTitle, show: r => fieldsLine(r.fields)},
                      {id: 'act', label: '', title: T.more, class: 'nowrap', show: r => [button(page, C.run, {needs: 'xcron|run', key: 'run', action: () => runAction(r)}), ' ', button(page, C.edit, {needs: 'xcron|set', key: 'edit', action: () => editAction(page, r)}), ' ',
                          button(page, C.remove, {needs: 'xcron|del', key: 'remove', danger: true, action: () => removeAction(r)})]}],
            empty: () => h('p', null, isFiltered ? T.state.nothingAtAll : C.none),
        }),
        h('h2', null, C.scheduledTitle(d.total)),
        table(page, {
            id: 'scheduled', caption: C.scheduledTitle(null), rows: d.messages, key: r => `${r.db} ${idOf(r.key)} ${r.id}`, name: r => r.id, select: true, actions: rows => scheduledActions(page, rows, 'scheduled'),
            columns: [{id: 'due', label: C.due, head: true, show: r => ago(momentOf(r.id))}, {id: 'at', label: S.at, show: r => full(momentOf(r.id))}, {id: 'key', label: Q.key, show: r => streamLink(r.db, r.key)}, {id: 'fields', label: S.contents, show: r => fieldsLine(r.fields)}],
            empty: () => h('p', null, isFiltered ? T.state.nothingAtAll : C.noneScheduled),
        }),
    ];
}

export const commands = () => ['XCRON LIST stream', 'XSCHED RANGE stream - + COUNT 20'];
