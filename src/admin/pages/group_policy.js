// A group's policy: in words, and the dialog that changes what was changed and nothing else.
import {api} from './api.js';
import {command, label} from './bytes.js';
import {span} from './time.js';
import {G} from './text_queues.js';

// Options of XPOLICY SET with the forms that their fields have.
const OPTIONS = [['lease'], ['retry'], ['jitter'], ['maxdeliver'], ['deadletter'], ['onack', ['KEEP', 'DELETE']], ['prefetch'], ['maxpending'], ['rate'], ['orderby'], ['single'], ['ondisconnect', ['KEEP', 'RELEASE']], ['consumerttl'], ['groupttl']];
const NUMBERS = new Set(['lease', 'jitter', 'maxdeliver', 'prefetch', 'maxpending', 'single', 'consumerttl', 'groupttl']);
const OF_WORDS = new Set(['retry', 'rate', 'orderby']);

function retryText(text, jitter) {
    const [kind, ...n] = String(text).split(' ');
    const words = kind === 'EXP' ? G.retry.EXP(span(Number(n[0])), span(Number(n[1])), n[2] ?? 2) : kind === 'FIXED' ? G.retry.FIXED(span(Number(n[0])))
        : kind === 'LIST' ? G.retry.LIST(n.map(x => span(Number(x))).join(', ')) : G.retry.NONE;
    return kind !== 'NONE' && jitter > 0 ? `${words} ${G.jitter(jitter)}` : words;
}

export function policyLine({policy: p}) {
    return [p.pause === 'ON' ? G.paused : null, p.lease > 0 ? G.lease(span(p.lease)) : null, retryText(p.retry, p.jitter), p.maxdeliver > 0 ? G.tries(p.maxdeliver) : null, p.deadletter ? G.deadTo(label(p.deadletter)) : null,
            p.onack === 'DELETE' ? G.deleted : G.kept, p.prefetch > 0 ? G.prefetch(p.prefetch) : null, p.maxpending > 0 ? G.maxpending(p.maxpending) : null,
            p.rate && p.rate !== '0 0' ? G.rate(p.rate) : null, p.orderby ? G.orderby(label(p.orderby)) : null].filter(Boolean).join(' · ');
}

const textOf = (p, name) => name === 'orderby' ? (p.orderby ? `${label(p.orderby)}${p.order && p.order !== 'HOLD' ? ' ' + p.order : ''}` : '') : p[name] === undefined || p[name] === null ? '' : label(p[name]);

// The server names the option that it refuses, but where it takes its words for no option at all: then it is the changed
// one, when only one of them could be meant.
function onlyOne(changed, isSyntax) {
    const [first, ...others] = isSyntax ? changed.filter(name => OF_WORDS.has(name)) : changed;
    return others.length ? undefined : first;
}

export function policyAction(g) {
    const now = Object.fromEntries(OPTIONS.map(([name]) => [name, g.policy ? textOf(g.policy, name) : '']));
    const changed = v => OPTIONS.map(([name]) => name).filter(name => v[name] !== now[name]);
    const body = v => ({...(g.policy ? {} : {jobs: true}), ...Object.fromEntries(changed(v).map(name => [name, NUMBERS.has(name) ? Number(v[name]) : v[name]]))});
    const words = (name, value) => [name.toUpperCase(), OF_WORDS.has(name) && value !== '' ? value.split(' ') : value];
    return {
        title: G.policyTitle(label(g.group)), button: v => changed(v).length || !g.policy ? G.setPolicy : G.noChange,
        fields: OPTIONS.map(([name, choices]) => ({name, label: name.toUpperCase(), value: now[name], hint: G.policyHints[name], type: choices ? 'select' : NUMBERS.has(name) ? 'number' : 'text', options: choices})),
        commands: v => command('XPOLICY', 'SET', g.key, g.group, g.policy ? null : 'JOBS', changed(v).map(name => words(name, v[name]))),
        errorField: (e, v) => e && (OPTIONS.map(([name]) => name).find(name => e.text.includes(name.toUpperCase())) ?? onlyOne(changed(v), /syntax/.test(e.text))),
        run: v => changed(v).length || !g.policy ? api.put(`${g.path}/policy`, body(v)) : Promise.resolve({}),
        result: () => G.policySet,
        undo: g.policy ? {run: () => api.put(`${g.path}/policy`, Object.fromEntries(OPTIONS.map(([name]) => [name, NUMBERS.has(name) ? Number(now[name]) : now[name]])))} : null,
    };
}

export const dropPolicyAction = g => ({
    title: G.dropPolicy, text: G.dropPolicyText, danger: true, button: G.dropPolicy, commands: command('XPOLICY', 'DEL', g.key, g.group),
    run: () => api.del(`${g.path}/policy`), result: () => G.droppedPolicy,
});
