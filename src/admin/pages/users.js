// Users: who may do what, in words and as written; what they were refused. Rules are edited as text; before they
// are saved the dialog shows the difference. A password is made by the server, shown once, and kept nowhere.
import {api} from './api.js';
import {button, openDialog} from './actions.js';
import {command, encode, label} from './bytes.js';
import {copy, h} from './dom.js';
import {split} from './command_line.js';
import {table} from './table.js';
import {T, num} from './text.js';
import {users as W} from './text_operations.js';
import {ago} from './time.js';

export const title = W.title;
export const about = W.about;

// Of docs/guides/http.md.
export const PRESETS = {
    viewer: '~* &* -@all +@read +@connection -@dangerous +survey +info +pubsub +client|list +slowlog|get +latency|latest +latency|history +acl|whoami',
    operator: '~* &* -@all +@read +@connection -@dangerous +survey +info +pubsub +client|list +slowlog|get +latency|latest +latency|history +acl|whoami +@write +@stream +@pubsub +client|kill +client|unblock',
    producer: '~* -@all +xadd +publish +ping',
    worker: '~* -@all +xreadgroup +xack +xnack +xclaim +xautoclaim +ping',
    scraper: '-@all +survey|metrics',
};

const n = v => Number(v ?? 0);
const path = name => `/users/${encode(name)}`;

export async function load(page) {
    const [users, log, clients] = await Promise.all([page.get('/users'), page.maybe('/acl/log'), page.maybe('/clients')]);
    const counts = new Map();
    for (const c of clients?.rows ?? []) counts.set(label(c.user), (counts.get(label(c.user)) ?? 0) + 1);
    return {rows: users.rows.map(asUser), left: n(users.usersLeft), log, counts};
}

// As ACL GETUSER tells it, with its rules in one line.
function asUser(r) {
    const flags = (r.flags ?? []).map(label), selectors = (r.selectors ?? []).map(s => `(${[s.commands, s.keys, s.channels].map(label).filter(Boolean).join(' ')})`);
    return {name: label(r.name), on: flags.includes('on'), nopass: flags.includes('nopass'), rules: [r.keys, r.channels, r.commands].map(label).filter(Boolean).concat(selectors).join(' ')};
}

export const commands = () => ['ACL LIST', 'ACL LOG'];

// Rules in words.
export function inWords(u) {
    const words = u.rules.split(/\s+/), keys = words.filter(w => /^(~|%)|^allkeys$/.test(w)), channels = words.filter(w => /^&|^allchannels$/.test(w));
    const all = words.includes('+@all') || words.includes('allcommands');
    const given = words.filter(w => /^\+/.test(w) && w !== '+@all').map(w => w.slice(1)), taken = words.filter(w => /^-/.test(w) && w !== '-@all').map(w => w.slice(1));
    return [all ? W.everyCommand : given.length ? W.runs(given.join(', ')) : W.noCommand, all && taken.length || taken.length ? W.but(taken.join(', ')) : null,
            keys.includes('~*') || keys.includes('allkeys') ? W.everyKey : keys.length ? W.keysLike(keys.join(' ')) : W.noKey,
            channels.includes('&*') || channels.includes('allchannels') ? W.everyChannel : channels.length ? W.channelsLike(channels.join(' ')) : null].filter(Boolean).join(' · ');
}

const presetOf = u => Object.keys(PRESETS).find(p => [...PRESETS[p].split(' ')].sort().join() === [...u.rules.split(/\s+/)].sort().join()) ?? (u.rules.includes('+@all') ? W.full : W.custom);

// ---- Actions

const wordsOf = text => text.trim().split(/\s+/).filter(Boolean);
// What ACL SETUSER gets: from the beginning, so that what was taken out of the text is gone.
const anew = v => ['resetkeys', 'resetchannels', '-@all', 'clearselectors', ...wordsOf(v.rules)];

function difference(before, after) {
    const old = wordsOf(before), now = wordsOf(after), gone = old.filter(w => !now.includes(w)), fresh = now.filter(w => !old.includes(w));
    return h('p', {role: 'status'}, gone.length || fresh.length ? [gone.length ? h('span', {class: 'bad-text'}, `− ${gone.join(' ')} `) : null, fresh.length ? h('span', {class: 'good-text'}, `+ ${fresh.join(' ')}`) : null] : W.noDifference);
}

const edit = u => ({
    title: W.editTitle(u.name), text: W.editText, button: W.save,
    fields: [{name: 'rules', type: 'textarea', label: W.rules, value: u.rules, required: true}],
    live: v => difference(u.rules, v.rules),
    commands: v => command('ACL', 'SETUSER', u.name, ...anew(v)),
    run: v => api.put(path(u.name), {rules: anew(v)}),
    errorField: e => e ? 'rules' : null,
    result: () => W.saved,
    undo: {run: () => api.put(path(u.name), {rules: anew({rules: u.rules})})},
});

const create = {
    title: W.newTitle, text: W.newText, button: W.create,
    fields: [{name: 'name', label: W.name, value: '', required: true, check: v => /\s/.test(v) ? W.noSpaces : null},
             {name: 'preset', type: 'select', label: W.preset, value: 'viewer', options: [...Object.keys(PRESETS).map(p => [p, W.presets[p]]), ['', W.custom]]},
             {name: 'rules', type: 'textarea', label: W.rules, value: '', hint: W.rulesHint, shown: v => v.preset === ''}],
    commands: v => command('ACL', 'SETUSER', v.name, 'on', ...wordsOf(PRESETS[v.preset] ?? v.rules)),
    run: v => api.put(path(v.name), {rules: ['on', ...wordsOf(PRESETS[v.preset] ?? v.rules)]}),
    errorField: e => e ? 'rules' : null, result: (a, v) => W.created(v.name),
};

const turn = (u, on) => ({
    title: on ? W.onTitle(u.name) : W.offTitle(u.name), text: on ? W.onText : W.offText, danger: !on, irreversible: on ? null : W.offFinal,
    commands: command('ACL', 'SETUSER', u.name, on ? 'on' : 'off'), run: () => api.put(path(u.name), {rules: [on ? 'on' : 'off']}), result: () => on ? W.isOn : W.isOff,
    undo: {run: () => api.put(path(u.name), {rules: [on ? 'off' : 'on']})},
});

const remove = u => ({title: W.deleteTitle(u.name), text: W.deleteText, danger: true, typeName: u.name, button: W.delete, commands: command('ACL', 'DELUSER', u.name), run: () => api.del(path(u.name)), result: () => W.deleted});

// Shown once: it is in this dialog and nowhere else.
function showPassword(name, password) {
    openDialog(({close}) => h('form', {method: 'dialog', onsubmit: e => { e.preventDefault(); close(); }},
        h('h2', null, W.passwordTitle(name)), h('p', null, W.passwordOnce), h('pre', {class: 'commands'}, password),
        h('div', {class: 'buttons'}, h('button', {type: 'button', onclick: () => copy(password)}, T.copy), h('button', {type: 'submit', class: 'primary'}, T.close))));
}

const newPassword = u => ({
    title: W.passwordTitle(u.name), text: W.passwordText, secret: true, button: W.setPassword,
    commands: [command('ACL', 'GENPASS'), command('ACL', 'SETUSER', u.name, 'resetpass', '>(password)')],
    run: async () => {
        const made = await api.post('/acl/password', {});
        const password = label(made.password);
        await api.put(path(u.name), {password});
        setTimeout(() => showPassword(u.name, password));
        return {};
    },
    result: () => W.passwordSet,
});

async function tryIt(page) {
    const {user, text} = page.state.may, argv = split(text);
    if (!argv?.length) return;
    const answer = await api.post(`${path(user)}/try`, {argv: argv.map(w => new TextDecoder().decode(w))});
    const said = label(answer.reply ?? answer.result ?? answer.text ?? '');
    page.state.may.answer = said === 'OK' ? {yes: true, text: W.may} : {yes: false, text: said};
    page.draw();
}

const saveAll = {title: W.saveAllTitle, text: W.saveAllText, commands: command('ACL', 'SAVE'), run: () => api.post('/acl/save', {}), result: () => W.savedAll};
const resetLog = {title: W.resetTitle, text: W.resetText, danger: true, button: W.reset, commands: command('ACL', 'LOG', 'RESET'), run: () => api.del('/acl/log'), result: () => W.resetDone};

export const actions = page => [button(page, W.new, {needs: 'acl|setuser', action: create}), button(page, W.saveFile, {needs: 'acl|save', action: saveAll})];

// ---- What is seen

function denials(log, name) {
    const own = (log?.rows ?? []).filter(r => label(r.username) === name);
    if (!own.length) return null;
    return h('span', {class: 'warn-text'}, W.denied(own.reduce((s, r) => s + n(r.count), 0), label(own[0].object)));
}

const columns = (page, {log, counts}) => [
    {id: 'name', label: W.name, head: true, fixed: true, sort: true, value: u => u.name, show: u => label(u.name)},
    {id: 'on', label: W.state, sort: true, value: u => u.on ? 0 : 1, show: u => [u.on ? W.on : h('span', {class: 'warn-text'}, W.off), u.nopass ? h('span', {class: 'bad-text'}, ` ! ${W.nopass}`) : null]},
    {id: 'kind', label: W.kind, show: presetOf},
    {id: 'words', label: W.mayDo, show: inWords},
    {id: 'rules', label: W.rules, optional: true, show: u => h('code', null, u.rules)},
    {id: 'clients', label: W.clients, num: true, sort: true, value: u => counts.get(label(u.name)) ?? 0, show: u => num(counts.get(label(u.name)) ?? 0)},
    {id: 'denied', label: W.denials, show: u => denials(log, label(u.name))},
    {id: 'act', label: '', title: W.actions, fixed: true, class: 'nowrap', show: u => [
        button(page, W.edit, {needs: 'acl|setuser', action: () => edit(u)}), ' ', button(page, W.password, {needs: ['acl|setuser', 'acl|genpass'], action: () => newPassword(u)}), ' ',
        button(page, u.on ? W.turnOff : W.turnOn, {needs: 'acl|setuser', action: () => turn(u, !u.on)}), ' ',
        u.name === 'default' ? null : button(page, W.deleteShort, {needs: 'acl|deluser', danger: true, action: () => remove(u)})]},
];

function question(page, rows) {
    const s = page.state.may ??= {user: label(rows[0]?.name ?? ''), text: '', answer: null};
    const set = values => {
        Object.assign(s, values, {answer: null});
        page.draw();
    };
    return h('form', {class: 'bar', onsubmit: e => { e.preventDefault(); page.attempt(() => tryIt(page)); }},
        h('label', null, W.question, ' ', h('select', {value: s.user, onchange: e => set({user: e.target.value})}, rows.map(u => h('option', {key: label(u.name), value: label(u.name)}, label(u.name))))),
        h('label', null, W.run, ' ', h('input', {type: 'text', value: '', placeholder: 'XTRIM orders MAXLEN 0', spellcheck: 'false', oninput: e => set({text: e.target.value})})),
        h('button', {type: 'submit'}, W.ask),
        h('span', {role: 'status', class: s.answer?.yes ? 'good-text' : 'bad-text'}, s.answer ? `${s.answer.yes ? W.yes : W.no} ${s.answer.text}` : ''));
}

function aclLog(page, log) {
    return h('section', null, h('div', {class: 'bar'}, h('h2', null, W.log), h('span', {class: 'space'}), button(page, W.reset, {needs: 'acl|log', danger: true, action: resetLog})),
        table(page, {
            id: 'acl-log', caption: W.log, rows: log.rows, key: r => String(r.entryId ?? label(r.clientInfo)), empty: () => h('p', null, W.noDenials),
            columns: [{id: 'at', label: W.when, show: r => ago(n(r.timestampLastUpdated) || Date.now() - n(r.ageSeconds) * 1000)}, {id: 'user', label: W.name, show: r => label(r.username)},
                {id: 'reason', label: W.reason, show: r => label(r.reason)}, {id: 'object', label: W.object, show: r => h('code', null, label(r.object))}, {id: 'context', label: W.context, show: r => label(r.context)},
                {id: 'from', label: W.from, show: r => /addr=(\S*)/.exec(label(r.clientInfo))?.[1] ?? T.none}, {id: 'count', label: W.times, num: true, show: r => num(n(r.count))}]}));
}

export function draw(page, data) {
    return [
        table(page, {id: 'users', caption: W.title, columns: columns(page, data), rows: data.rows, key: u => label(u.name), local: true, by: 'name'}),
        data.left > 0 ? h('p', {class: 'hint'}, W.left(data.left)) : null,
        question(page, data.rows),
        data.log ? aclLog(page, data.log) : null,
    ];
}
