// The tab Limits of a stream (XCFGSET).
import {api} from './api.js';
import {button} from './actions.js';
import {command} from './bytes.js';
import {h} from './dom.js';
import {facts} from './table.js';
import {parseSpan, span, spanText} from './time.js';
import {num, size} from './text.js';
import {S} from './text_queues.js';

const OVERFLOWS = {keepref: 'DROP KEEPREF', delref: 'DROP DELREF', acked: 'DROP ACKED', refuse: 'REJECT'};

export const load = async (page, s) => ({
    maxlen: Number(s.limits.maxlen), maxbytes: Number(s.limits.maxbytes), maxage: Number(s.limits.maxage), overflow: Object.keys(OVERFLOWS).find(k => OVERFLOWS[k] === s.limits.overflow) ?? 'keepref',
});

const UNITS = {'': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9};

function parseSize(text) {
    const m = /^\s*([\d.]+)\s*(b|kb|mb|gb)?\s*$/i.exec(text);
    return m ? Math.round(m[1] * UNITS[(m[2] ?? '').toLowerCase()]) : NaN;
}

const PARSE = {maxlen: t => /^\s*\d+\s*$/.test(t) ? Number(t) : NaN, maxbytes: parseSize, maxage: parseSpan};
const SHOW = {maxlen: String, maxbytes: n => String(n), maxage: spanText};
const number = (name, text) => text.trim() === '' ? -1 : PARSE[name](text);

function change(s, now) {
    const body = v => ({...Object.fromEntries(Object.keys(PARSE).map(n => [n, number(n, v[n])])), overflow: OVERFLOWS[v.overflow]});
    return {
        title: S.limitsTitle, button: S.setLimits,
        fields: [...Object.keys(PARSE).map(name => ({name, label: S.limit[name], value: now[name] > 0 ? SHOW[name](now[name]) : '', hint: S.limitHint[name], check: t => Number.isNaN(number(name, t)) ? S.wrongNumber : null})),
                 {name: 'overflow', label: S.overflow, type: 'select', value: now.overflow, options: Object.entries(S.overflows)}],
        commands: v => command('XCFGSET', s.key, 'MAXLEN', body(v).maxlen, 'MAXBYTES', body(v).maxbytes, 'MAXAGE', body(v).maxage, 'OVERFLOW', body(v).overflow.split(' ')),
        run: v => api.put(`${s.path}/limits`, body(v)), result: () => S.limitsSet,
        undo: {run: () => api.put(`${s.path}/limits`, {maxlen: now.maxlen, maxbytes: now.maxbytes, maxage: now.maxage, overflow: OVERFLOWS[now.overflow]})},
    };
}

export const draw = (page, s, now) => h('section', null, h('p', {class: 'hint'}, S.limitsHint),
    facts([[S.limit.maxlen, now.maxlen > 0 ? num(now.maxlen) : S.none], [S.limit.maxbytes, now.maxbytes > 0 ? size(now.maxbytes) : S.none], [S.limit.maxage, now.maxage > 0 ? span(now.maxage) : S.none], [S.overflow, S.overflows[now.overflow]]]),
    h('p', null, button(page, S.change, {needs: 'xcfgset', action: () => change(s, now)})));
