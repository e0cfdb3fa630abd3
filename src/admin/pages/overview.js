// Overview: is all well, what is growing, who is late. It only shows; each line leads to where something can be done.
import {h} from './dom.js';
import {plot, spanChoice} from './plot.js';
import {ageClass, bothLink, streamLink} from './queue.js';
import {facts, table} from './table.js';
import {idOf, label} from './bytes.js';
import {clock, span} from './time.js';
import {T, num, percent, perSecond, rate, size} from './text.js';
import {Q} from './text_queues.js';

export const title = T.nav.overview;
export const about = Q.overviewAbout;

const RATES = ['added-rate', 'delivered-rate', 'acked-rate', 'failed-rate'], DEPTHS = ['ready', 'leased', 'deferred', 'scheduled'];
// A series is asked for by the survey's name and answered by the API's.
const camel = name => name.replace(/-(\w)/g, (_, c) => c.toUpperCase()), short = name => name.replace('-rate', '');
const TOP = 5, NOBODY = 50; // rows of the lists; groups that are looked at for "Nobody reads"

export async function load(page) {
    const spanName = page.query.span ?? 'minutes';
    const [overview, alarms, more] = await Promise.all([page.maybe('/overview'), page.maybe('/alarms'), page.orKnown(rows(page, spanName), page.data)]);
    return {...more, overview, alarms: alarms?.rows ?? alarms ?? []};
}

async function rows(page, spanName) {
    const [rates, depths, behind, traffic, failing, ready] = await Promise.all([
        page.maybe('/history', {span: spanName, series: RATES.join(',')}),
        page.maybe('/history', {span: spanName, series: DEPTHS.join(',')}),
        page.maybe('/groups', {by: 'oldest-ready', desc: 1, count: TOP}),
        page.maybe('/streams', {by: 'added-rate', desc: 1, count: TOP}),
        page.maybe('/groups', {by: 'failed-rate', desc: 1, count: TOP}),
        page.maybe('/groups', {by: 'ready', desc: 1, count: NOBODY}),
    ]);
    return {rates, depths, behind: behind?.rows ?? [], traffic: traffic?.rows ?? [], failing: failing?.rows ?? [], ready: ready?.rows ?? []};
}

// An alarm's link is the address of a view.
function alarmLine(a) {
    const name = a.group !== undefined ? `${label(a.key)} / ${label(a.group)}` : a.key !== undefined ? label(a.key) : T.nav[a.link?.split('/')[1]];
    const to = name ? h('a', {href: '#' + a.link}, name) : null;
    return h('p', {key: a.name + (a.link ?? ''), class: a.severity === 'critical' ? 'banner bad' : 'banner'}, '! ', h('strong', null, a.severity, ' ', a.name), ' ',
        Q.since(clock(a.sinceMs ?? a.since)), ': ', a.text ?? '', ' ', to);
}

function bar(name, value, most, text) {
    return h('div', {class: 'meter'}, h('span', {class: 'hint'}, name, ' '), h('strong', {'data-live': true}, text),
        most > 0 ? h('meter', {'aria-label': `${name}: ${text}`, min: 0, max: most, low: most * 0.8, high: most * 0.9, optimum: 0, value}) : null);
}

function server(o) {
    return h('section', {class: 'card'}, h('h2', null, Q.server),
        bar(Q.memory, o.memory, Number(o.limit), Number(o.limit) > 0 ? Q.ofLimit(size(o.memory), size(o.limit)) : Q.noLimit(size(o.memory))),
        bar(Q.clients, o.connections, Number(o.maxclients), Q.ofLimit(num(o.connections), num(o.maxclients))),
        facts([[Q.blocked, num(o.blocked)], [Q.ops, rate(o.ops)], [Q.inOut, `${size(o.inRate)}, ${size(o.outRate)}`], [Q.cpu, percent(100 * o.cpu)],
               [Q.turn, span(o.turnP99Us / 1000)], [Q.sync, span(o.syncP99Us / 1000)], [Q.lastSync, o.syncAgeMs >= 0 ? T.ago(span(o.syncAgeMs)) : T.none, null, false], [Q.unsynced, size(o.unsynced)], [Q.keys, num(o.keys)], [Q.streams, num(o.streams)], [Q.uptime, span(o.uptimeMs), null, false]]));
}

const messages = o => h('section', {class: 'card'}, h('h2', null, Q.messages),
    facts([[Q.ready, num(o.ready)], [Q.leased, num(o.leased)], [Q.deferred, num(o.deferred)], [Q.scheduled, num(o.scheduled)], [Q.dead, num(o.dead), Number(o.dead) > 0 ? 'warning' : null],
           [Q.oldest, span(o.oldestReadyMs), o.oldestReadyMs > 600000 ? 'bad' : null, false]]),
    h('h2', null, Q.ratesTitle),
    facts(RATES.map(name => [short(name), rate(o[camel(name)]), name === 'failed-rate' && o.failedRate > 0 ? 'warning' : null])));

function list(page, id, caption, rows, last, label, empty) {
    return h('section', {class: 'card', key: id}, h('h2', null, caption), rows.length
        ? table(page, {id, caption, rows, key: r => `${r.db} ${idOf(r.key)} ${idOf(r.group ?? '')}`,
                       columns: [{id: 'key', label: Q.key, show: r => r.group === undefined ? streamLink(r.db, r.key) : bothLink(r)}, {id: 'n', label, num: true, live: id !== 'behind', show: last}]})
        : h('p', {class: 'hint'}, empty));
}

export function draw(page, d) {
    const o = d.overview, nobody = d.ready?.filter(r => r.ready > 0 && !r.waiting && !r.deliveredRate).slice(0, TOP);
    return [
        d.alarms.length ? h('div', null, d.alarms.map(alarmLine)) : h('p', {class: 'hint'}, Q.noAlarms),
        o ? h('div', {class: 'grid wide'}, messages(o), server(o)) : null,
        d.rates || d.depths ? h('div', null, h('div', {class: 'bar'}, spanChoice(page)), h('div', {class: 'grid wide'},
            plot(page, {id: 'rates', title: Q.plotRates, history: d.rates, unit: rate, series: RATES.map(name => ({name: camel(name), label: short(name)}))}),
            plot(page, {id: 'depths', title: Q.plotDepth, history: d.depths, series: DEPTHS.map(name => ({name, label: name}))}))) : null,
        d.ready ? h('div', {class: 'grid'},
            list(page, 'behind', Q.behind, d.behind.filter(r => r.oldestReadyMs > 0), r => h('span', {class: ageClass(r.oldestReadyMs)}, span(r.oldestReadyMs)), Q.age, Q.noBehind),
            list(page, 'traffic', Q.traffic, d.traffic.filter(r => r.addedRate > 0), r => perSecond(r.addedRate), Q.added, Q.noTraffic),
            list(page, 'failing', Q.failing, d.failing.filter(r => r.failedRate > 0), r => percent(100 * r.failedRate / (r.deliveredRate || r.failedRate)), Q.share, Q.noFailing),
            list(page, 'nobody', Q.nobody, nobody, r => num(r.ready), Q.ready, Q.noNobody)) : null,
    ];
}

export const commands = () => ['SURVEY SERVER', 'SURVEY ALARMS', `SURVEY GROUPS BY oldest-ready DESC COUNT ${TOP}`, `SURVEY STREAMS BY added-rate DESC COUNT ${TOP}`];
