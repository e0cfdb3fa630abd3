// What the views of queues share: addresses, links, and the actions that are offered in more than one place.
import {api, isMade} from './api.js';
import {inCalls} from './actions.js';
import {command, encode, label, named} from './bytes.js';
import {h} from './dom.js';
import {link} from './router.js';
import {Q} from './text_queues.js';
import {T, num} from './text.js';

export const streamPath = (db, key) => `/streams/${db}/${encode(key)}`;
export const groupPath = (db, key, group) => `${streamPath(db, key)}/groups/${encode(group)}`;
export const streamHref = (db, key, query = {}) => link('/stream/{db}/{key}', {db, key}, query);
export const groupHref = (db, key, group, query = {}) => link('/group/{db}/{key}/{group}', {db, key, group}, query);
export const lettersHref = (db, key, query = {}) => link('/dead/{db}/{key}', {db, key}, query);

export const streamLink = (db, key, query) => h('a', {href: streamHref(db, key, query)}, named(key));
// A group's view is made of XPOLICY.
export const groupLink = (db, key, group) => isMade('xpolicy') ? h('a', {href: groupHref(db, key, group)}, named(group)) : h('span', null, named(group));
export const bothLink = r => h('span', {class: 'nowrap'}, streamLink(r.db, r.key), ' / ', groupLink(r.db, r.key, r.group));

// A glob that fits this name and no other.
export const globOf = key => typeof key === 'string' ? key.replace(/[\\*?[\]]/g, '\\$&') : null;

// Flags of a stream or group as short words.
export const flagsOf = flags => (flags ?? []).map(f => h('span', {key: f, class: `badge ${f === 'paused' ? 'bad' : 'quiet'}`, title: Q.flagHints[f] ?? null}, Q.flags[f] ?? f));

export const ageClass = ms => ms > 600000 ? 'bad-text' : ms > 60000 ? 'warn-text' : null;

const DEFERRED_MOST = 200; // that are looked at for rows that have no owner

// XPENDING does not tell why a message has no owner: for those that wait for their next try, when that is and why. n: how
// many there are.
export async function withRetries(page, path, rows, n) {
    if (!(n > 0) || !rows.some(r => r.state === 'unowned')) return rows;
    const retries = (await page.maybe(`${path}/pending`, {state: 'deferred', count: DEFERRED_MOST}))?.rows ?? [];
    const of = new Map(retries.map(({id, state, dueMs, reason}) => [id, {state, dueMs, reason}]));
    return rows.map(r => r.state === 'unowned' ? {...r, ...of.get(r.id)} : r);
}

// Whether one that is without an owner is known to have been released.
export const isReleased = s => !(s?.held > 0 || s?.deferred > DEFERRED_MOST);

// ---- Actions

const nameOf = rows => rows.length === 1 ? label(rows[0].key) : Q.nQueues(rows.length);

export const purgeAction = rows => ({
    title: Q.purgeTitle(nameOf(rows)), danger: true, typeName: nameOf(rows), button: Q.purge,
    text: Q.purgeText(num(rows.reduce((n, r) => n + Number(r.length ?? 0), 0))),
    commands: rows.map(r => command('XTRIM', r.key, 'MAXLEN', 0)),
    run: (v, step) => inCalls(rows, async ([r]) => ({done: Number((await api.post(`${streamPath(r.db, r.key)}/trim`, {maxlen: 0})).deleted ?? 0), of: 0}), step, 1),
    result: answer => Q.deletedN(num(answer.done)),
});

export const deleteAction = (rows, after = null) => ({
    title: Q.deleteTitle(nameOf(rows)), danger: true, typeName: nameOf(rows), button: Q.delete,
    text: Q.deleteText(num(rows.reduce((n, r) => n + Number(r.length ?? 0), 0)), num(rows.reduce((n, r) => n + Number(r.groups ?? 0), 0))),
    commands: rows.map(r => command('UNLINK', r.key)),
    run: async (v, step) => {
        const sum = await inCalls(rows, async ([r]) => api.del(streamPath(r.db, r.key)), step, 1);
        after?.();
        return sum;
    },
    result: () => Q.deleted(nameOf(rows)),
});

// groups: rows with db, key, group.
export function pauseAction(groups, on) {
    const set = (step, to) => inCalls(groups, async ([g]) => api.post(`${groupPath(g.db, g.key, g.group)}/pause`, {on: to}), step, 1);
    return {
        title: on ? Q.pauseTitle(groups.length) : Q.goTitle(groups.length), text: on ? Q.pauseText : Q.goText, button: on ? Q.pause : Q.go,
        commands: groups.map(g => command('XPOLICY', 'SET', g.key, g.group, 'PAUSE', on ? 'ON' : 'OFF')),
        run: (v, step) => set(step, on),
        result: () => on ? Q.pausedN(groups.length) : Q.goneOnN(groups.length),
        undo: {label: T.action.undo, run: () => set(async () => {}, !on)},
    };
}

// What is asked for a new queue, and how it is made.
export const newQueueAction = (page, db) => ({
    title: Q.newQueue, button: Q.create,
    fields: [
        {name: 'key', label: Q.queueName, required: true, placeholder: 'orders'},
        {name: 'group', label: Q.groupName, value: 'workers', required: true},
        {name: 'jobs', label: Q.kind, type: 'select', value: 'jobs', options: [['jobs', Q.kindJobs], ['plain', Q.kindPlain]], hint: Q.kindHint},
    ],
    commands: v => v.jobs === 'jobs' ? command('XPOLICY', 'SET', v.key || 'key', v.group, 'MKSTREAM', 'JOBS') : command('XGROUP', 'CREATE', v.key || 'key', v.group, '$', 'MKSTREAM'),
    run: async v => {
        const answer = v.jobs === 'jobs' ? await api.put(`${groupPath(db, v.key, v.group)}/policy`, {mkstream: true, jobs: true})
            : await api.post(`${streamPath(db, v.key)}/groups`, {name: v.group, from: '$', mkstream: true});
        location.hash = streamHref(db, v.key, {tab: 'produce'});
        return answer;
    },
    result: (answer, v) => Q.created(v.key),
});
