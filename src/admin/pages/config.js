// Config: every setting with its value, its default and what it is for. Several are changed in one CONFIG SET, which
// takes all of them or none. What is secret is never shown, only replaced.
import {api} from './api.js';
import {button} from './actions.js';
import {command, label} from './bytes.js';
import {h} from './dom.js';
import {filters, matches, noMatch} from './filters.js';
import {table} from './table.js';
import {T, count, num} from './text.js';
import {config as W} from './text_operations.js';

export const title = W.title;
export const about = W.about;
export const filter = W.filter;

export async function load(page) {
    const answer = await page.get('/config');
    page.state.changed ??= new Map(); // what was typed and is not set yet
    return {rows: answer.rows};
}

export const commands = () => ['CONFIG GET *'];

const isSecret = r => r.secret ?? r.value === null;
const isChanged = r => r.default !== undefined && !isSecret(r) && label(r.value) !== label(r.default);
const differs = r => r.file !== undefined && r.file !== null && !isSecret(r) && label(r.file) !== label(r.value);

function setAll(page) {
    const list = [...page.state.changed];
    const secret = new Set(page.data.rows.filter(isSecret).map(r => r.name));
    const before = Object.fromEntries(list.map(([name]) => [name, label(page.data.rows.find(r => r.name === name).value)])); // page.data will have the new ones
    return {
        title: W.setTitle(list.length), text: W.setText, button: W.set(list.length), secret: list.some(([name]) => secret.has(name)),
        commands: command('CONFIG', 'SET', list.flatMap(([name, value]) => [name, secret.has(name) ? '(secret)' : value])),
        run: async () => {
            const answer = await api.patch('/config', Object.fromEntries(list));
            page.state.changed.clear();
            return answer;
        },
        result: () => list.map(([name]) => name).join(', '),
        undo: list.some(([name]) => secret.has(name)) ? null : {run: () => api.patch('/config', before)},
    };
}

const rewrite = {title: W.rewriteTitle, text: W.rewriteText, commands: command('CONFIG', 'REWRITE'), run: () => api.post('/config/rewrite', {}), result: () => W.rewriteDone, button: W.rewrite};

export const actions = page => [
    button(page, W.set(page.state.changed.size), {needs: 'config|set', off: page.state.changed.size ? null : W.nothingToSet, action: () => setAll(page)}),
    page.state.changed.size ? h('button', {type: 'button', onclick: () => { page.state.changed.clear(); page.state.round = (page.state.round ?? 0) + 1; page.draw(); }}, W.forget) : null,
    button(page, W.rewriteShort, {needs: 'config|rewrite', action: rewrite}),
];

function editor(page, r) {
    if (r.fixed || r.immutable) return h('span', null, isSecret(r) ? W.secret : label(r.value), ' ', h('span', {class: 'hint'}, W.fixed));
    const {changed} = page.state, now = isSecret(r) ? '' : label(r.value);
    const set = value => {
        if (value === now) changed.delete(r.name);
        else changed.set(r.name, value);
        page.draw();
    };
    const props = {key: `${r.name} ${page.state.round ?? 0}`, 'aria-label': r.name, class: changed.has(r.name) ? 'edited' : null};
    const words = now === 'yes' || now === 'no' ? ['yes', 'no'] : r.words ?? null;
    if (words) return h('select', {...props, value: changed.get(r.name) ?? now, onchange: e => set(e.target.value)}, words.map(w => h('option', {value: w}, w)));
    // What was typed stays when somebody else sets it meanwhile.
    return h('input', {...props, type: isSecret(r) ? 'password' : 'text', value: changed.get(r.name) ?? now, placeholder: isSecret(r) ? W.secret : null, spellcheck: 'false', autocomplete: 'off', oninput: e => set(e.target.value)});
}

const columns = page => [
    {id: 'name', label: W.name, head: true, fixed: true, sort: true, value: r => r.name, show: r => [r.name, page.state.changed.has(r.name) ? h('span', {class: 'warn-text'}, ` ${W.edited}`) : null]},
    {id: 'value', label: W.value, fixed: true, show: r => editor(page, r)},
    {id: 'default', label: W.default, show: r => r.default === undefined ? T.none : [h('code', null, label(r.default)), isChanged(r) ? h('span', {class: 'warn-text'}, ` ${W.other}`) : null]},
    {id: 'file', label: W.file, optional: true, show: r => r.file === undefined || r.file === null ? T.none : [h('code', null, label(r.file)), differs(r) ? h('span', {class: 'warn-text'}, ` ${W.other}`) : null]},
    {id: 'summary', label: W.summary, show: r => label(r.summary ?? '')},
];

export function draw(page, {rows}) {
    const q = page.query, known = rows.some(r => r.default !== undefined);
    const fits = r => (matches(r.name, q.match) || matches(label(r.summary ?? ''), q.match)) && (!q.changed || isChanged(r)) && (!q.differs || differs(r));
    const shown = rows.filter(fits), inert = shown.filter(r => r.inert), own = shown.filter(r => !r.inert);
    return [
        known ? filters(page, [{name: 'changed', type: 'checkbox', label: W.onlyChanged}, {name: 'differs', type: 'checkbox', label: W.onlyDiffers}]) : null,
        table(page, {id: 'config', caption: W.title, columns: columns(page), rows: own, key: r => r.name, local: true, by: 'name', empty: () => noMatch(page, ['match', 'changed', 'differs'], rows.length)}),
        inert.length ? h('details', {class: 'card'}, h('summary', null, W.inert(count(inert.length, 'setting'))),
            h('p', {class: 'hint'}, inert.map(r => `${r.name} ${label(r.value ?? '')}`).join(' · '))) : null,
    ];
}
