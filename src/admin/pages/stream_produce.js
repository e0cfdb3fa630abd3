// The tab Produce of a stream: one message after the other, with what became of each.
import {api} from './api.js';
import {button, pairs} from './actions.js';
import {command} from './bytes.js';
import {h} from './dom.js';
import {parseSpan} from './time.js';
import {S} from './text_queues.js';

export const load = async () => ({});

const TIMES_MOST = 1000;

const SHOWN = 4000; // characters of the command
const front = text => text.length > SHOWN ? text.slice(0, SHOWN) + '…' : text;

const spanOf = text => text.trim() ? parseSpan(text) : null;

function body(f) {
    const [producer, id] = f.idmp.trim().split(/\s+/);
    return {fields: f.fields.filter(([name]) => name !== '').map(([n, v]) => [n, v]), delayMs: spanOf(f.delay) ?? undefined, ttlMs: spanOf(f.ttl) ?? undefined,
            idmp: producer ? [producer, id ?? ''] : undefined, durable: f.durable || undefined, times: Number(f.times) > 1 ? Number(f.times) : undefined};
}

function commandOf(s, b) {
    // redis-cli runs a command so many times when a number stands before it.
    return command(b.times ?? null, 'XADD', s.key, b.durable ? 'DURABLE' : null, b.idmp ? ['IDMP', ...b.idmp] : null, b.delayMs !== undefined ? ['DELAY', b.delayMs] : null,
        b.ttlMs !== undefined ? ['TTL', b.ttlMs] : null, '*', b.fields.flat());
}

const wrong = f => [f.delay, f.ttl].some(t => Number.isNaN(spanOf(t))) ? S.wrongSpan : !/^\d+$/.test(f.times) || Number(f.times) < 1 || Number(f.times) > TIMES_MOST ? S.wrongTimes : f.fields.every(([n]) => n === '') ? S.noFields : null;

// What became of it. Of many some may have been refused.
function sentOf({id, stored, added, of, error}) {
    const where = S.stored[stored] ?? stored;
    return {text: of > 1 ? S.sentMany(added, of, id, where) : S.sent(id, where), why: error};
}

export function draw(page, s) {
    const f = page.state.produce ??= {fields: [['', '']], delay: '', ttl: '', idmp: '', times: '1', durable: false, sent: []};
    const text = (name, label, hint) => h('div', {class: 'field'}, h('label', {for: 'produce-' + name}, label),
        h('input', {id: 'produce-' + name, value: f[name], 'aria-describedby': `produce-${name}-hint`, spellcheck: 'false', oninput: e => { f[name] = e.target.value; page.draw(); }}), h('p', {class: 'hint', id: `produce-${name}-hint`}, hint));
    const why = wrong(f), b = why ? null : body(f);
    const send = async () => {
        const answer = await api.post(`${s.path}/entries`, b);
        f.sent = [{id: answer.id, ...sentOf(answer), isLater: b.delayMs > 0 && !b.times}, ...f.sent].slice(0, 20);
        page.reload();
    };
    const cancel = x => async () => {
        const {deleted} = await api.del(`${s.path}/entries`, {ids: [x.id]});
        Object.assign(x, {isLater: false, text: deleted > 0 ? S.cancelled(x.id) : S.notCancelled(x.id)});
        page.reload();
    };
    return h('form', {class: 'produce', onsubmit: e => { e.preventDefault(); if (!why) page.attempt(send); }},
        h('p', {class: 'hint'}, S.produceHint),
        h('div', {class: 'field'}, h('span', {class: 'label'}, S.fields), pairs(f.fields, page.draw)),
        h('div', {class: 'grid'}, text('delay', S.delay, S.spanHint), text('ttl', S.ttl, S.spanHint), text('idmp', S.producer, S.producerHint), text('times', S.times, S.timesHint)),
        h('p', null, h('label', null, h('input', {type: 'checkbox', checked: f.durable, onchange: e => { f.durable = e.target.checked; page.draw(); }}), ' ', S.durable)),
        h('pre', {class: 'commands'}, b ? front(commandOf(s, b)) : why),
        h('p', null, button(page, S.send, {needs: 'xadd', off: why, run: send}), h('button', {type: 'submit', hidden: true}, S.send)), // for Enter
        f.sent.length ? h('section', null, h('h2', null, S.sentList), h('ul', {class: 'plain'}, f.sent.map((x, i) => h('li', {key: x.id + i}, h('code', null, x.text), ' ', x.why ? h('span', {class: 'wrong'}, x.why) : null, x.isLater ? button(page, S.cancelOne, {needs: 'xdel', run: cancel(x)}) : null)))) : null);
}
