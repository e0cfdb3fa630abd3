// The tab Routing of a stream: where its messages are copied to (XBIND), which channels it captures (XCAPTURE).
import {api} from './api.js';
import {button, openDialog, pairs} from './actions.js';
import {command, encode, idOf, label} from './bytes.js';
import {h} from './dom.js';
import {streamLink} from './queue.js';
import {table} from './table.js';
import {T} from './text.js';
import {S} from './text_queues.js';

export async function load(page, s) {
    const [bindings, captures] = await Promise.all([page.maybe(`${s.path}/bindings`), page.maybe(`${s.path}/captures`)]);
    return {bindings: bindings?.rows ?? [], captures: (captures?.rows ?? []).map(c => c.pattern ?? c)};
}

// What the API takes for one that it has listed: {kind, values, by, to}.
function bodyOf(r) {
    const kind = r.kind.toLowerCase(), values = r.values ?? [];
    if (kind !== 'headers') return {kind, value: values[0], by: r.by || undefined, to: r.to};
    // MATCH ALL n field value ...: as pairs behind the word.
    const flat = values.length && typeof values[0] === 'string' && /^(all|any)$/i.test(values[0]) ? values.slice(1) : values;
    const list = flat.length === 1 && Array.isArray(flat[0]) ? flat[0] : flat;
    return {kind, match: /^any$/i.test(values[0]) ? 'any' : 'all', headers: list.filter((_, i) => i % 2 === 0).map((n, i) => [n, list[2 * i + 1]]), to: r.to};
}

const words = b => [b.kind.toUpperCase(), b.kind === 'headers' ? [b.match.toUpperCase(), b.headers.length, b.headers.flat()] : b.value ?? null, b.by ? ['BY', b.by] : null, 'TO', b.to].flat(3);

const addAction = s => {
    const body = v => v.kind === 'headers' ? {kind: v.kind, match: v.match, headers: v.headers.filter(([n]) => n), to: v.to}
        : {kind: v.kind, value: v.kind === 'direct' || v.kind === 'topic' ? v.value : undefined, by: v.by && v.kind !== 'all' && v.kind !== 'alternate' ? v.by : undefined, to: v.to};
    const hasValue = v => v.kind === 'direct' || v.kind === 'topic';
    return {
        title: S.routeTitle, button: S.routeTitle,
        fields: [{name: 'kind', label: S.kind, type: 'select', value: 'topic', options: Object.entries(S.kinds)},
                 {name: 'value', label: S.value, required: true, shown: hasValue, hint: S.valueHint.topic},
                 {name: 'by', label: S.by, shown: hasValue, hint: S.byHint},
                 {name: 'match', label: S.match, type: 'select', value: 'all', options: Object.entries(S.matches), shown: v => v.kind === 'headers'},
                 {name: 'headers', label: S.headers, type: 'fields', shown: v => v.kind === 'headers'},
                 {name: 'to', label: S.routeTo, required: true}],
        commands: v => command('XBIND', 'ADD', s.key, words(body({...v, to: v.to || '?'}))),
        run: v => api.post(`${s.path}/bindings`, body(v)), result: () => S.routeAdded, undo: undefined,
    };
};

const removeAction = (s, r) => ({
    title: S.removeTitle, button: S.removeRoute, commands: command('XBIND', 'DEL', s.key, words(bodyOf(r))),
    run: () => api.del(`${s.path}/bindings`, bodyOf(r)), result: () => S.routeGone, undo: {run: () => api.post(`${s.path}/bindings`, bodyOf(r))},
});

// Where a message would go, as it is typed.
function showTest(page, s) {
    const state = {fields: [['', '']], to: null, wrong: null};
    let asked = 0;
    openDialog(({draw, close}) => {
        const ask = async () => {
            draw();
            const mine = ++asked, fields = state.fields.filter(([n]) => n !== '');
            try {
                const answer = fields.length ? await api.post(`${s.path}/bindings/test`, {fields: fields.map(([n, v]) => [n, v])}) : {to: null};
                if (mine !== asked) return;
                Object.assign(state, {to: answer.to, wrong: null});
            } catch (e) {
                Object.assign(state, {to: null, wrong: e.text ?? e.message});
            }
            draw();
        };
        return h('div', null, h('h2', null, S.testTitle), pairs(state.fields, ask),
            h('p', {role: 'status'}, state.wrong ?? (state.to ? S.goesTo(state.to.map(label)) : S.testHint)),
            h('div', {class: 'buttons'}, h('button', {type: 'button', class: 'primary', onclick: close}, T.close)));
    });
}

const addCapture = s => ({
    title: S.captures, button: S.capture, fields: [{name: 'pattern', label: S.channel, required: true, placeholder: 'news.*'}],
    commands: v => command('XCAPTURE', 'ADD', s.key, v.pattern || '?'), run: v => api.post(`${s.path}/captures`, {patterns: [v.pattern]}), result: (a, v) => v.pattern,
});

const removeCapture = (s, p) => ({
    title: S.captureRemove, button: S.removeRoute, commands: command('XCAPTURE', 'DEL', s.key, p), run: () => api.del(`${s.path}/captures`, {patterns: [p]}),
    result: () => label(p), undo: {run: () => api.post(`${s.path}/captures`, {patterns: [p]})},
});

const valuesOf = r => (r.values ?? []).flat(2).map(label).join(' ');

export function draw(page, s, d) {
    return [
        h('p', {class: 'hint'}, S.routingHint),
        h('div', {class: 'bar'}, button(page, S.addRoute, {needs: 'xbind|add', key: 'add', action: () => addAction(s)}),
            d.bindings.length ? button(page, S.test, {looks: true, needs: 'xbind|test', key: 'test', run: async () => showTest(page, s)}) : null),
        table(page, {
            id: 'routes', caption: S.tabs.routing, rows: d.bindings, key: r => [r.kind, valuesOf(r), r.by, idOf(r.to)].join(' '), local: true,
            columns: [{id: 'kind', label: S.kind, head: true, show: r => S.kinds[r.kind.toLowerCase()] ?? r.kind}, {id: 'values', label: S.value, show: r => h('code', null, valuesOf(r))},
                      {id: 'by', label: S.by, show: r => label(r.by)}, {id: 'to', label: S.routeTo, show: r => streamLink(s.db, r.to)},
                      {id: 'act', label: '', title: T.more, class: 'nowrap', show: r => button(page, S.removeRoute, {needs: 'xbind|del', action: () => removeAction(s, r)})}],
            empty: () => h('p', null, S.noRoutes),
        }),
        h('h2', null, S.captures),
        h('div', {class: 'bar'}, button(page, S.addRoute, {needs: 'xcapture|add', key: 'capture', action: () => addCapture(s)})),
        d.captures.length ? h('ul', {class: 'plain'}, d.captures.map(p => h('li', {key: encode(p)}, h('code', null, label(p)), ' ', button(page, S.removeRoute, {needs: 'xcapture|del', action: () => removeCapture(s, p)}))))
            : h('p', {class: 'hint'}, S.noCaptures),
    ];
}

export const commands = (page, s) => [command('XBIND', 'LIST', s.key), command('XCAPTURE', 'LIST', s.key)];
