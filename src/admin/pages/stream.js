// One stream. The frame of its tabs; each tab is a module: stream_messages, stream_groups, stream_produce,
// stream_limits, stream_routing, stream_scheduled, with load(page, stream) and draw(page, stream, data).
import {button} from './actions.js';
import {api, isMade} from './api.js';
import {command, label, named} from './bytes.js';
import {h} from './dom.js';
import {plot, spanChoice} from './plot.js';
import {deleteAction, flagsOf, pauseAction, streamHref, streamPath} from './queue.js';
import {go, link} from './router.js';
import {ago, momentOf} from './time.js';
import {T, num, rate, size} from './text.js';
import {Q, S} from './text_queues.js';
import * as messages from './stream_messages.js';
import * as groups from './stream_groups.js';
import * as produce from './stream_produce.js';
import * as limits from './stream_limits.js';
import * as routing from './stream_routing.js';
import * as scheduled from './stream_scheduled.js';

const TABS = {messages, groups, produce, limits, routing, scheduled};
const MADE = {routing: 'xbind', scheduled: 'xsched'}; // of commands that the server may not have
const tabOf = page => TABS[page.query.tab] ? page.query.tab : 'messages';

export const title = page => named(page.params.key);

// A group as the survey has its rows, but of this moment. Who may not ask for its numbers sees what XINFO tells.
const rowOf = (db, key, {stats: known, ...g}) => {
    const stats = known ?? {};
    return {
        db, key, group: g.name, consumers: g.consumers, ready: stats.ready ?? g.lag, leased: stats.leased ?? g.pending, deferred: stats.deferred, dead: stats.dead, oldestReadyMs: stats.oldestReadyMs,
        deliveredRate: stats.deliveredPerSec, ackedRate: stats.ackedPerSec, failedRate: stats.failedPerSec,
        flags: [g.policy?.lease === undefined ? null : 'policy', g.policy?.pause === 'ON' ? 'paused' : null].filter(Boolean),
    };
};

export async function load(page) {
    const {db, key} = page.params, path = streamPath(db, key), span = page.query.span ?? 'minutes';
    const [{info, groups, groupsLeft, limits}, plots] = await Promise.all([page.get(path), page.query.plots ? page.maybe('/history', {span, db, key, series: 'added,length'}) : null]);
    const s = {db, key, path, info, groups, limits: limits ?? info, rows: groups.map(g => rowOf(db, key, g)), groupsLeft: Number(groupsLeft ?? 0), plots};
    const name = tabOf(page);
    return {stream: s, name, tab: await TABS[name].load(page, s)};
}

export const subtitle = (page, {stream: s}) => {
    const last = s.info.lastGeneratedId, parts = S.subtitle(s.db, s.info.length, s.info.bytes === undefined ? null : size(s.info.bytes), null);
    return [parts.filter(Boolean).join(' · '), ' · ', last && last !== '0-0' ? [S.last, ' ', last, ' ', ago(momentOf(last))] : S.lastNever];
};

export const actions = (page, {stream: s}) => {
    const pausable = s.rows.filter(g => g.flags?.includes('policy')), paused = pausable.filter(g => g.flags.includes('paused'));
    const row = {db: s.db, key: s.key, length: s.info.length, groups: s.groups.length};
    return [
        pausable.length > paused.length ? button(page, Q.pause, {needs: 'xpolicy|set', key: 'pause', action: () => pauseAction(pausable.filter(g => !paused.includes(g)), true)}) : null,
        paused.length ? button(page, Q.go, {needs: 'xpolicy|set', key: 'go', action: () => pauseAction(paused, false)}) : null,
        button(page, S.trim, {needs: 'xtrim', danger: true, key: 'trim', action: () => ({
            title: S.trimTitle(label(s.key)), danger: true, button: S.trim, text: S.trimText, typeName: label(s.key),
            fields: [{name: 'maxlen', label: S.trimKeep, type: 'number', required: true, value: '', hint: S.trimKeepHint(s.info.length)}],
            commands: v => command('XTRIM', s.key, 'MAXLEN', v.maxlen || 'n'),
            run: v => api.post(`${s.path}/trim`, {maxlen: Number(v.maxlen)}), result: a => S.trimmed(a.deleted),
        })}),
        button(page, Q.delete, {needs: 'unlink', danger: true, key: 'delete', action: () => deleteAction([row], () => go(link('/queues')))}),
    ];
};

function tabs(page, s) {
    const here = tabOf(page), badge = {groups: s.groups.length + s.groupsLeft};
    return h('nav', {class: 'tabs', 'aria-label': title(page)}, Object.keys(TABS).filter(id => isMade(MADE[id])).map(id => h('a', {key: id, href: streamHref(s.db, s.key, {tab: id === 'messages' ? '' : id, plots: page.query.plots, span: page.query.span}),
        'aria-current': id === here ? 'page' : null}, S.tabs[id], badge[id] ? ` ${num(badge[id])}` : '')));
}

function plots(page, s) {
    return h('details', {open: !!page.query.plots, ontoggle: e => { if (e.target.open !== !!page.query.plots) page.set({plots: e.target.open ? '1' : ''}, false); }}, h('summary', null, S.plotAdded, ', ', S.plotLength),
        page.query.plots ? h('div', null, h('div', {class: 'bar'}, spanChoice(page)), h('div', {class: 'grid wide'},
            plot(page, {id: 'added', title: S.plotAdded, history: s.plots, unit: rate, series: [{name: 'added', label: Q.added}]}),
            plot(page, {id: 'length', title: S.plotLength, history: s.plots, series: [{name: 'length', label: Q.length}]}))) : null);
}

export function draw(page, {stream: s, name, tab}) {
    const flags = [...new Set(s.rows.flatMap(g => g.flags ?? []))];
    return [flags.length ? h('div', {class: 'bar'}, flagsOf(flags)) : null, plots(page, s), tabs(page, s), h('div', {key: tabOf(page)}, name === tabOf(page) ? TABS[name].draw(page, s, tab) : h('p', {class: 'empty', role: 'status'}, T.state.loading))];
}

export const commands = (page, {stream: s, name, tab}) => [command('XINFO', 'STREAM', s.key), command('XINFO', 'GROUPS', s.key), ...TABS[name].commands?.(page, s, tab) ?? []];

export const leave = page => page.state.tail?.abort();
