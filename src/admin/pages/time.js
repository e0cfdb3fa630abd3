// V6: moments and spans. Times are milliseconds since 1970, as the API has them. The number before the dash of an ID
// is a moment by custom only: one that no date has (nanoseconds, the largest ID) is shown as unknown.
import {h} from './dom.js';
import {T, num} from './text.js';
import {setting} from './settings.js';

// "3 s", "12 min", "4 d 2 h"; -1, null: unknown.
export function span(ms) {
    if (ms === null || ms === undefined || ms < 0) return T.none;
    ms = Number(ms);
    if (ms < 1) return ms > 0 ? `${Math.max(1, Math.round(ms * 1000))} µs` : '0 s';
    if (ms < 1000) return ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
    const s = ms / 1000;
    if (s < 9.95) return `${s.toFixed(1)} s`;
    if (s < 119.5) return `${Math.round(s)} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 86400) return two(Math.floor(s / 3600), 'h', Math.floor(s % 3600 / 60), 'min');
    return two(Math.floor(s / 86400), 'd', Math.floor(s % 86400 / 3600), 'h');
}

const two = (a, unit, b, smaller) => b ? `${num(a)} ${unit} ${b} ${smaller}` : `${num(a)} ${unit}`;

const zone = () => setting('zone') === 'utc' ? 'UTC' : undefined;

const LAST_MS = 8.64e15; // of a Date
const isMoment = ms => Math.abs(ms) <= LAST_MS;

const formats = new Map();
function format(kind, options, ms) {
    const id = kind + (zone() ?? '');
    if (!formats.has(id)) formats.set(id, new Intl.DateTimeFormat('en-GB', {...options, timeZone: zone()}));
    return isMoment(ms) ? formats.get(id).format(Number(ms)) : T.none;
}

// "Mon 30 Nov 2026, 06:12:03.120 UTC"
export function full(ms) {
    return format('full', {weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit',
                           second: '2-digit', fractionalSecondDigits: 3, timeZoneName: 'short'}, ms);
}

// As short as it can be told today.
export function clock(ms, now = Date.now()) {
    if (Math.abs(now - ms) < 20 * 3600e3)
        return format('clock', {hour: '2-digit', minute: '2-digit', second: '2-digit'}, ms);
    return format('day', {day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit'}, ms);
}

// "Mon 30 Nov 07:00"
export function moment(ms) {
    return format('moment', {weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit'}, ms);
}

// "3 s ago" or "in 4 s", with the whole time on hover and focus.
export function ago(ms, now = Date.now()) {
    if (ms === null || ms === undefined || ms < 0 || !isMoment(ms)) return T.none;
    const d = now - ms;
    const words = d >= 0 ? T.ago(span(d)) : T.ahead(span(-d));
    return h('time', {title: full(ms), tabindex: 0, datetime: new Date(Number(ms)).toISOString(), class: 'when'}, words);
}

// The moment of an ID.
export const momentOf = id => Number(String(id).split('-')[0]);

// "2h", "10 min", "90" (seconds) to milliseconds; NaN: none of these.
export function parseSpan(text) {
    const m = /^\s*([\d.]+)\s*(ms|s|min|m|h|d|w)?\s*$/.exec(text);
    if (!m) return NaN;
    return Number(m[1]) * {ms: 1, s: 1e3, m: 60e3, min: 60e3, h: 3600e3, d: 86400e3, w: 604800e3}[m[2] ?? 's'];
}

// The other way, to the millisecond: "90 s", "150 min".
export function spanText(ms) {
    const [unit, length] = [['d', 86400e3], ['h', 3600e3], ['min', 60e3], ['s', 1e3], ['ms', 1]].find(([, n]) => ms % n === 0);
    return `${ms / length} ${unit}`;
}

// The value of an input of type datetime-local, in the chosen zone, and back.
export function toInput(ms) {
    const d = new Date(Number(ms) - (zone() ? 0 : new Date(Number(ms)).getTimezoneOffset() * 60e3));
    return d.toISOString().slice(0, 19);
}

export const fromInput = text => Date.parse(zone() ? text + 'Z' : text);
