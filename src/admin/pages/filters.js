// A bar of fields whose values are in the address (V1): what is typed takes effect after a moment of rest, or at
// Enter at once.
import {h} from './dom.js';
import {T, num} from './text.js';

const REST_MS = 300;
let timer = 0;

// list: {name, label, type, placeholder, options: [[value, label] or value], hint}. Another value leads to the first page.
export function filters(page, list) {
    const typed = page.state.typed ??= {}; // text that was typed but is not in the address yet
    const set = (values = {}, push = false) => {
        clearTimeout(timer);
        const all = {...typed, ...values, after: ''};
        for (const name in typed) delete typed[name];
        if (!page.ending.signal.aborted) page.set(all, push);
    };
    const later = (name, value) => {
        clearTimeout(timer);
        timer = setTimeout(set, REST_MS);
        typed[name] = value;
        page.draw();
    };
    const field = f => {
        const id = 'by-' + f.name, value = typed[f.name] ?? page.query[f.name] ?? f.value ?? '';
        if (f.type === 'checkbox')
            return h('label', {key: f.name}, h('input', {type: 'checkbox', id, checked: !!value, onchange: e => set({[f.name]: e.target.checked})}), ' ', f.label);
        return h('label', {key: f.name}, f.label, ' ', f.options
            ? h('select', {id, value, onchange: e => set({[f.name]: e.target.value})}, f.options.map(o => h('option', {value: [o].flat()[0]}, [o].flat().at(-1))))
            : h('input', {id, type: 'text', size: f.type === 'number' ? 6 : 14, inputmode: f.type === 'number' ? 'numeric' : null, placeholder: f.placeholder ?? null, value, spellcheck: 'false', autocomplete: 'off', title: f.hint ?? null,
                          oninput: e => later(f.name, e.target.value), onkeydown: e => { if (e.key === 'Enter') set({[f.name]: e.target.value}); }}));
    };
    const isSet = list.some(f => (page.query[f.name] ?? '') !== '');
    return h('div', {class: 'bar', role: 'search', 'aria-label': T.frame.conditions}, list.map(field),
        isSet ? h('button', {type: 'button', key: 'clear', onclick: () => set(Object.fromEntries(list.map(f => [f.name, ''])), true)}, T.frame.clearFilter) : null);
}

// Section "filter finds nothing": what was asked for by these members of the address, how many there are without it
// (null: not known), and the way back to them.
export function noMatch(page, names, of, begins = T.state.noMatch) {
    const asked = names.filter(n => page.query[n]).map(n => n === 'db' ? T.frame.dbName(page.query.db) : page.query[n] === '1' || page.query[n] === true ? n : page.query[n]);
    return h('p', null, begins(asked.join(' · ')), ' ', of === null || of === undefined ? null : [T.state.thereAre(num(of)), ' '],
        h('button', {type: 'button', onclick: () => page.set(Object.fromEntries([...names, 'after'].map(n => [n, ''])))}, T.frame.clearFilter));
}

// For it: how many rows of the survey there are. Null, unless a filter has found none of them.
export async function countAll(page, path, list) {
    return !list.rows.length && Object.keys(page.query).length ? (await page.maybe(path, {count: 1}))?.total ?? null : null;
}

// Whether a text fits what is asked for: a glob with * and ?, or a part of it.
export function matches(text, wanted) {
    if (!wanted) return true;
    if (!/[*?]/.test(wanted)) return text.toLowerCase().includes(wanted.toLowerCase());
    const pattern = wanted.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
    return new RegExp(`^${pattern}$`, 'is').test(text);
}
