// The frame around a view: what is above, beside and below it; when it is read again; which view the address names.
//
// States: nobody is logged in (login.js lies over everything); a view is being read for the first time; it is shown;
// it could not be read (Page.wrong). Beside that the link is there or lost, and the banner says what is the matter
// with the server. Everything is described by describe() and drawn at most once a frame of the screen.
import {api, isMade, isReadOnly, link as wire, logOut, mayNot, on, session} from './api.js';
import {$, copy, h, render} from './dom.js';
import {listenToKeys, showHelp} from './keyboard.js';
import {Page} from './page.js';
import {addRoute, link, parse} from './router.js';
import {closeDialogs, resultList, results} from './actions.js';
import {announce, banner} from './state.js';
import {setting, setSetting} from './settings.js';
import {nextTheme} from './theme.js';
import {clock, span} from './time.js';
import {T} from './text.js';
import {VIEWS} from './views.js';

const REFRESH = [1, 2, 5, 10, 0];
const DATABASES = 16;
const TOLD_MS = 1500;

let page = null, place = null; // the open view, and its line of VIEWS
let overview = null;           // answer of /overview, as long as there is one
let askOverview = true;
let user = null;               // who was here last
// How long the server was up when it was asked last, and its version then; when it was started since this page is open.
let upMs = 0, version = null, restartedMs = null;
let frame = 0, focusHeading = false, menuIsOpen = false; // the menu: where it is narrow
const modules = new Map();

for (const view of VIEWS) addRoute(view.path, view);

export function draw() {
    frame ||= requestAnimationFrame(() => {
        frame = 0;
        drawNow();
    });
}

function drawNow() {
    document.title = page?.view ? `${plainTitle()} · ${T.brand}` : T.brand;
    const had = document.activeElement;
    render($('app'), describe());
    // What had the focus is gone: the next Tab begins in this view, not at the top of the page.
    if (had && had !== document.body && !had.isConnected && document.activeElement === document.body) focusHeading = true;
    if (backTo !== null && page?.data && !page.isLoading) {
        scrollTo(0, backTo);
        backTo = null;
    }
    if (focusHeading && $('heading')) {
        focusHeading = false;
        $('heading').focus({preventScroll: true});
    }
}

const plainTitle = () => {
    const t = page.title();
    return typeof t === 'string' ? t : T.nav[place.id];
};

// ---- Which view

// Where an entry of the browser's history was scrolled to: Back leads to the row that one came from. The browser cannot
// know, since the rows are read anew.
const scrolled = new Map();
let entry = 0, entries = 0, backTo = null; // the entry that is shown; how many there were; where to, once there are rows

function turnPage() {
    if (entry && history.state?.entry === entry) return; // the same one, with another query
    scrolled.set(entry, scrollY);
    backTo = null;
    if (history.state?.entry <= entries) {
        entry = history.state.entry;
        backTo = scrolled.get(entry) ?? null;
    } else {
        entry = ++entries;
        history.replaceState({entry}, '');
    }
}

async function open() {
    turnPage();
    const at = parse(location.hash || '#/');
    if (!at) {
        page?.end();
        closeDialogs();
        [page, place] = [null, null];
        return draw();
    }
    if (page && place === at.view && page.path === at.path) {
        page.query = at.query;
        page.reload();
        return draw();
    }
    page?.end();
    closeDialogs();
    menuIsOpen = false;
    clearTimeout(typing);
    typed = null;
    place = at.view;
    page = new Page(coming(place.id), at, draw);
    draw();
    if (session) await page.reload();
}

// Stands in for a view until its module has been loaded. load() fetches the module first, so that a failed fetch is retried
// like any other read when the server is back.
const coming = id => ({
    title: T.nav[id],
    async load(opened) {
        if (!modules.has(id)) modules.set(id, await import(`./${id}.js`).catch(e => { throw Object.assign(e, {isAway: e instanceof TypeError}); }));
        opened.ending.signal.throwIfAborted();
        opened.view = modules.get(id);
        focusHeading = true;
        scrollTo(0, 0);
        draw();
        return opened.view.load?.(opened);
    },
});

// ---- Reading again

async function readOverview() {
    if (!askOverview || !session) return;
    try {
        const before = overview;
        overview = await api.get('/overview');
        noteServer();
        if (overview !== before) draw();
    } catch (e) {
        if (e.status === 404 || e.status === 403) askOverview = false;
    }
}

// What the answer says of the server itself: that it was started anew, and what was recorded is gone; that it is of
// another version, whose page is another one.
function noteServer() {
    if (!(overview.uptimeMs >= 0)) return;
    if (overview.uptimeMs < upMs) {
        restartedMs = Date.now() - overview.uptimeMs;
        announce(T.frame.status.history(clock(restartedMs)));
    }
    if (version && overview.version !== version) {
        announce(T.state.otherVersion);
        location.reload();
    }
    upMs = overview.uptimeMs;
    version = overview.version;
    noteRefusal(overview.refuses);
}

// What writes are refused with at this moment, if they are.
function noteRefusal(text) {
    const code = text ? text.split(' ')[0] : null;
    banner.refuses = code && `${T.state.busy[code] ?? ''} (${text})`;
}

async function refresh() {
    await Promise.all([readOverview(), page?.view?.load ? page.reload() : null]);
}

function tick() {
    if (wire.lost || page?.isLoading) draw(); // seconds without an answer
    if (document.hidden || !session || !page || page.isLoading) return;
    const every = setting('refresh') * 1000, now = Date.now();
    if (wire.lost ? now < wire.lost.nextMs : !every || now - (page.triedMs ?? 0) < every - 50) return;
    if (page.view.poll === false && page.data && !wire.lost) readOverview(), page.triedMs = now;
    else refresh();
}

// ---- What is seen

// What a view offers: a constant, or a function of the page.
const offer = name => typeof page?.view?.[name] === 'function' ? page.view[name](page) : page?.view?.[name];

const isVisible = v => v.letter && isMade(v.made) && (!v.needs || session?.may === undefined || !mayNot(v.needs) || !!v.shown?.(overview));

function navigation() {
    const here = place?.under ?? place?.id;
    return h('nav', {class: menuIsOpen ? 'views open' : 'views', 'aria-label': T.views},
        h('button', {type: 'button', class: 'menu-button', 'aria-expanded': menuIsOpen ? 'true' : 'false', onclick: () => { menuIsOpen = !menuIsOpen; draw(); }}, `${T.frame.menu}: ${T.nav[here] ?? ''}`), h('ul', null, VIEWS.filter(isVisible).map(v => h('li', {key: v.path},
        h('a', {href: link(v.path), 'aria-current': here === v.id ? 'page' : null}, T.nav[v.id] ?? v.id,
            v.id === 'dead' && overview?.dead > 0 ? h('span', {class: 'badge'}, String(overview.dead)) : null)))));
}

function database() {
    const chosen = page?.query.db ?? '', isOne = offer('dbs') === 'one';
    const n = Math.max(session?.databases ?? DATABASES, Number(chosen || 0) + 1);
    return h('label', null, h('span', {class: 'sr'}, T.frame.db), h('select', {value: chosen, onchange: e => page.set({db: e.target.value, after: ''})},
        isOne ? null : h('option', {value: ''}, T.frame.allDbs),
        Array.from({length: n}, (_, i) => h('option', {value: isOne && i === 0 ? '' : String(i)}, T.frame.dbName(i)))));
}

let typing = 0, typed = null; // text that was typed but is not in the address yet
function filter() {
    const set = value => {
        clearTimeout(typing);
        typed = null;
        page?.set({match: value, after: ''}, false);
    };
    const later = value => {
        clearTimeout(typing);
        typing = setTimeout(set, 250, value);
        typed = value;
        draw();
    };
    const text = page.query.match ?? '';
    return h('span', {class: 'filter', role: 'search', 'aria-label': T.frame.byName},
        h('label', {for: 'filter', class: 'sr'}, T.frame.filter),
        h('input', {id: 'filter', type: 'text', placeholder: offer('filter') === true ? T.frame.filter : offer('filter'), value: typed ?? text, spellcheck: 'false', autocomplete: 'off', oninput: e => later(e.target.value)}),
        text ? h('button', {type: 'button', 'aria-label': T.frame.clearFilter, title: T.frame.clearFilter, onclick: () => set('')}, '×') : null);
}

const alarmsOf = () => Array.isArray(overview?.alarms) ? overview.alarms.length : Number(overview?.alarms ?? 0);

function header() {
    const alarms = alarmsOf();
    return h('header', null,
        h('a', {class: 'brand', href: link('/')}, T.brand), h('span', {class: 'host hint'}, location.host),
        offer('dbs') ? database() : null,
        offer('filter') ? filter() : null,
        h('span', {class: 'space'}),
        overview ? h('a', {class: alarms ? 'alarms some' : 'alarms', href: link('/')}, T.frame.alarms(alarms)) : null,
        h('label', null, h('span', {class: 'sr'}, T.frame.refresh), h('select', {value: String(setting('refresh')), title: T.frame.refresh, onchange: e => { setSetting('refresh', Number(e.target.value)); draw(); }},
            REFRESH.map(s => h('option', {value: String(s)}, T.frame.every(s))))),
        h('button', {type: 'button', onclick: refresh}, T.frame.refreshNow),
        h('button', {type: 'button', onclick: () => { nextTheme(); draw(); }}, T.frame.theme[setting('theme')]),
        h('button', {type: 'button', onclick: () => showHelp(session?.version)}, T.frame.help),
        session ? h('details', {class: 'menu end'}, h('summary', null, session.user ?? T.frame.user),
            h('div', {class: 'menu-list'},
                h('label', null, T.frame.zone, ' ', h('select', {value: setting('zone'), onchange: e => { setSetting('zone', e.target.value); draw(); }},
                    h('option', {value: 'local'}, T.frame.local), h('option', {value: 'utc'}, T.frame.utc))),
                h('button', {type: 'button', onclick: logOut}, T.frame.logOut))) : null);
}

function banners() {
    const {lost} = wire, now = Date.now();
    return h('div', {class: 'banners'},
        lost ? h('p', {class: 'banner bad'}, '! ', T.state.lost(span(now - lost.sinceMs), lost.nextMs > now ? span(lost.nextMs - now) : null)) : null,
        banner.text && !lost ? h('p', {class: 'banner'}, '! ', banner.code === 'LOADING' && overview?.loading >= 0 ? T.state.loaded(overview.loading) : null, banner.text) : null,
        banner.refuses && !banner.text && !lost ? h('p', {class: 'banner'}, '! ', banner.refuses) : null,
        overview?.pausedMs > 0 && !lost ? h('p', {class: 'banner'}, '! ', T.state.paused(span(overview.pausedMs))) : null,
        isReadOnly() ? h('p', {class: 'banner calm'}, T.state.readOnly) : null);
}

function drawer(list) {
    return h('details', {class: 'drawer', open: setting('drawer'), ontoggle: e => setSetting('drawer', e.target.open)},
        h('summary', null, T.frame.commands),
        h('p', {class: 'hint'}, T.frame.commandsHint),
        h('pre', {class: 'commands'}, list.join('\n')),
        h('button', {type: 'button', onclick: () => copy(list.join('\n'))}, T.copy));
}

function contents() {
    if (!page) return [h('h1', {id: 'heading', tabindex: -1}, T.state.noView), h('p', null, h('a', {href: link('/')}, T.state.back(T.nav.overview)))];
    const {view, data} = page, ready = data && !page.error;
    const back = h('a', {href: link(VIEWS.find(v => v.id === (place.under ?? 'overview')).path)}, T.state.back(T.nav[place.under ?? 'overview']));
    const commands = ready ? guarded(() => view.commands?.(page, data), () => null) ?? [] : [];
    return h('div', {key: page.path, class: wire.lost ? 'view stale' : 'view'},
        h('div', {class: 'title'},
            h('h1', {id: 'heading', tabindex: -1}, page.title() ?? ''),
            h('p', {class: 'hint about'}, ready && view.subtitle ? guarded(() => view.subtitle(page, data), saysFailed) : view.about ?? ''),
            ready ? h('div', {class: 'actions'}, guarded(() => view.actions?.(page, data) ?? null, saysFailed)) : null),
        commands.length ? drawer(commands) : null,
        page.error ? page.wrong(back) : ready ? guarded(() => view.draw(page, data), text => h('p', {class: 'wrong'}, text)) : h('p', {class: 'empty', role: 'status'}, T.state.loading));
}

const saysFailed = text => h('span', {class: 'wrong'}, text);

// A part of a view that fails is told; the frame and what is around stays usable.
function guarded(part, instead) {
    try {
        return part();
    } catch (e) {
        console.error(e);
        return instead(`${T.state.failed}: ${e.message}`);
    }
}

function resultsView() {
    const done = resultList(page, draw);
    return done.length ? h('section', {'aria-label': T.frame.results, class: 'results'}, h('ul', null, done[0]),
        done.length > 1 ? h('details', null, h('summary', null, T.frame.earlier(done.length - 1)), h('ul', null, done.slice(1))) : null) : null;
}

function footer() {
    const {status} = T.frame, parts = [];
    if (page?.atMs) parts.push(Date.now() - page.atMs < 1000 ? status.now : status.age(span(Date.now() - page.atMs)));
    if (page?.data && page.view.status) parts.push(guarded(() => page.view.status(page, page.data), text => text));
    if (overview?.surveyAgeMs >= 0) parts.push(status.survey(span(overview.surveyAgeMs)));
    if (restartedMs) parts.push(status.history(clock(restartedMs)));
    if (!setting('refresh')) parts.push(status.off);
    return h('footer', null, h('p', {class: 'hint'}, parts.filter(Boolean).join(' · ')));
}

const describe = () => [
    h('a', {class: 'skip', href: '#heading', onclick: e => { e.preventDefault(); $('heading')?.focus(); }}, T.skip),
    header(), navigation(),
    h('main', null, banners(), resultsView(), contents()),
    footer(),
];

// ---- The start

// What was copied cannot be seen: it is told beside the button.
function tellCopied({target, detail}) {
    const text = detail ? T.copied : T.notCopied;
    target.dataset.told = text;
    announce(text, true);
    setTimeout(() => { delete target.dataset.told; }, TOLD_MS);
}

export async function start() {
    addEventListener('copied', tellCopied);
    history.scrollRestoration = 'manual';
    addEventListener('hashchange', open);
    addEventListener('visibilitychange', tick);
    on('link', draw);
    on('session', now => {
        askOverview = true;
        overview = null;
        if (now && user !== now.user) results.length = 0; // what somebody else did
        user = now?.user ?? user;
        if (now) refresh();
        else page?.view?.leave?.(page);
        draw();
    });
    listenToKeys({refresh, version: () => session?.version});
    setInterval(tick, 500);
    await open();
}
