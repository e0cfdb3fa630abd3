// Lines over time, from the answer of /history: {fromMs, stepMs, <name>: [values; null is a gap]}.
//
//     plot(page, {id: 'rates', title: 'Rates', history, unit: perSecond,
//                 series: [{name: 'added', label: 'added'}, ...]})
//
// Lines differ in colour and in their dashes. For those who do not see the canvas there is a sentence and, on
// demand, a table with the same numbers.
import {h} from './dom.js';
import {clock} from './time.js';
import {T, num} from './text.js';

const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
const HEIGHT = 150, LEFT = 52, BOTTOM = 18, TOP = 8, RIGHT = 8;
const ROWS = 60; // of the table

// What a variable of style.css is in the theme of the moment: a canvas does not take light-dark().
function color(el, name) {
    el.style.color = `var(${name})`;
    const is = getComputedStyle(el).color;
    el.style.color = '';
    return is;
}

// The step of a scale with about n marks up to top.
function niceStep(top, n) {
    const raw = top / n, power = 10 ** Math.floor(Math.log10(raw));
    return [1, 2, 5, 10].find(k => k * power >= raw) * power;
}

function drawPlot(el, spec, values) {
    const scale = devicePixelRatio || 1, width = el.clientWidth || 400;
    if (el.width !== Math.round(width * scale)) el.width = Math.round(width * scale);
    if (el.height !== Math.round(HEIGHT * scale)) el.height = Math.round(HEIGHT * scale);
    const c = el.getContext('2d');
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.clearRect(0, 0, width, HEIGHT);
    c.font = `11px ${getComputedStyle(el).fontFamily}`;
    const {fromMs, stepMs} = spec.history, n = Math.max(...values.map(v => v.length), 2);
    const most = Math.max(0, ...values.flat().filter(v => v !== null));
    const least = spec.unit ? 0 : 1; // there is no half of what is counted
    const step = Math.max(least, niceStep(most || 1, 3)), top = Math.ceil((most || 1) / step) * step;
    const x = i => LEFT + i * (width - LEFT - RIGHT) / (n - 1), y = v => HEIGHT - BOTTOM - v / top * (HEIGHT - BOTTOM - TOP);
    c.strokeStyle = color(el, '--grid');
    c.fillStyle = color(el, '--quiet');
    c.lineWidth = 1;
    c.textAlign = 'right';
    c.textBaseline = 'middle';
    for (let v = 0; v <= top * 1.0001; v += step) {
        c.beginPath();
        c.moveTo(LEFT, Math.round(y(v)) + 0.5);
        c.lineTo(width - RIGHT, Math.round(y(v)) + 0.5);
        c.stroke();
        c.fillText((spec.unit ?? num)(v), LEFT - 5, y(v));
    }
    c.textBaseline = 'alphabetic';
    for (const i of [0, Math.floor((n - 1) / 2), n - 1]) {
        c.textAlign = i === 0 ? 'left' : i === n - 1 ? 'right' : 'center';
        c.fillText(clock(fromMs + i * stepMs), x(i), HEIGHT - 4);
    }
    c.lineWidth = 1.75;
    values.forEach((line, s) => {
        c.strokeStyle = color(el, `--line-${s % 4 + 1}`);
        c.setLineDash(DASHES[s % 4]);
        c.beginPath();
        line.forEach((v, i) => {
            if (v === null) return;
            if (i === 0 || line[i - 1] === null) c.moveTo(x(i), y(v));
            // A point between two gaps is a line of its own.
            if (line[i + 1] === undefined || line[i + 1] === null) c.lineTo(x(i) + 1, y(v));
            else c.lineTo(x(i), y(v));
        });
        c.stroke();
    });
    c.setLineDash([]);
}

const extremes = line => {
    const known = line.filter(v => v !== null);
    return {now: known.at(-1) ?? null, least: known.length ? Math.min(...known) : null, most: known.length ? Math.max(...known) : null};
};

function tableOf(spec, values) {
    const {fromMs, stepMs} = spec.history, n = Math.max(...values.map(v => v.length));
    const every = Math.max(1, Math.ceil(n / ROWS)), rows = [];
    for (let i = n - 1; i >= 0; i -= every)
        if (values.some(v => v[i] !== null)) rows.push(h('tr', null, h('th', {scope: 'row'}, clock(fromMs + i * stepMs)), values.map(v => h('td', {class: 'num'}, v[i] === null ? T.none : (spec.unit ?? num)(v[i])))));
    return h('div', {class: 'scroll low'}, h('table', null, h('caption', {class: 'sr'}, spec.title),
        h('thead', null, h('tr', null, h('th', {scope: 'col'}, T.plot.time), spec.series.map(s => h('th', {scope: 'col', class: 'num'}, s.label)))), h('tbody', null, rows)));
}

const watched = new WeakMap();

function watch(el, redraw) {
    if (!watched.has(el)) {
        new ResizeObserver(() => watched.get(el)()).observe(el);
        addEventListener('themechange', () => el.isConnected && watched.get(el)());
    }
    watched.set(el, redraw);
}

export function plot(page, spec) {
    page.state.plots ??= {};
    const state = page.state.plots[spec.id] ??= {table: false};
    const unit = spec.unit ?? num, history = spec.history;
    const values = spec.series.map(s => history?.[s.name] ?? []);
    const first = Math.min(...values.map(v => v.findIndex(x => x !== null)).map(i => i < 0 ? Infinity : i));
    const isEmpty = !history || first === Infinity;
    const summary = isEmpty ? T.plot.none : spec.series.map((s, i) => {
        const e = extremes(values[i]);
        return T.plot.summary(s.label, e.now === null ? T.none : unit(e.now), e.least === null ? T.none : unit(e.least), e.most === null ? T.none : unit(e.most));
    }).join('; ');
    return h('figure', {class: 'plot', key: 'plot-' + spec.id},
        h('figcaption', null, h('strong', null, spec.title), ' ',
            spec.series.map((s, i) => h('span', {class: `legend line-${i % 4 + 1}`, key: s.name}, s.label, ' ', h('b', {'data-live': true}, isEmpty || extremes(values[i]).now === null ? T.none : unit(extremes(values[i]).now)))),
            !isEmpty && first > 1 ? h('span', {class: 'hint'}, T.plot.since(clock(history.fromMs + first * history.stepMs))) : null),
        isEmpty ? h('p', {class: 'empty'}, T.plot.none)
            : h('canvas', {role: 'img', 'aria-label': `${spec.title}: ${summary}`, use: el => {
                const redraw = () => drawPlot(el, spec, values);
                watch(el, redraw);
                redraw();
            }}),
        isEmpty ? null : h('details', {ontoggle: e => { state.table = e.target.open; page.draw(); }}, h('summary', null, T.plot.table), state.table ? tableOf(spec, values) : null));
}

// The choice of the span; it is in the address.
export const spanChoice = page => h('label', null, T.plot.span, ' ', h('select', {value: page.query.span ?? 'minutes', onchange: e => page.set({span: e.target.value === 'minutes' ? '' : e.target.value})},
    Object.entries(T.plot.spans).map(([id, name]) => h('option', {value: id}, name))));
