// Storage: what is on the disk and how safe it is, and what the process has in memory. By INFO persistence and
// memory, and BACKUP.
import {api, mayNot} from './api.js';
import {button} from './actions.js';
import {command, encode, label} from './bytes.js';
import {h} from './dom.js';
import {facts, table} from './table.js';
import {T, num, percent, size} from './text.js';
import {storage as W} from './text_operations.js';
import {ago, span} from './time.js';

export const title = W.title;
export const about = W.about;

const n = v => v === null || v === undefined ? null : Number(v);
const isOn = v => v === 1 || v === '1' || v === true;
const status = v => label(v) === 'ok' ? [W.ok, null] : [`! ${label(v)}`, 'bad'];

export async function load(page) {
    const [storage, backups, config] = await Promise.all([page.get('/storage'), mayNot('backup|list') ? null : page.maybe('/backups'), mayNot('config|get') ? null : page.maybe('/config')]);
    return {p: storage.persistence, m: storage.memory, backups, config};
}

export const commands = () => ['INFO persistence memory', 'BACKUP LIST', 'BACKUP STATUS'];

const act = (title, text, runs, path, body, result) => ({title, text, commands: runs, run: () => api.post(path, body), result: () => result});

const save = act(W.saveTitle, W.saveText, command('BGSAVE'), '/storage/save', {}, W.saveDone);
const rewrite = act(W.rewriteTitle, W.rewriteText, command('BGREWRITEAOF'), '/storage/rewrite', {}, W.rewriteDone);
const purge = act(W.purgeTitle, W.purgeText, command('MEMORY', 'PURGE'), '/storage/purge', {}, W.purgeDone);

const fsync = now => ({
    title: W.fsyncTitle, text: W.fsyncText,
    fields: [{name: 'to', type: 'select', label: 'appendfsync', value: now ?? 'everysec', options: [['always', W.always], ['everysec', W.everysec], ['no', W.never]]}],
    commands: v => command('CONFIG', 'SET', 'appendfsync', v.to), run: v => api.patch('/config', {appendfsync: v.to}), result: (a, v) => W.fsyncDone(v.to),
    undo: now ? {run: () => api.patch('/config', {appendfsync: now})} : null,
});

const start = {
    title: W.backupTitle, text: W.backupText, fields: [{name: 'name', label: W.backupName, value: '', hint: W.backupHint}, {name: 'seal', label: W.sealAtOnce, type: 'checkbox', hint: W.sealAtOnceHint}],
    commands: v => [command('BACKUP', 'START', v.name || null), v.seal ? command('BACKUP', 'SEAL') : null].filter(Boolean),
    run: async v => {
        const begun = await api.post('/backups', v.name ? {name: v.name} : {});
        return v.seal ? {command: [begun.command, (await api.post('/backups/seal', {})).command]} : begun;
    },
    result: (a, v) => v.seal ? W.sealed : W.backupBegun,
};
const seal = {title: W.sealTitle, text: W.sealText, commands: command('BACKUP', 'SEAL'), run: () => api.post('/backups/seal', {}), result: () => W.sealed};
const abort = {title: W.abortTitle, text: W.abortText, danger: true, commands: command('BACKUP', 'ABORT'), run: () => api.post('/backups/abort', {}), result: () => W.aborted};
const cleanUp = name => ({title: W.cleanTitle(name), text: W.cleanText, danger: true, button: W.clean, commands: command('BACKUP', 'CLEANUP', name), run: () => api.del(`/backups/${encode(name)}`), result: () => W.cleaned});

// ---- What is seen

function appendOnly(page, p, fsyncNow) {
    if (!isOn(p.aofEnabled)) return h('section', {class: 'card'}, h('h2', null, W.aof), h('p', null, W.noAof), h('pre', {class: 'commands'}, 'CONFIG SET appendonly yes'));
    const runs = isOn(p.aofRewriteInProgress), base = n(p.aofBaseSize), all = n(p.aofCurrentSize);
    const [lastText, lastKind] = status(p.aofLastBgrewriteStatus), [writeText, writeKind] = status(p.aofLastWriteStatus);
    return h('section', {class: 'card'}, h('h2', null, W.aof), facts([
        [W.appendfsync, fsyncNow ?? T.none], [W.size, size(all)], [W.base, size(base)], [W.increment, size(Math.max(0, all - base))], [W.growth, base > 0 ? percent((all - base) * 100 / base) : T.none],
        [W.unsynced, size(n(p.aofUnsyncedBytes))], [W.lastSync, n(p.aofLastFsyncAgeMs) < 0 ? T.none : T.ago(span(n(p.aofLastFsyncAgeMs)))],
        [W.writes, writeText, writeKind], [W.lastRewrite, lastText, lastKind], [W.rewriteTook, n(p.aofLastRewriteTimeSec) < 0 ? T.none : span(n(p.aofLastRewriteTimeSec) * 1000)],
        [W.cut, size(n(p.aofCutBytesAtLoad) ?? 0), n(p.aofCutBytesAtLoad) > 0 ? 'bad' : null], [W.delayed, num(n(p.aofDelayedFsync))]]),
    runs ? h('p', {role: 'status'}, W.rewriting(span(n(p.aofCurrentRewriteTimeSec) * 1000))) : null,
    h('p', {class: 'bar'}, button(page, W.rewrite, {needs: 'bgrewriteaof', off: runs ? W.rewritesNow : null, action: rewrite}), button(page, W.fsync, {needs: 'config|set', action: () => fsync(fsyncNow)})));
}

function snapshot(page, p) {
    const runs = isOn(p.rdbBgsaveInProgress), [text, kind] = status(p.rdbLastBgsaveStatus);
    return h('section', {class: 'card'}, h('h2', null, W.snapshot), facts([
        [W.lastSave, ago(n(p.rdbLastSaveTime) * 1000)], [W.state, text, kind], [W.took, n(p.rdbLastBgsaveTimeSec) < 0 ? T.none : span(n(p.rdbLastBgsaveTimeSec) * 1000)],
        [W.changes, num(n(p.rdbChangesSinceLastSave))], [W.saves, num(n(p.rdbSaves))]]),
    runs ? h('p', {role: 'status'}, W.saving(num(n(p.currentSaveKeysProcessed)), num(n(p.currentSaveKeysTotal)))) : null,
    h('p', {class: 'bar'}, button(page, W.save, {needs: 'bgsave', off: runs ? W.savesNow : null, action: save})));
}

function backupList(page, backups) {
    const open = backups.open ?? (label(backups.status?.state) === 'open' ? backups.status : null);
    return h('section', {class: 'card'}, h('h2', null, W.backups),
        open ? h('p', {class: 'bar', role: 'status'}, W.openBackup(label(open.name)), button(page, W.seal, {needs: 'backup|seal', action: seal}), button(page, W.abort, {needs: 'backup|abort', danger: true, action: abort})) : null,
        table(page, {
            id: 'backups', caption: W.backups, rows: backups.rows.map(r => typeof r === 'string' ? {name: r} : r), key: r => label(r.name), empty: () => h('p', null, W.noBackups),
            columns: [{id: 'name', label: W.backupName, head: true, show: r => label(r.name)},
                {id: 'act', label: '', title: W.actions, class: 'nowrap', show: r => button(page, W.clean, {needs: 'backup|cleanup', danger: true, action: () => cleanUp(label(r.name))})}]}),
        h('p', {class: 'bar'}, button(page, W.backup, {needs: 'backup|start', off: open ? W.backupOpen : null, action: start})));
}

function memory(page, m) {
    const limit = n(m.maxmemory);
    return h('section', {class: 'card'}, h('h2', null, W.memory), facts([
        [W.used, size(n(m.usedMemory))], [W.process, size(n(m.usedMemoryRss))], [W.peak, size(n(m.usedMemoryPeak))], [W.limit, limit ? `${size(limit)} ${label(m.maxmemoryPolicy)}` : W.noLimit],
        [W.data, size(n(m.usedMemoryDataset))], [W.clients, size(n(m.memClientsNormal))], [W.scripts, size(n(m.usedMemoryScripts))], [W.ratio, n(m.memFragmentationRatio)?.toFixed(2) ?? T.none],
        [W.lazy, num(n(m.lazyfreePendingObjects))]]),
    limit ? h('meter', {min: 0, max: 100, high: 90, 'aria-label': W.used, use: el => { el.value = n(m.usedMemory) * 100 / limit; }}) : null,
    h('p', {class: 'bar'}, button(page, W.purge, {needs: 'memory|purge', action: purge})));
}

export function draw(page, {p, m, backups, config}) {
    const fsyncNow = config?.rows?.find(r => r.name === 'appendfsync')?.value ?? null;
    return h('div', {class: 'grid wide'}, appendOnly(page, p, fsyncNow), snapshot(page, p), backups ? backupList(page, backups) : null, memory(page, m));
}
