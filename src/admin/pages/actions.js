// V3, V4: what changes something. A button opens a dialog that tells the commands, how many messages they touch
// and what cannot be undone; the result is a line below the view.
//
//     button(page, T.queues.purge, {needs: 'xtrim', action: {
//         title: 'Purge orders', text: 'Deletes 12,040 messages.', danger: true, typeName: 'orders',
//         fields: [{name: 'reason', label: 'Reason', value: ''}],            // asked for in the dialog
//         commands: v => [command('XTRIM', 'orders', 'MAXLEN', 0)],         // v: values of the fields
//         run: v => api.post('/streams/0/orders/trim', {maxlen: 0}),        // its answer's `command` is shown
//         result: answer => `${answer.deleted} deleted`,
//         undo: {label: 'Go on', run: () => api.post(...)},
//     }})
//
// On many: `run: (v, step) => ...` calls `await step(done, total, text)` between calls of at most 1,000; that moves
// the bar and throws when Stop was pressed. inCalls() does it for a list of IDs.
//
// Fields: {name, label, value, type: text | number | password | checkbox | select | textarea | fields, options:
// [[value, label]], hint, required, check: (value, values) => why it is wrong or null}. `fields` is a list of
// pairs, as a message has them. `live: values => ...` of an action describes what is shown below the fields.
import {ApiError, isReadOnly, link, mayNot, onConfirm, writes} from './api.js';
import {copy, h, render} from './dom.js';
import {announce, banner} from './state.js';
import {settled} from './table.js';
import {T, num} from './text.js';

const MOST_COMMANDS = 12; // that a dialog lists

class Stopped extends Error {}

// ---- Buttons

const under = new WeakSet(); // buttons whose run() has not ended

// Why the server would refuse it now; null: it may be tried.
export function whyNot(needs) {
    if (link.lost) return T.state.lostAction;
    for (const c of [needs].flat()) {
        const missing = mayNot(c);
        if (missing) return T.state.needs(missing);
    }
    return banner.stopsWrites ?? ([needs].flat().some(writes) ? banner.refuses : null);
}

// needs: commands. action, or run: what happens. looks: true for what changes nothing.
export function button(page, label, {needs = null, action = null, run = null, looks = false, off = null, danger = false, title = null, key} = {}) {
    if (!looks && isReadOnly()) return null;
    const why = (looks ? null : whyNot(needs)) ?? off;
    const press = async e => {
        if (why) announce(why, true);
        else if (action) perform(page, typeof action === 'function' ? action() : action);
        else if (!(e.detail > 1) && !under.has(e.currentTarget)) { // once: neither at the second click of a double click nor while it runs
            const el = e.currentTarget;
            under.add(el);
            await page.attempt(run);
            under.delete(el);
        }
    };
    return h('button', {type: 'button', key, class: danger ? 'danger' : null, 'aria-disabled': why ? 'true' : null, title: why ?? title, 'data-action': true, onclick: press},
        label, why ? h('span', {class: 'sr'}, ` (${why})`) : null);
}

// ---- Fields

function input(field, values, redraw) {
    const set = (value, draws = true) => {
        values[field.name] = value;
        if (draws) redraw();
    };
    const id = 'field-' + field.name, props = {id, name: field.name, 'aria-describedby': id + '-hint', 'aria-required': field.required ? 'true' : null};
    switch (field.type) {
    case 'checkbox':
        return h('input', {...props, type: 'checkbox', checked: values[field.name], onchange: e => set(e.target.checked)});
    case 'select':
        return h('select', {...props, value: values[field.name], onchange: e => set(e.target.value)},
            field.options.map(o => h('option', {value: [o].flat()[0]}, [o].flat().at(-1))));
    case 'textarea':
        return h('textarea', {...props, rows: 4, value: field.value, oninput: e => set(e.target.value)});
    case 'fields':
        return pairs(values[field.name], redraw);
    default:
        return h('input', {...props, type: field.type === 'password' ? 'password' : 'text', inputmode: field.type === 'number' ? 'numeric' : null,
                           value: field.value, placeholder: field.placeholder ?? null, autocomplete: 'off', spellcheck: 'false', oninput: e => set(e.target.value)});
    }
}

// In a value that may have lines Enter sends, as in the fields beside it; Shift and Enter begin a line.
function sends(e) {
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
    e.preventDefault();
    if (!e.repeat) e.target.form?.requestSubmit();
}

// Rows of name and value; list is changed in place.
export function pairs(list, redraw, {names = T.pairs.name, texts = T.pairs.value, add = '+'} = {}) {
    return h('div', {class: 'pairs'},
        list.map((pair, i) => h('div', {class: 'pair-row', key: pair.id ??= nextPair++},
            h('input', {'aria-label': `${names} ${i + 1}`, placeholder: names, value: pair[0], spellcheck: 'false', oninput: e => { pair[0] = e.target.value; redraw(); }}),
            h('textarea', {'aria-label': `${texts} ${i + 1}`, placeholder: texts, rows: 1, value: pair[1], spellcheck: 'false', onkeydown: sends, oninput: e => { pair[1] = e.target.value; redraw(); }}),
            h('button', {type: 'button', 'aria-label': T.pairs.remove(i + 1), disabled: list.length < 2, onclick: () => { list.splice(i, 1); redraw(); }}, '−'))),
        h('button', {type: 'button', onclick: () => { list.push(['', '']); redraw(); }}, `${add} ${names}`));
}
let nextPair = 1;

function wrong(field, values) {
    const v = values[field.name];
    if (field.required && (v === '' || v === null)) return T.action.required;
    if (field.type === 'number' && v !== '' && !/^-?\d+$/.test(v)) return T.action.number;
    return field.check?.(v, values) ?? null;
}

// A field that is hidden says nothing of what is wrong.
const isSeen = (field, values) => !!field && (field.shown?.(values) ?? true);

function fieldRow(field, values, redraw, tried, serverSaid) {
    const why = serverSaid ?? (tried || values[field.name] !== (field.value ?? '') ? wrong(field, values) : null), id = 'field-' + field.name;
    return h('div', {class: 'field', key: field.name, hidden: !isSeen(field, values)},
        field.type === 'fields' ? h('span', {class: 'label'}, field.label) : h('label', {for: id}, field.label),
        input(field, values, redraw),
        h('p', {id: id + '-hint', class: why ? 'wrong' : 'hint', hidden: !why && !field.hint}, why ?? field.hint ?? ''));
}

// ---- The dialog

const dialogs = new Set();

// Another view is opened: what was asked about this one is not asked over that. The login stays by itself.
export const closeDialogs = () => [...dialogs].filter(box => !box.classList.contains('login-box')).forEach(box => box.close());

export function openDialog(describe) {
    const box = document.createElement('dialog');
    const opener = document.activeElement;
    const close = () => box.close();
    const draw = () => render(box, describe({draw, close, box}));
    document.body.append(box);
    dialogs.add(box);
    box.addEventListener('close', () => {
        dialogs.delete(box);
        box.remove();
        if (opener?.isConnected) opener.focus();
    });
    draw();
    box.showModal();
    return {box, draw, close};
}

const listOf = (action, values) => {
    try {
        return [typeof action.commands === 'function' ? action.commands(values) : action.commands ?? []].flat();
    } catch {
        return [];
    }
};

function commandList(list) {
    return h('div', {class: 'runs'}, h('p', {class: 'hint'}, list.length ? T.action.commands : T.action.none),
        h('pre', {class: 'commands'}, list.slice(0, MOST_COMMANDS).join('\n')),
        list.length > MOST_COMMANDS ? h('p', {class: 'hint'}, T.action.manyMore(list.length - MOST_COMMANDS)) : null);
}

// Asks, runs, tells. Resolves when the dialog is gone.
export function perform(page, action) {
    const values = Object.fromEntries((action.fields ?? []).map(f => [f.name, f.type === 'fields' ? (f.value ?? [['', '']]).map(p => [...p]) : f.value ?? (f.type === 'checkbox' ? false : '')]));
    const state = {tried: false, typed: '', error: null, running: false, stop: false, done: 0, total: 0, text: ''};
    const name = action.typeName ?? null;
    return new Promise(resolve => {
        const {box, draw} = openDialog(({draw, close, box}) => view(draw, close, box));
        box.addEventListener('close', () => {
            state.stop = true;
            resolve();
        });
        box.addEventListener('cancel', () => { state.stop = true; });
        const step = async (done, total, text = '') => {
            Object.assign(state, {done, total, text});
            draw();
            if (state.stop) throw new Stopped();
        };
        async function run() {
            state.tried = true;
            if ((action.fields ?? []).some(f => isSeen(f, values) && wrong(f, values)) || (name !== null && state.typed !== name)) {
                draw();
                box.querySelector('.wrong')?.closest('.field')?.querySelector('input, select, textarea')?.focus();
                return;
            }
            Object.assign(state, {running: true, error: null});
            draw();
            try {
                const answer = await action.run(values, step);
                tellResult(page, action, values, answer);
                box.close();
            } catch (e) {
                if (e instanceof Stopped || e.name === 'AbortError') { // by the button, or with its view
                    tellResult(page, action, values, null, T.action.stopped + (state.done ? ': ' + (state.text || T.action.progress(state.done, state.total)) : ''));
                    box.close();
                } else if (e instanceof ApiError) {
                    Object.assign(state, {running: false, error: e});
                    draw();
                    if (!box.contains(document.activeElement)) box.querySelector('[type=submit]')?.focus(); // a button that is off while it runs loses it
                } else {
                    box.close();
                    page.failed(e);
                }
            }
            settled(page);
            page.reload();
        }
        function view(draw, close) {
            const runs = listOf(action, values);
            const at = action.errorField?.(state.error, values), field = isSeen((action.fields ?? []).find(f => f.name === at), values) ? at : null;
            return h('form', {method: 'dialog', onsubmit: e => { e.preventDefault(); if (!state.running) run(); }},
                h('h2', null, action.title),
                action.text ? h('p', null, typeof action.text === 'function' ? action.text(values) : action.text) : null,
                action.irreversible ?? action.danger ? h('p', {class: 'warning'}, '! ', action.irreversible ?? T.action.irreversible) : null,
                (action.fields ?? []).map(f => fieldRow(f, values, draw, state.tried, field === f.name ? state.error.text : null)),
                action.live?.(values, draw) ?? null,
                commandList(runs),
                name === null ? null : h('div', {class: 'field'}, h('label', {for: 'type-name'}, T.action.typeName(name)),
                    h('input', {id: 'type-name', autocomplete: 'off', spellcheck: 'false', value: '', oninput: e => { state.typed = e.target.value; draw(); }}),
                    h('p', {class: 'wrong', hidden: !state.tried || state.typed === name}, T.action.notTheName)),
                state.error && !field ? h('p', {class: 'wrong', role: 'alert'}, `${state.error.text}`) : null,
                state.running ? h('div', {class: 'progress'}, h('progress', state.total ? {max: state.total, value: state.done} : {}),
                    h('p', {role: 'status'}, state.text || T.action.progress(state.done, state.total)), h('p', {class: 'hint'}, T.action.closing)) : null,
                h('div', {class: 'buttons'},
                    state.running ? h('button', {type: 'button', key: 'stop', onclick: () => { state.stop = true; draw(); }}, T.stop)
                        : h('button', {type: 'button', key: 'cancel', onclick: close, autofocus: action.danger ? true : null}, T.cancel),
                    h('button', {type: 'submit', key: 'run', class: action.danger ? 'danger' : 'primary', disabled: state.running || (name !== null && state.typed !== name)},
                        typeof action.button === 'function' ? action.button(values) : action.button ?? T.action.run)));
        }
    });
}

// Runs call(ids, from) for at most `most` of the list at a time; sums up {done, of}.
export async function inCalls(list, call, step, most = 1000) {
    const sum = {done: 0, of: 0, command: null};
    for (let i = 0; i < list.length; i += most) {
        if (list.length > most) await step(i, list.length);
        const part = await call(list.slice(i, i + most), i);
        const n = Math.min(most, list.length - i);
        sum.done += part?.done ?? part?.deleted ?? n;
        sum.of += part?.of ?? n;
        sum.command ??= part?.command ?? null;
    }
    return sum;
}

// ---- Results

export const results = []; // the newest first: {text, command, undo}

function tellResult(page, action, values, answer, text = null) {
    const told = text ?? action.result?.(answer, values) ?? (answer?.of !== undefined ? `${num(answer.done)} of ${num(answer.of)}` : 'OK');
    const commands = answer?.command ? [answer.command].flat() : listOf(action, values).slice(0, MOST_COMMANDS);
    results.unshift({title: action.title, text: told, commands: action.secret ? [] : commands, undo: action.undo && !text ? action.undo : null, atMs: Date.now()});
    results.length = Math.min(results.length, 20);
    announce(`${action.title}: ${told}`, true);
}

async function undo(page, r) {
    if (r.undoing) return; // it was pressed twice
    r.undoing = true;
    try {
        await r.undo.run();
        Object.assign(r, {undo: null, text: T.action.undone});
    } finally {
        r.undoing = false;
    }
    settled(page);
    page.reload();
}

export function resultList(page, draw) {
    return results.map((r, i) => h('li', {key: r.id ??= nextPair++},
        h('span', null, h('strong', null, r.title), ': ', r.text),
        r.commands.length ? h('code', null, r.commands.join('\n').replaceAll('\n', '; ')) : null,
        r.commands.length ? h('button', {type: 'button', onclick: () => copy(r.commands.join('\n'))}, T.action.copyCommand) : null,
        r.undo ? h('button', {type: 'button', onclick: () => page.attempt(() => undo(page, r))}, r.undo.label ?? T.action.undo) : null,
        h('button', {type: 'button', 'aria-label': T.action.dismiss, onclick: () => { results.splice(i, 1); draw(); }}, '×')));
}

// ---- G9

onConfirm(({user, by, wrong}) => new Promise(resolve => {
    let word = '', given = null;
    const isName = by === 'user';
    const {box, close} = openDialog(() => h('form', {method: 'dialog', onsubmit: e => { e.preventDefault(); given = word; close(); }},
        h('h2', null, T.login.confirm),
        h('p', null, isName ? T.login.confirmName(user) : T.login.confirmHint(user)),
        h('div', {class: 'field'}, h('label', {for: 'confirm'}, isName ? T.login.name : T.login.password),
            h('input', {id: 'confirm', type: isName ? 'text' : 'password', autocomplete: 'current-password', value: '', oninput: e => { word = e.target.value; }})),
        wrong ? h('p', {class: 'wrong', role: 'alert'}, wrong) : null,
        h('div', {class: 'buttons'}, h('button', {type: 'button', onclick: close}, T.cancel), h('button', {type: 'submit', class: 'primary'}, T.login.confirmButton))));
    box.addEventListener('close', () => resolve(given));
}));
