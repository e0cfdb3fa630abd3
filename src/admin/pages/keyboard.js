// A1: single keys. Off in fields, in dialogs and by a setting; what they do can be done without them.
import {$, h} from './dom.js';
import {openDialog} from './actions.js';
import {setting, setSetting} from './settings.js';
import {T} from './text.js';
import {VIEWS} from './views.js';
import {nextTheme} from './theme.js';
import {go, link} from './router.js';

let waitsForView = 0; // until when a letter behind g is taken

const rows = () => [...document.querySelectorAll('main tr[data-row]')];

function moveRow(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement?.closest('tr[data-row]'));
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
    const target = next.querySelector('a[href], button, input') ?? next;
    target.focus();
    target.scrollIntoView({block: 'nearest'});
}

export function showHelp(version) {
    openDialog(({close}) => h('div', {class: 'help'},
        h('h2', null, T.help.title),
        h('table', null, h('caption', null, T.help.keys), h('tbody', null, T.help.list.map(([key, what]) => h('tr', null, h('th', {scope: 'row'}, h('kbd', null, key)), h('td', null, what))))),
        h('p', null, h('label', null, h('input', {type: 'checkbox', checked: setting('shortcuts'), onchange: e => setSetting('shortcuts', e.target.checked)}), ' ', T.help.shortcuts)),
        h('p', {class: 'hint'}, T.help.docs),
        h('p', {class: 'hint'}, `${T.brand} ${version ?? ''}. ${T.help.licences}`),
        h('div', {class: 'buttons'}, h('button', {type: 'button', class: 'primary', onclick: close}, T.close))));
}

export function listenToKeys({refresh, version}) {
    const keys = {
        '/': () => $('filter')?.focus(),
        j: () => moveRow(1),
        k: () => moveRow(-1),
        x: () => document.activeElement?.closest('tr[data-row]')?.querySelector('input[type=checkbox]')?.click(),
        Enter: () => {
            const to = document.activeElement?.closest('tr[data-row]')?.dataset.open;
            if (to) location.hash = to;
        },
        '.': () => document.querySelector('main [data-action]:not([disabled])')?.focus(),
        r: refresh,
        t: nextTheme,
        '?': () => showHelp(version()),
        g: () => { waitsForView = Date.now() + 1500; },
    };
    // What unfolds over the page goes when something else is done.
    const closeMenus = at => document.querySelectorAll('details.menu[open]').forEach(menu => { if (!menu.contains(at)) menu.open = false; });
    addEventListener('pointerdown', e => closeMenus(e.target));
    addEventListener('keydown', e => {
        const menu = e.key === 'Escape' && e.target.closest?.('details.menu[open]');
        if (menu) {
            closeMenus(null);
            return menu.querySelector('summary').focus();
        }
        const field = e.target.closest?.('input:not([type=checkbox]), textarea, select');
        if (e.key === 'Escape' && field && !e.target.closest('dialog')) return field.blur();
        if (!setting('shortcuts') || field || e.ctrlKey || e.altKey || e.metaKey || e.target.closest?.('dialog')) return;
        if (Date.now() < waitsForView) {
            waitsForView = 0;
            const view = VIEWS.find(v => v.letter === e.key);
            if (view) {
                e.preventDefault();
                return go(link(view.path));
            }
        }
        // Enter on a button, a link or what unfolds is the browser's.
        if (e.key === 'Enter' && e.target.closest?.('a, button, summary')) return;
        if (keys[e.key]) {
            e.preventDefault();
            keys[e.key]();
        }
    });
}
