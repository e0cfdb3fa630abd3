// Slow: which commands take the time, which requests were slow, which events stopped the server, which errors it
// answered. Each part is there when its command may be run.
import {api} from './api.js';
import {button} from './actions.js';
import {command, encode, label} from './bytes.js';
import {h} from './dom.js';
import {table} from './table.js';
import {T, num, percent, rate} from './text.js';
import {slow as W} from './text_operations.js';
import {ago, span} from './time.js';

export const title = W.title;
export const about = W.about;

const COUNT = 100, PAST = 40; // rows of the slow log; of an event
const n = v => v === null || v === undefined ? null : Number(v);
const micro = us => us === null || us === undefined ? T.none : us < 1000 ? `${us < 10 ? us.toFixed(1) : Math.round(us)} µs` : span(us / 1000);

export async function load(page) {
    const [commands, log, latency, errors] = await Promise.all([page.maybe('/commands'), page.maybe('/slowlog', {count: COUNT}), page.maybe('/latency'), page.maybe('/errors')]);
    const past = new Map(await Promise.all([...page.state.tables?.events?.open ?? []].map(async e => [e, (await page.get(`/latency/${encode(e)}`)).rows])));
    return {commands: commands && withRates(page, joined(commands)), log, latency, errors, past};
}

// The counters of a command and its percentiles in one row.
function joined({commands, latency}) {
    const times = new Map(latency.map(r => [label(r.name), r]));
    return commands.map(r => ({...times.get(label(r.name)), ...r}));
}

// Calls a second: what has been added since the last time.
function withRates(page, rows) {
    const now = performance.now(), before = page.state.before, seen = new Map(rows.map(r => [label(r.name), n(r.calls)]));
    page.state.before = before && now - before.at < 900 ? before : {at: now, seen};
    if (before && now - before.at >= 900) page.state.rates = new Map([...seen].map(([name, calls]) => [name, (calls - (before.seen.get(name) ?? 0)) * 1000 / (now - before.at)]));
    const total = rows.reduce((s, r) => s + n(r.usec), 0);
    return rows.map(r => ({...r, rate: page.state.rates?.get(label(r.name)) ?? -1, share: total ? n(r.usec) * 100 / total : 0}));
}

export const commands = () => ['INFO commandstats latencystats errorstats', command('SLOWLOG', 'GET', COUNT), 'LATENCY LATEST'];

const reset = (title, text, runs, path) => ({title, text, danger: true, button: W.reset, commands: runs, run: () => api.del(path), result: () => W.resetDone});

const threshold = {
    title: W.thresholdTitle, text: W.thresholdText,
    fields: [{name: 'us', type: 'number', label: W.thresholdLabel, value: '10000', required: true}],
    commands: v => command('CONFIG', 'SET', 'slowlog-log-slower-than', v.us),
    run: v => api.patch('/config', {'slowlog-log-slower-than': v.us}),
    result: (a, v) => W.thresholdDone(micro(Number(v.us))),
};

function commandsTable(page, rows) {
    const number = (id, label_, value, show, more) => ({id, label: label_, num: true, sort: true, value, show: r => show(value(r)), ...more});
    return h('section', null, h('div', {class: 'bar'}, h('h2', null, W.commands), h('span', {class: 'space'}),
        button(page, W.reset, {needs: 'config|resetstat', danger: true, action: reset(W.resetStats, W.resetStatsText, command('CONFIG', 'RESETSTAT'), '/commands')})),
    table(page, {
        id: 'commands', caption: W.commands, rows, key: r => label(r.name), local: true, by: 'share', desc: true, empty: () => h('p', null, W.noCommands),
        columns: [{id: 'name', label: W.command, head: true, fixed: true, sort: true, value: r => label(r.name), show: r => label(r.name).toUpperCase().replace('|', ' ')},
            number('share', W.share, r => r.share, percent), number('rate', W.rate, r => r.rate, rate), number('calls', W.calls, r => n(r.calls), num),
            number('mean', W.mean, r => n(r.usecPerCall), micro), number('p50', 'p50', r => n(r.p50), micro, {optional: true}), number('p99', 'p99', r => n(r.p99), micro),
            number('p999', 'p99.9', r => n(r['p99.9']), micro), number('failed', W.failed, r => n(r.failedCalls), num), number('rejected', W.rejected, r => n(r.rejectedCalls), num)]}));
}

const argv = r => command(...(r.argv ?? []));

function slowLog(page, log) {
    return h('section', null, h('div', {class: 'bar'}, h('h2', null, W.log), h('span', {class: 'space'}),
        button(page, W.thresholdShort, {needs: 'config|set', action: threshold}),
        button(page, W.reset, {needs: 'slowlog|reset', danger: true, action: reset(W.resetLog, W.resetLogText, command('SLOWLOG', 'RESET'), '/slowlog')})),
    table(page, {
        id: 'slowlog', caption: W.log, rows: log.rows, key: r => String(r.id), empty: () => h('p', null, W.noSlow),
        columns: [{id: 'at', label: W.when, show: r => ago(n(r.atS) * 1000)}, {id: 'took', label: W.took, num: true, show: r => micro(n(r.durationUs))},
            {id: 'argv', label: W.request, show: r => h('code', null, argv(r))}, {id: 'client', label: W.client, show: r => [label(r.name), ' ', h('span', {class: 'hint'}, label(r.address))]}]}));
}

// When an event came, and how long it took.
const pastOf = rows => rows ? h('ul', null, rows.slice(-PAST).reverse().map((r, i) => h('li', {key: String(i)}, ago(n(r.atS) * 1000), ' ', span(n(r.ms))))) : h('p', {class: 'hint', role: 'status'}, T.state.loading);

function events(page, latency, past) {
    return h('section', null, h('div', {class: 'bar'}, h('h2', null, W.events), h('span', {class: 'space'}),
        button(page, W.reset, {needs: 'latency|reset', danger: true, action: reset(W.resetEvents, W.resetEventsText, command('LATENCY', 'RESET'), '/latency')})),
    table(page, {
        id: 'events', caption: W.events, rows: latency.rows, key: r => label(r.event), name: r => label(r.event), expand: r => pastOf(past.get(label(r.event))), empty: () => h('p', null, W.noEvents),
        columns: [{id: 'event', label: W.event, head: true, show: r => label(r.event)}, {id: 'at', label: W.when, show: r => ago(n(r.atS) * 1000)},
            {id: 'last', label: W.last, num: true, show: r => span(n(r.lastMs))}, {id: 'worst', label: W.worst, num: true, show: r => span(n(r.worstMs))}]}));
}

function errorTable(page, errors) {
    return h('section', null, h('h2', null, W.errors), table(page, {
        id: 'errors', caption: W.errors, rows: errors.rows, key: r => label(r.name), empty: () => h('p', null, W.noErrors),
        columns: [{id: 'name', label: W.error, head: true, show: r => label(r.name)}, {id: 'count', label: W.times, num: true, show: r => num(n(r.count))}]}));
}

export function draw(page, data) {
    return [
        data.commands ? commandsTable(page, data.commands) : h('p', {class: 'hint'}, W.notCommands),
        data.log ? slowLog(page, data.log) : h('p', {class: 'hint'}, W.notLog),
        data.latency ? events(page, data.latency, data.past) : null,
        data.errors ? errorTable(page, data.errors) : null,
    ];
}
