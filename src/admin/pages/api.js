// Requests to the server this page came from, and what is known of server and session by them.
//
//     const data = await api.get('/streams', {match: 'ord*'})      // the same object as long as nothing has changed
//     const done = await api.post('/streams/0/orders/trim', {maxlen: 0})
//
// A request fails with an ApiError: status, code (the first word of the command's error), text, command. Reading
// is tried again by whoever polls; while the server does not answer, link.lost says since when and when it is
// asked again (1, 2, 4 ... 15 s). 401 ends the session: listeners of "session" show the login, the view stays.
//
// The token is in sessionStorage; tabs of this origin that are open give it to new ones. There is no cookie.
import {encode} from './bytes.js';

export class ApiError extends Error {
    constructor(status, {code = 'ERR', text = '', command = null} = {}, retryS = 0) {
        super(text);
        Object.assign(this, {status, code, text, command, retryS});
    }
}

// status 0: no answer at all.
const lostError = () => new ApiError(0, {code: 'LOST', text: 'The server does not answer.'});

const TOKEN = 'millrace-token';
const KEPT = 60; // answers that are kept with their tags
const STEP = /^[^?]*\/\.\.?(?:[/?]|$)/; // a part that a browser removes from a path, also when it is percent-encoded
const LATE_MS = 20000; // after which a GET without a complete answer counts as lost

export const link = {lost: null}; // {sinceMs, tries, nextMs}
export let session = null;        // {token, user, may, features, mode, version, expiresMs}
let confirmPassword = async () => null; // asks the user; actions.js has the dialog
const listeners = {session: [], link: [], busy: []};
const answers = new Map();

export const on = (what, f) => listeners[what].push(f);
const tell = (what, x) => listeners[what].forEach(f => f(x));
export const onConfirm = f => { confirmPassword = f; };

// ---- Session

function store(name, value) {
    try {
        if (value === null) sessionStorage.removeItem(name);
        else sessionStorage.setItem(name, value);
    } catch {
        // Then it lasts as long as the page.
    }
}

const tabs = 'BroadcastChannel' in globalThis ? new BroadcastChannel('millrace') : null;
if (tabs)
    tabs.onmessage = ({data}) => {
        if (data.ask && session) tabs.postMessage({session});
        else if (data.session && !session) begin(data.session);
        else if (data.ended && session?.token === data.ended) end(false);
    };

function begin(answer) {
    session = {...session, ...answer};
    store(TOKEN, session.token);
    answers.clear();
    tell('session', session);
}

function end(told = true) {
    if (!session) return;
    const {token} = session;
    session = null;
    store(TOKEN, null);
    answers.clear();
    if (told) tabs?.postMessage({ended: token});
    tell('session', null);
}

// At the start: the token of this tab, or of another one. False: somebody has to log in.
export async function resume() {
    let token = null;
    try {
        token = sessionStorage.getItem(TOKEN);
    } catch {
        // As below.
    }
    if (!token && tabs) {
        tabs.postMessage({ask: true});
        await new Promise(done => setTimeout(done, 120));
        return !!session;
    }
    if (!token) return false;
    session = {token};
    try {
        begin({...await request('GET', '/session'), token});
        return true;
    } catch (e) {
        if (e.status === 0 || e.status === 503) return true; // the frame goes on asking
        session = null;
        return false;
    }
}

// Without a name: the default user, when that has no password.
export async function logIn(user, password) {
    const answer = await request('POST', '/session', {body: user === null ? {} : {user, password}, anonymous: true});
    begin(answer);
    tabs?.postMessage({session});
    return answer;
}

export async function logOut() {
    await request('DELETE', '/session').catch(() => null);
    end();
}

// null when the user may run this command here and now, else why not. Names as ACL has them: "xgroup|destroy".
export function mayNot(command) {
    if (!session?.may || !command) return null;
    const may = session.may instanceof Set ? session.may : session.may = new Set(session.may.map(c => c.toLowerCase()));
    const name = command.toLowerCase();
    return may.has(name) || may.has(name.split('|')[0]) ? null : name;
}

// Whether a command changes data.
export const writes = command => !!command && !!session?.writes?.includes(command.toLowerCase());

export const isReadOnly = () => session?.mode === 'read-only';
export const hasFeature = name => !!session?.features?.includes(name);
// Whether the server has a command that views are made of: it may have been taken away.
export const isMade = command => !command || !session?.features || hasFeature(command);

// ---- Requests

export function query(values = {}) {
    const parts = [];
    for (const [k, v] of Object.entries(values))
        if (v !== null && v !== undefined && v !== '' && v !== false) parts.push(`${k}=${encode(v === true ? '1' : v)}`);
    return parts.length ? '?' + parts.join('&') : '';
}

// sentMs: when the request was sent that has no answer.
function lose(sentMs) {
    const tries = (link.lost?.tries ?? 0) + 1;
    const wait = Math.min(15000, 1000 * 2 ** (tries - 1));
    link.lost = {sinceMs: link.lost?.sinceMs ?? sentMs, tries, nextMs: Date.now() + wait};
    tell('link', link);
    return lostError();
}

function find() {
    if (!link.lost) return;
    link.lost = null;
    tell('link', link);
}

async function request(method, path, {body, anonymous, signal, tag, raw} = {}) {
    if (STEP.test(path)) throw new ApiError(400, {text: 'A browser cannot ask for a name that is only . or .. (it takes it for a step within the path); redis-cli can.'});
    const headers = {};
    if (session?.token && !anonymous) headers.Authorization = 'Bearer ' + session.token;
    if (body !== undefined || method !== 'GET') headers['Content-Type'] = 'application/json';
    if (tag) headers['If-None-Match'] = tag;
    // Where the network drops packets silently, fetch() would wait for minutes. Only a GET is given up: a change may still
    // take effect.
    const ending = new AbortController(), sentMs = Date.now();
    const leave = () => ending.abort(signal.reason);
    const timer = method === 'GET' ? setTimeout(() => ending.abort(new DOMException('', 'TimeoutError')), LATE_MS) : 0;
    let r, text;
    try {
        signal?.throwIfAborted();
        signal?.addEventListener('abort', leave);
        // The browser's own cache is left out: what it kept would be shown to the next user of this page.
        r = await fetch('api/v1' + path, {method, headers, signal: ending.signal, cache: 'no-store', credentials: 'omit', redirect: 'error',
                                          body: body === undefined ? undefined : JSON.stringify(body)});
        if (raw && r.ok) {
            find();
            return r;
        }
        text = await r.text();
    } catch (e) {
        if (e.name === 'AbortError') throw e;
        throw lose(sentMs);
    } finally {
        clearTimeout(timer);
        if (!raw) signal?.removeEventListener('abort', leave); // the body of a stream is read after this returns, until the page ends
    }
    find();
    if (r.status === 304) return null;
    if (r.status === 204) return {command: r.headers.get('X-Millrace-Command')};
    let data = null;
    try {
        data = text ? JSON.parse(text) : null;
    } catch {
        if (r.ok) data = text; // /definitions
    }
    if (r.ok) {
        if (tag !== undefined && r.headers.get('ETag')) answers.set(path, {tag: r.headers.get('ETag'), data});
        return data;
    }
    const error = new ApiError(r.status, data?.error ?? {text: text.slice(0, 200) || r.statusText}, Number(r.headers.get('Retry-After') ?? 0));
    if (r.status === 401 && !anonymous) end();
    throw error;
}

// Reads; the very object of the last time when the server says that nothing has changed (304).
async function get(path, values, {signal} = {}) {
    const whole = path + query(values), kept = answers.get(whole);
    const data = await request('GET', whole, {signal, tag: kept?.tag ?? ''});
    if (data === null && kept) return kept.data;
    if (answers.size > KEPT) answers.delete(answers.keys().next().value);
    return data;
}

// Changes something. What is dangerous wants the password again (code CONFIRM) unless it was given lately.
async function change(method, path, body, options = {}) {
    if (link.lost) throw lostError();
    const ask = () => request(method, path, {body: body ?? {}, ...options});
    try {
        return await ask();
    } catch (e) {
        if (e.code !== 'CONFIRM') throw e;
        await confirm(e);
        return ask();
    }
}

// Shows the password again, or, after a login by certificate, the own name.
async function confirm(refusal) {
    let wrong = null;
    for (;;) {
        const word = await confirmPassword({user: session?.user, by: session?.confirm ?? 'password', wrong});
        if (word === null) throw refusal;
        try {
            return await request('POST', '/session/confirm', {body: session?.confirm === 'user' ? {user: word} : {password: word}});
        } catch (e) {
            if (e.code !== 'WRONGPASS') throw e;
            wrong = e.text;
        }
    }
}

// Lines of JSON as they come (H10), until the signal ends it.
async function lines(path, values, each, signal) {
    const r = await request('GET', path + query(values), {signal, raw: true});
    const reader = r.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
        const {done, value} = await reader.read();
        if (done) return;
        const parts = (rest + value).split('\n');
        rest = parts.pop();
        for (const line of parts) if (line.trim()) each(JSON.parse(line));
    }
}

export const api = {
    get, lines,
    post: (path, body, o) => change('POST', path, body, o),
    put: (path, body, o) => change('PUT', path, body, o),
    patch: (path, body, o) => change('PATCH', path, body, o),
    del: (path, body, o) => change('DELETE', path, body, o),
};
