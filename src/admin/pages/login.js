// The login, over the view: at the start, and when a session has ended. It is closed by a session only.
import {api, logIn, on, session} from './api.js';
import {openDialog} from './actions.js';
import {h} from './dom.js';
import {T} from './text.js';

let open = null;

// How far the data are loaded: that is told without a login.
async function progress(refusal) {
    const {loading} = await api.get('/overview').catch(() => ({}));
    return loading === undefined ? refusal.text : T.login.loading(loading);
}

function form(state, draw) {
    const attempt = async (user, password) => {
        Object.assign(state, {wrong: null, busy: true});
        draw();
        try {
            await logIn(user, password);
        } catch (e) {
            state.wrong = e.status === 401 ? T.login.wrong : e.code === 'LOADING' ? await progress(e) : e.text;
        }
        state.busy = false;
        if (open) draw();
    };
    return h('form', {method: 'dialog', class: 'login', onsubmit: e => { e.preventDefault(); attempt(state.user || 'default', state.password); }},
        h('h1', {class: 'brand'}, T.brand),
        h('p', {class: 'hint'}, T.login.where(location.host, location.protocol === 'https:')),
        state.ended ? h('p', null, T.login.ended) : null,
        h('div', {class: 'field'}, h('label', {for: 'login-name'}, T.login.name),
            h('input', {id: 'login-name', name: 'username', autocomplete: 'username', value: state.user, spellcheck: 'false', oninput: e => { state.user = e.target.value; }})),
        h('div', {class: 'field'}, h('label', {for: 'login-password'}, T.login.password),
            h('input', {id: 'login-password', name: 'password', type: 'password', autocomplete: 'current-password', value: '', oninput: e => { state.password = e.target.value; }})),
        h('p', {class: 'wrong', role: 'alert', hidden: !state.wrong}, state.wrong ?? ''),
        h('div', {class: 'buttons'},
            h('button', {type: 'submit', class: 'primary', disabled: state.busy}, T.login.button),
            h('button', {type: 'button', disabled: state.busy, title: T.login.goInHint, onclick: () => attempt(null)}, T.login.goIn)),
        h('p', {class: 'hint'}, T.login.goInHint));
}

export function showLogin(ended) {
    if (open) return;
    const state = {user: '', password: '', wrong: null, busy: false, ended};
    open = openDialog(({draw}) => form(state, draw));
    open.box.classList.add('login-box');
    open.box.addEventListener('cancel', e => e.preventDefault());
    // Some browsers close a dialog at the second Esc all the same.
    open.box.addEventListener('close', () => {
        open = null;
        if (!session) showLogin(ended);
    });
}

on('session', now => {
    if (now) open?.close();
    else showLogin(true);
});
