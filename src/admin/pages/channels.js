// Channels: who listens to what, and which streams capture it. Publishing, and a tail: a subscription of the console's
// own, over one answer that does not end (H10), which ends when the tab is hidden or the view is left.
import {api, ApiError} from './api.js';
import {button} from './actions.js';
import {command, encode, idOf, label, meant} from './bytes.js';
import {h} from './dom.js';
import {matches, noMatch} from './filters.js';
import {link} from './router.js';
import {table} from './table.js';
import {T, count, num} from './text.js';
import {channels as W} from './text_operations.js';
import {clock} from './time.js';
import {short} from './value.js';

export const title = W.title;
export const about = W.about;
export const filter = W.filter;

const KEPT = 200; // lines of a tail
const CAPTURING = 1000; // streams that are asked for what they capture
const SHARD = 'shard', CHANNEL = 'channel';

// Captures are those of all streams that have some, which come in pages.
async function capturing(page) {
    const rows = [];
    for (let after; ;) {
        const some = await page.maybe('/streams', {only: 'capturing', count: 200, after});
        rows.push(...some?.rows ?? []);
        after = some?.after;
        if (!after || rows.length >= CAPTURING) return rows;
    }
}

export async function load(page) {
    const [answer, streams] = await Promise.all([page.get('/channels'), capturing(page)]);
    const captures = await Promise.all(streams.map(async r => ((await page.maybe(`/streams/${r.db}/${encode(r.key)}/captures`))?.rows ?? []).map(pattern => ({db: r.db, key: r.key, pattern}))));
    return {rows: answer.rows.map(r => ({name: r.channel, subscribers: r.subscribers, kind: r.shard ? SHARD : CHANNEL})), patterns: answer.patterns, more: Number(answer.total ?? 0) - answer.rows.length, captures: captures.flat()};
}

export const commands = page => [command('PUBSUB', 'CHANNELS', page.query.match || null), command('PUBSUB', 'NUMPAT'), command('PUBSUB', 'SHARDCHANNELS', page.query.match || null),
    ...page.state.tail ? [command(page.state.tail.isPattern ? 'PSUBSCRIBE' : 'SUBSCRIBE', page.state.tail.channel)] : []];

// ---- Actions

const publish = (name = '', shard = false) => ({
    title: W.publishTitle, text: W.publishText, button: W.publish,
    fields: [{name: 'channel', label: W.channel, value: label(name), required: true}, {name: 'message', type: 'textarea', label: W.message, value: ''}, {name: 'shard', type: 'checkbox', label: W.shard, value: shard}],
    commands: v => command(v.shard ? 'SPUBLISH' : 'PUBLISH', meant(v.channel, [name]), v.message),
    run: v => api.post(`/channels/${encode(meant(v.channel, [name]))}`, {message: v.message, shard: v.shard}), result: a => W.published(count(a.receivers, 'receiver')),
});

const capture = name => ({
    title: W.captureTitle, text: W.captureText, button: W.capture,
    fields: [{name: 'pattern', label: W.pattern, value: label(name), required: true}, {name: 'to', label: W.stream, value: '', required: true}],
    commands: v => command('XCAPTURE', 'ADD', v.to, meant(v.pattern, [name])),
    run: v => api.post(`/streams/0/${encode(v.to)}/captures`, {patterns: [meant(v.pattern, [name])]}), result: (a, v) => W.captured(v.pattern, v.to),
});

// ---- The tail

function stop(page) {
    page.state.tail?.ends.abort();
    if (page.state.tail) page.state.tail.runs = false;
    page.draw();
}

const hidden = page => () => {
    if (document.hidden && page.state.tail?.runs) {
        page.state.tail.note = W.hidden;
        stop(page);
    }
};

async function follow(page, channel) {
    stop(page);
    const tail = page.state.tail = {channel, isPattern: /[*?[]/.test(channel), lines: [], seen: 0, skipped: 0, runs: true, note: null, ends: new AbortController()};
    page.state.onHidden ??= hidden(page);
    document.addEventListener('visibilitychange', page.state.onHidden);
    page.draw();
    try {
        await api.lines(`/channels/${encode(channel)}/tail`, tail.isPattern ? {pattern: 1} : {}, line => take(page, tail, line), tail.ends.signal);
        tail.note ??= W.ended;
    } catch (e) {
        if (e.name !== 'AbortError') {
            tail.note = e instanceof ApiError ? e.text : W.cut;
            if (!(e instanceof ApiError)) console.warn(e.message);
        }
    }
    tail.runs = false;
    page.draw();
}

function take(page, tail, line) {
    if (line.skipped !== undefined) tail.skipped = Number(line.skipped);
    if (line.error) tail.note = label(line.error.text);
    if (line.channel === undefined) return; // a sign of life
    tail.seen++;
    tail.lines.push({n: tail.seen, atMs: line.ms ?? Date.now(), channel: line.channel, message: line.tooLong ? W.tooLong : line.message});
    if (tail.lines.length > KEPT) tail.lines.shift();
    page.draw();
}

export function leave(page) {
    page.state.tail?.ends.abort();
    if (page.state.onHidden) document.removeEventListener('visibilitychange', page.state.onHidden);
}

function tailView(page) {
    const {tail} = page.state;
    if (!tail) return null;
    return h('section', {class: 'card', key: 'tail'},
        h('div', {class: 'bar'}, h('h2', null, W.tailOf(label(tail.channel))), tail.runs ? h('button', {type: 'button', onclick: () => stop(page)}, T.stop) : h('button', {type: 'button', onclick: () => page.attempt(() => follow(page, tail.channel))}, T.goOn),
            h('span', {role: 'status'}, W.seen(num(tail.seen), num(tail.skipped))), tail.note ? h('span', {class: 'hint'}, tail.note) : null),
        h('div', {class: 'scroll low', tabindex: 0, 'aria-label': W.tailOf(label(tail.channel))}, h('ol', {class: 'tree'}, [...tail.lines].reverse().map(l => h('li', {key: String(l.n)}, h('time', {class: 'when'}, clock(l.atMs)), ' ', h('span', {class: 'name'}, label(l.channel)), ' ', short(l.message, 160))))));
}

function tailForm(page) {
    const go = () => page.state.wanted && page.attempt(() => follow(page, page.state.wanted));
    return h('form', {class: 'bar', onsubmit: e => { e.preventDefault(); go(); }},
        h('label', null, W.tailForm, ' ', h('input', {type: 'text', value: '', placeholder: 'news.*', spellcheck: 'false', oninput: e => { page.state.wanted = e.target.value; }})),
        h('button', {type: 'submit'}, W.tail));
}

// ---- What is seen

const fits = (pattern, name) => matches(label(name), label(pattern));
const capturedBy = (r, captures) => captures.filter(c => r.kind === CHANNEL && fits(c.pattern, r.name));

const columns = (page, captures) => [
    {id: 'name', label: W.channel, head: true, fixed: true, sort: true, value: r => label(r.name), show: r => label(r.name)},
    {id: 'kind', label: W.kind, sort: true, value: r => r.kind, show: r => W.kinds[r.kind]},
    {id: 'subscribers', label: W.subscribers, num: true, sort: true, value: r => Number(r.subscribers ?? 0), show: r => num(r.subscribers)},
    {id: 'captured', label: W.capturedBy, show: r => capturedBy(r, captures).map(c => [h('a', {href: link('/stream/{db}/{key}', {db: c.db ?? 0, key: c.key})}, label(c.key)), ' '])},
    {id: 'act', label: '', title: W.actions, fixed: true, class: 'nowrap', show: r => [
        button(page, W.publishShort, {needs: r.kind === SHARD ? 'spublish' : 'publish', action: () => publish(r.name, r.kind === SHARD)}), ' ',
        r.kind === SHARD || typeof r.name !== 'string' ? null : button(page, W.tail, {looks: true, run: () => follow(page, r.name)}), ' ',
        r.kind === SHARD ? null : button(page, W.captureShort, {needs: 'xcapture|add', action: () => capture(r.name)})]},
];

export const actions = page => [button(page, W.publishShort, {needs: 'publish', action: publish()}), button(page, W.captureShort, {needs: 'xcapture|add', action: capture('')})];

export const status = (page, {rows, patterns, more}) => {
    const of = kind => num(rows.filter(r => r.kind === kind).length);
    return W.counts(of(CHANNEL), num(patterns), of(SHARD)) + (more > 0 ? W.more(more) : '');
};

export function draw(page, {rows, captures}) {
    const shown = rows.filter(r => matches(label(r.name), page.query.match));
    return [
        tailForm(page), tailView(page),
        table(page, {id: 'channels', caption: W.title, columns: columns(page, captures), rows: shown, key: r => `${r.kind} ${idOf(r.name)}`, local: true, by: 'subscribers', desc: true,
                     empty: () => rows.length ? noMatch(page, ['match'], rows.length) : [h('p', null, W.none), h('pre', {class: 'commands'}, 'SUBSCRIBE news.eu')]}),
    ];
}
