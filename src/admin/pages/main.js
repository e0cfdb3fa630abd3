// The console of Millrace: plain modules, no framework, nothing to build. This file starts it; frame.js is what is
// around every view.
//
// HOW A VIEW IS WRITTEN. One module, one line in views.js, its texts in a file beside it. It exports:
//
//     export const title = 'Clients';            // or page => what describes it
//     export const about = 'Who is connected.';  // one line below the title
//     export const dbs = true;                   // the choice of the database is its business ('one': always one)
//     export const filter = 'name*';             // it has the filter of the frame: page.query.match. Both may be functions of the page
//     export const poll = false;                 // it is not read again by itself
//
//     export async function load(page) {         // reads; again at each refresh, and when the address changes
//         return page.get('/clients', {user: page.query.user, max: 200});
//     }
//     export function draw(page, data) {         // describes what is seen, anew each time; dom.js finds the difference
//         return [
//             h('p', null, `${num(data.rows.length)} connected`),
//             table(page, {id: 'clients', caption: title, columns: [...], rows: data.rows, key: r => r.id, local: true}),
//         ];
//     }
//     export const subtitle = (page, data) => ...   // in the place of `about`
//     export const actions = (page, data) => [button(page, 'Pause', {needs: 'client|pause', action: {...}})];
//     export const commands = (page, data) => ['CLIENT LIST'];                // what redis-cli would type
//     export const status = (page, data) => '12 of 214 rows';                 // in the line at the bottom
//     export function leave(page) {}                                          // the view is left: end what runs
//
// page: params (parts of the path), query (of the address; set(values) changes it), state (an object of the view's
// own, kept while it is open), get(path, query) and maybe() (null when it is missing or forbidden) to read, draw()
// after a change of state, reload(), attempt(async () => ...) to run something whose error is told. What throws in
// load() is shown in the view's place, with a way back.
//
// The kit: dom.js (h: elements; copy, download) · table.js (table, facts) · plot.js (plot, spanChoice) · api.js
// (api.get, post, put, patch, del, lines; mayNot) · actions.js (button, perform, inCalls, pairs, openDialog) ·
// router.js (link, go) · bytes.js (label, encode, command, quote: names are bytes!) · value.js (valueView, short,
// fieldsLine, entryLine) · time.js (ago, span, moment, clock, parseSpan) · text.js (T, num, size, rate, percent, count).
//
// What comes from data is text: h() makes text nodes of it and refuses names that could run it.
// Classes of style.css: bar, hint, warning, wrong, empty, facts, grid (of cards), card, scroll, num, badge, tabs.
import {resume} from './api.js';
import {start} from './frame.js';
import {showLogin} from './login.js';
import {applyTheme} from './theme.js';

applyTheme();
const isKnown = await resume();
await start();
if (!isKnown) showLogin(false);
