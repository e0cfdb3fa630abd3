// V1: the part of the address behind # says which view it is and everything that defines it:
// #/stream/0/orders?tab=groups&by=ready. Parts and values are percent-encoded bytes.
import {decode, encode} from './bytes.js';

const routes = []; // {parts, view}

export function addRoute(path, view) {
    routes.push({parts: path.split('/').slice(1), view});
}

// {view, params, query}; null: there is no such view.
export function parse(hash) {
    const [path, query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
    const parts = path.split('/').slice(1);
    for (const {parts: own, view} of routes) {
        if (own.length !== parts.length) continue;
        const params = {};
        if (own.every((p, i) => p.startsWith('{') ? ((params[p.slice(1, -1)] = decode(parts[i])), true) : p === parts[i]))
            return {view, params, query: Object.fromEntries(new URLSearchParams(query)), path};
    }
    return null;
}

// The address of a view: link('/stream/{db}/{key}', {db: 0, key: 'orders'}, {tab: 'groups'}). Empty values are left out.
export function link(path, params = {}, query = {}) {
    const at = path.replace(/\{(\w+)\}/g, (_, name) => encode(params[name]));
    return '#' + at + search(query);
}

function search(query) {
    const q = new URLSearchParams();
    for (const [k, v] of Object.entries(query))
        if (v !== null && v !== undefined && v !== '' && v !== false) q.set(k, v === true ? '1' : v);
    const text = q.toString();
    return text && '?' + text;
}

// Other values in the query of where we are. push: Back leads to what was there before.
export function setQuery(values, push = true) {
    const here = parse(location.hash) ?? {path: '/', query: {}};
    const hash = '#' + here.path + search({...here.query, ...values});
    if (hash === location.hash) return;
    if (push) location.hash = hash;
    else history.replaceState(history.state, '', hash);
    if (!push) dispatchEvent(new HashChangeEvent('hashchange'));
}

export function go(hash) {
    if (location.hash === hash) dispatchEvent(new HashChangeEvent('hashchange'));
    else location.hash = hash;
}
