// The tab Groups of a stream.
import {button} from './actions.js';
import {api} from './api.js';
import {command, idOf, label} from './bytes.js';
import {h} from './dom.js';
import {ageClass, flagsOf, groupHref, groupLink, groupPath} from './queue.js';
import {table} from './table.js';
import {span} from './time.js';
import {T, num, rate} from './text.js';
import {Q, S} from './text_queues.js';

export const load = async (page, s) => s.rows;

const newGroup = s => ({
    title: S.newGroup, button: Q.create,
    fields: [{name: 'name', label: S.groupName, required: true}, {name: 'from', label: S.groupFrom, value: '$', required: true, hint: S.groupFromHint}],
    commands: v => command('XGROUP', 'CREATE', s.key, v.name || '?', v.from),
    run: v => api.post(`${s.path}/groups`, {name: v.name, from: v.from}), result: (a, v) => S.groupMade(v.name),
});

export const destroyAction = (db, key, group, pending, after) => ({
    title: S.destroyTitle(label(group)), text: S.destroyText(pending), danger: true, typeName: label(group), button: S.destroy,
    commands: command('XGROUP', 'DESTROY', key, group),
    run: async () => {
        const answer = await api.del(groupPath(db, key, group));
        after?.();
        return answer;
    },
    result: () => S.destroyed(label(group)),
});

export function draw(page, s, rows) {
    return [
        h('div', {class: 'bar'}, button(page, S.newGroup, {needs: 'xgroup|create', action: () => newGroup(s)})),
        table(page, {
            id: 'groups', caption: S.tabs.groups, rows, key: r => idOf(r.group), open: r => groupHref(s.db, s.key, r.group), local: true,
            columns: [
                {id: 'group', label: Q.group, head: true, sort: true, value: r => label(r.group), show: r => groupLink(s.db, s.key, r.group)},
                {id: 'consumers', label: Q.consumers, sort: true, num: true, show: r => num(r.consumers)},
                {id: 'ready', label: Q.ready, sort: true, num: true, show: r => num(r.ready)},
                {id: 'leased', label: Q.leased, sort: true, num: true, show: r => num(r.leased)},
                {id: 'deferred', label: Q.deferred, sort: true, num: true, show: r => num(r.deferred)},
                {id: 'dead', label: Q.dead, sort: true, num: true, show: r => num(r.dead)},
                {id: 'deliveredRate', label: Q.delivered, sort: true, num: true, show: r => rate(r.deliveredRate)},
                {id: 'ackedRate', label: Q.acked, sort: true, num: true, show: r => rate(r.ackedRate)},
                {id: 'failedRate', label: Q.failed, sort: true, num: true, show: r => rate(r.failedRate)},
                {id: 'oldestReadyMs', label: Q.oldest, sort: true, num: true, live: false, show: r => h('span', {class: ageClass(r.oldestReadyMs)}, span(r.oldestReadyMs))},
                {id: 'flags', label: Q.flagsTitle, show: r => flagsOf(r.flags)},
                {id: 'act', label: '', title: T.more, class: 'nowrap', show: r => button(page, S.destroy, {needs: 'xgroup|destroy', danger: true, action: () => destroyAction(s.db, s.key, r.group, Math.max(0, r.leased))})},
            ],
            empty: () => h('div', null, h('p', null, S.noGroups), h('p', null, S.groupsHint)),
        }),
        s.groupsLeft > 0 ? h('p', {class: 'hint'}, S.groupsLeft(s.groupsLeft)) : null,
    ];
}

export const commands = (page, s) => s.groups.map(g => command('XPOLICY', 'STATS', s.key, g.name));
