// Schedules (XCRON) and scheduled messages (XSCHED) of all streams, the next moment first.
import {button} from './actions.js';
import {api} from './api.js';
import {command, encode, idOf, label, meant} from './bytes.js';
import {h} from './dom.js';
import {countAll, noMatch} from './filters.js';
import {globFrom} from './queues.js';
import {streamLink, streamPath} from './queue.js';
import {scheduledActions} from './stream_scheduled.js';
import {table} from './table.js';
import {ago, full, moment, momentOf, parseSpan, span, spanText} from './time.js';
import {T, num} from './text.js';
import {C, Q, S} from './text_queues.js';
import {entryLine, fieldsLine} from './value.js';

export const title = C.title;
export const about = C.about;
export const filter = 'rep*';
export const dbs = true;

const COUNT = 50, EACH = 20, SHOWN = 50; // schedules of a page, and next messages of a stream; messages that are shown

const pairsOf = flat => Array.isArray(flat?.[0]) ? flat : (flat ?? []).reduce((all, x, i) => i % 2 ? (all.at(-1).push(x), all) : [...all, [x]], []);
const streamId = r => `${r.db} ${idOf(r.key)}`;
const scheduleId = r => `${streamId(r)} ${idOf(r.name)}`;

// What read() gives for each stream of these rows, by streamId(). A stream that may not be read has none.
async function ofStreams(page, rows, read) {
    const streams = [...new Map(rows.map(r => [streamId(r), r])).values()];
    return new Map(await Promise.all(streams.map(async r => [streamId(r), await read(r)])));
}

// The survey's rows with what the stream itself says: the survey is of a moment ago, and has no plan and no fields.
// Where all of a stream's schedules are here, those that are new are added.
function joined(rows, details, isAll) {
    const known = new Map([...details.values()].flat().filter(Boolean).map(x => [scheduleId(x), x]));
    const old = rows.map(r => {
        const x = known.get(scheduleId(r));
        known.delete(scheduleId(r));
        return x ?? (details.get(streamId(r)) ? null : {...r, next: r.nextMs});
    });
    return [...old, ...isAll ? known.values() : []].filter(Boolean);
}

// Schedules and, of each stream, the next message come by the survey, the next moment first.
export async function load(page) {
    const q = {db: page.query.db, match: globFrom(page.query.match)}, {after} = page.query;
    const [list, streams] = await Promise.all([page.get('/schedules', {...q, by: 'next', count: COUNT, after}), page.maybe('/streams', {...q, by: 'scheduled', desc: 1, count: COUNT})]);
    const bySchedule = list.rows.filter(r => r.kind !== 'message'), byMessage = list.rows.filter(r => r.kind === 'message');
    const [details, messages] = await Promise.all([
        ofStreams(page, bySchedule, async r => (await page.maybe(`${streamPath(r.db, r.key)}/schedules`))?.rows.map(x => ({...x, db: r.db, key: r.key, isWhole: true, fields: pairsOf(x.fields)}))),
        ofStreams(page, byMessage, async r => ((await page.maybe(`${streamPath(r.db, r.key)}/scheduled`, {count: EACH}))?.entries ?? []).map(x => ({...x, db: r.db, key: r.key}))),
    ]);
    return {
        schedules: joined(bySchedule, details, !after && !list.after).sort((a, b) => (a.next > 0 ? a.next : Infinity) - (b.next > 0 ? b.next : Infinity)),
        messages: [...messages.values()].flat().sort((a, b) => momentOf(a.id) - momentOf(b.id)).slice(0, SHOWN),
        total: (streams?.rows ?? []).reduce((n, r) => n + Number(r.scheduled), 0), isMore: Number(streams?.rows[COUNT - 1]?.scheduled) > 0,
        of: await countAll(page, '/schedules', list), survey: list.survey, after: list.after ?? (after ? null : undefined),
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

// START of an edited schedule, which the dialog does not show: kept, unless the kind changes and it is past, when it would mean nothing.
const startOf = r => v => {
    const start = Number(r?.start ?? 0), isKind = v.kind === (everyOf(r ?? {}) ? 'every' : 'cron');
    return r && (isKind || start > Date.now()) ? start : undefined;
};

function editAction(page, r) {
    const ms = r ? everyOf(r) : null, zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const isCron = v => v.kind === 'cron';
    const startMs = startOf(r);
    const body = v => ({startMs: startMs(v), ...(isCron(v) ? {cron: v.cron, tz: v.tz || undefined} : {everyMs: parseSpan(v.every)}), catchup: v.catchup, limit: v.limit === '' ? undefined : Number(v.limit), untilMs: r?.until > 0 ? Number(r.until) : undefined, fields: v.fields.filter(([n]) => n !== '').map(asMeant)});
    // What is not changed stays as it is, also where it is no text that a field can hold.
    const old = r?.fields ?? [], asMeant = ([n, x]) => old.find(([f, y]) => label(f) === n && label(y) === x) ?? [meant(n, old.map(([f]) => f)), x];
    return {
        title: r ? C.editTitle(label(r.name)) : C.new, button: C.save,
        fields: [
            {name: 'key', label: C.stream, required: true, value: r ? label(r.key) : '', shown: () => !r}, {name: 'name', label: C.name, required: true, value: r ? label(r.name) : '', shown: () => !r},
            {name: 'kind', label: C.kind, type: 'select', value: ms ? 'every' : 'cron', hint: r ? C.kindHint : null, options: Object.entries(C.kinds)},
            {name: 'cron', label: C.cron, required: true, value: r?.cron ?? '', hint: C.cronHint, shown: isCron}, {name: 'tz', label: C.zone, value: r?.tz ?? zone ?? 'UTC', hint: C.zoneHint, shown: isCron},
            {name: 'every', label: C.kinds.every, required: true, value: ms ? spanText(Number(ms)) : '', hint: C.everyHint, shown: v => !isCron(v), check: t => Number.isNaN(parseSpan(t)) ? S.wrongSpan : null},
            {name: 'catchup', label: C.catchup, type: 'select', value: (r?.catchup ?? 'ONE').toLowerCase(), options: Object.entries(C.catchups)}, {name: 'limit', label: C.limit, type: 'number', value: r?.left > 0 ? String(r.left) : '', hint: C.limitHint},
            {name: 'fields', label: C.fields, type: 'fields', value: r ? r.fields.map(([n, v]) => [label(n), label(v)]) : [['', '']], check: list => list.some(([n]) => n !== '') ? null : S.noFields},
        ],
        live: nextMoments(),
        commands: v => command('XCRON', 'SET', r ? r.key : v.key || '?', r ? r.name : v.name || '?', isCron(v) ? ['CRON', v.cron || '?', v.tz ? ['TZ', v.tz] : null] : ['EVERY', parseSpan(v.every) || '?'], body(v).startMs === undefined ? null : ['START', body(v).startMs], 'CATCHUP', v.catchup.toUpperCase(),
            body(v).untilMs ? ['UNTIL', body(v).untilMs] : null, v.limit === '' ? null : ['LIMIT', v.limit], 'FIELDS', body(v).fields.flat()),
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
        table(page, {
            id: 'schedules', caption: C.title, rows: d.schedules, key: scheduleId, name: r => label(r.name), after: d.after,
            columns: [{id: 'name', label: C.name, head: true, show: r => label(r.name)}, {id: 'key', label: C.stream, show: r => streamLink(r.db, r.key)},
                      {id: 'when', label: C.when, show: r => !r.isWhole ? C.kinds[r.kind] : everyOf(r) ? C.every(span(everyOf(r))) : [h('code', null, label(r.cron)), ' ', h('span', {class: 'hint'}, label(r.tz))]},
                      {id: 'next', label: C.next, show: r => r.next > 0 ? [moment(r.next), ' (', ago(r.next), ')'] : C.never}, {id: 'last', label: C.last, show: r => r.last > 0 ? ago(r.last) : C.never},
                      {id: 'fired', label: C.fired, num: true, show: r => num(r.fired)}, {id: 'missed', label: C.missed, num: true, show: r => h('span', {class: r.missed > 0 ? 'warn-text' : null}, num(r.missed))}, {id: 'fields', label: C.fieldsTitle, show: r => r.fields ? fieldsLine(r.fields) : T.none},
                      {id: 'act', label: '', title: T.more, class: 'nowrap', show: r => [button(page, C.run, {needs: 'xcron|run', key: 'run', action: () => runAction(r)}), ' ', button(page, C.edit, {needs: 'xcron|set', key: 'edit', off: r.isWhole ? null : C.notRead, action: () => editAction(page, r)}), ' ',
                          button(page, C.remove, {needs: 'xcron|del', key: 'remove', danger: true, action: () => removeAction(r)})]}],
            empty: () => isFiltered ? noMatch(page, ['match', 'db'], d.of) : h('p', null, C.none),
        }),
        h('h2', null, C.scheduledTitle(d.total, d.isMore)),
        table(page, {
            id: 'scheduled', caption: C.scheduledTitle(null), rows: d.messages, key: r => `${streamId(r)} ${r.id}`, name: r => r.id, select: true, actions: rows => scheduledActions(page, rows, 'scheduled'),
            columns: [{id: 'due', label: C.due, head: true, show: r => ago(momentOf(r.id))}, {id: 'at', label: S.at, class: 'nowrap', show: r => full(momentOf(r.id))}, {id: 'key', label: Q.key, show: r => streamLink(r.db, r.key)}, {id: 'fields', label: S.contents, show: entryLine}],
            empty: () => isFiltered ? noMatch(page, ['match', 'db'], null) : h('p', null, C.noneScheduled),
        }),
    ];
}

export const commands = () => [`SURVEY SCHEDULES BY next ASC COUNT ${COUNT}`, 'XCRON LIST stream', `XSCHED RANGE stream - + COUNT ${EACH}`];
