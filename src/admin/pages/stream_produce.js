// The tab Produce of a stream: one message after the other, with what became of each.
import {api} from './api.js';
import {button, pairs} from './actions.js';
import {command} from './bytes.js';
import {h} from './dom.js';
import {parseSpan} from './time.js';
import {S} from './text_queues.js';

export const load = async () => ({});

const spanOf = text => text.trim() ? parseSpan(text) : null;

function body(f) {
    const [producer, id] = f.idmp.trim().split(/\s+/);
    return {fields: f.fields.filter(([name]) => name !== '').map(([n, v]) => [n, v]), delayMs: spanOf(f.delay) ?? undefined, ttlMs: spanOf(f.ttl) ?? undefined,
            idmp: producer ? [producer, id ?? ''] : undefined, durable: f.durable || undefined};
}

function commandOf(s, b) {
    return command('XADD', s.key, b.durable ? 'DURABLE' : null, b.idmp ? ['IDMP', ...b.idmp] : null, b.delayMs !== undefined ? ['DELAY', b.delayMs] : null,
        b.ttlMs !== undefined ? ['TTL', b.ttlMs] : null, '*', b.fields.flat());
}

const wrong = f => [f.delay, f.ttl].some(t => Number.isNaN(spanOf(t))) ? S.wrongSpan : f.fields.every(([n]) => n === '') ? S.noFields : null;

export function draw(page, s) {
    const f = page.state.produce ??= {fields: [['', '']], delay: '', ttl: '', idmp: '', durable: false, sent: []};
    const text = (name, label, hint) => h('div', {class: 'field'}, h('label', {for: 'produce-' + name}, label),
        h('input', {id: 'produce-' + name, value: f[name], 'aria-describedby': `produce-${name}-hint`, spellcheck: 'false', oninput: e => { f[name] = e.target.value; page.draw(); }}), h('p', {class: 'hint', id: `produce-${name}-hint`}, hint));
    const why = wrong(f), b = why ? null : body(f);
    const send = async () => {
        const answer = await api.post(`${s.path}/entries`, b);
        f.sent = [{id: answer.id, text: S.sent(answer.id, S.stored[answer.stored] ?? answer.stored)}, ...f.sent].slice(0, 20);
        page.reload();
    };
    return h('form', {class: 'produce', onsubmit: e => { e.preventDefault(); if (!why) page.attempt(send); }},
        h('p', {class: 'hint'}, S.produceHint),
        h('div', {class: 'field'}, h('span', {class: 'label'}, S.fields), pairs(f.fields, page.draw)),
        h('div', {class: 'grid'}, text('delay', S.delay, S.spanHint), text('ttl', S.ttl, S.spanHint), text('idmp', S.producer, S.producerHint)),
        h('p', null, h('label', null, h('input', {type: 'checkbox', checked: f.durable, onchange: e => { f.durable = e.target.checked; page.draw(); }}), ' ', S.durable)),
        h('pre', {class: 'commands'}, b ? commandOf(s, b) : why),
        h('p', null, button(page, S.send, {needs: 'xadd', off: why, run: send})),
        f.sent.length ? h('section', null, h('h2', null, S.sentList), h('ul', {class: 'plain'}, f.sent.map((x, i) => h('li', {key: x.id + i}, h('code', null, x.text))))) : null);
}
