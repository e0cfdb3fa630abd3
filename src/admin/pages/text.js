// A5: everything that is said, and how numbers are. Views whose texts are many have a file of their own beside it.

const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const tenth = new Intl.NumberFormat('en', {maximumFractionDigits: 1});
const third = new Intl.NumberFormat('en', {maximumSignificantDigits: 3});

// "12,040"; integers beyond 2^53 come as strings.
export function num(n) {
    if (n === null || n === undefined || n === -1 || n === '-1') return T.none;
    if (typeof n === 'string') return /^-?\d+$/.test(n) ? whole.format(BigInt(n)) : n;
    return whole.format(n);
}

// "120", "3.4", "0"
export const rate = n => n === null || n === undefined || n < 0 ? T.none : n >= 10 ? whole.format(n) : tenth.format(n);
export const perSecond = n => n === null || n === undefined || n < 0 ? T.none : rate(n) + '/s';
export const percent = n => n === null || n === undefined || Number.isNaN(n) ? T.none : tenth.format(n) + ' %';

// "3.1 MB"
export function size(n) {
    if (n === null || n === undefined || n < 0) return T.none;
    n = Number(n);
    for (const unit of ['B', 'kB', 'MB', 'GB', 'TB']) {
        if (n < 999.5 || unit === 'TB') return `${unit === 'B' ? whole.format(n) : third.format(n)} ${unit}`;
        n /= 1000;
    }
}

export const count = (n, one, many = one + 's') => `${num(n)} ${Number(n) === 1 ? one : many}`;

export const T = {
    none: '–',
    brand: 'millrace',
    ago: s => `${s} ago`,
    ahead: s => `in ${s}`,
    copy: 'Copy', copied: 'Copied', notCopied: 'Not copied', download: 'Download', close: 'Close', cancel: 'Cancel', more: 'More', stop: 'Stop', goOn: 'Go on', all: 'all',
    moreFields: n => count(n, 'more field'), fieldsLeft: n => `${count(n, 'more field')}, which do not fit into an answer`,
    yes: 'yes', no: 'no',
    skip: 'Skip to the contents',
    views: 'Views',
    nav: {overview: 'Overview', queues: 'Queues', stream: 'Queues', group: 'Queues', dead: 'Dead letters', schedules: 'Schedules', lists: 'Lists', channels: 'Channels',
          clients: 'Clients', keys: 'Keys', slow: 'Slow', storage: 'Storage', replicas: 'Replicas', users: 'Users', config: 'Config'},

    frame: {
        db: 'Database', allDbs: 'all databases', dbName: n => `db${n}`,
        filter: 'Filter', byName: 'By name', conditions: 'Conditions', clearFilter: 'Clear filter',
        alarms: n => n ? count(n, 'alarm') + ' !' : 'no alarms',
        user: 'User', logOut: 'Log out', zone: 'Times', local: 'local time', utc: 'UTC',
        refresh: 'Refresh', refreshNow: 'Refresh now', every: s => s ? `every ${s} s` : 'off',
        theme: {system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark'},
        help: 'Help', menu: 'Menu',
        commands: 'As commands', commandsHint: 'What redis-cli would type for what is seen.',
        status: {now: 'as of now', age: s => `as of ${s} ago`, rows: (n, of) => `${num(n)} of ${count(of, 'row')}`, survey: s => `survey ${s} old`,
                 off: 'refresh is off', wait: 'asking …', history: t => `restarted ${t}, history begins anew`},
        results: 'Results', clear: 'Clear',
        earlier: n => `${count(n, 'earlier result')}`,
    },

    login: {
        title: 'Log in', name: 'Name', password: 'Password', button: 'Log in',
        goIn: 'Go in as the default user', goInHint: 'When the default user has no password, and from this machine only.',
        wait: s => `Wrong name or password. Next attempt in ${s}.`,
        wrong: 'Wrong name or password.', loading: p => `The data are being loaded: ${p} %. Log in when that is done.`,
        ended: 'The session has ended. What you see stays; log in to go on. Nothing that was under way is repeated by itself.',
        tls: 'TLS', plain: 'not encrypted',
        where: (host, encrypted) => `${host} · ${encrypted ? 'TLS' : 'plain HTTP'}`,
        confirm: 'Who you are, again', confirmButton: 'Confirm', confirmName: u => `This command is dangerous. You came by certificate: type your name, ${u}.`,
        confirmHint: u => `This command is dangerous. The password of ${u} is asked for when it was not given within five minutes.`,
    },

    state: {
        loading: 'Loading …',
        lost: (s, next) => `No answer for ${s}; trying again${next ? ` in ${next}` : ''}. What is seen is of then.`,
        lostAction: 'The server does not answer.',
        readOnly: 'This console only looks (console-mode read-only).',
        needs: c => `You may not: needs +${c}`,
        missing: 'There is no such thing. It was deleted or renamed, or the address is wrong.',
        noView: 'There is no such view.',
        noRoute: 'This server does not answer that yet; it is of another version than this page.',
        forbidden: 'You may not see this.',
        back: v => `Back to ${v}`,
        retry: 'Try again',
        wrongType: 'This key holds something else now.',
        busy: {LOADING: 'The data are being loaded. Everything else works when that is done.',
               BUSY: 'A script is running. Other requests wait for its end; SCRIPT KILL or FUNCTION KILL stops it.',
               MISCONF: 'The disk failed: writes are refused, reading works.',
               READONLY: 'This is a replica: it takes no writes.',
               NOREPLICAS: 'Too few replicas follow: writes are refused, reading works.',
               MASTERDOWN: 'The link to the primary is down, and old data are not served.',
               PAUSED: 'Requests are held: CLIENT PAUSE, or a fail-over.',
               RATE: 'Too many requests; this page waits a moment.'},
        paused: s => `Writes are held for another ${s} (CLIENT PAUSE). Reading works; what is held goes on by itself.`,
        over: 'Everything is answered again.',
        loaded: p => `${p} % are there. `,
        noMatch: what => `Nothing matches ${what}.`, thereAre: n => `There are ${n}.`,
        otherVersion: 'The server is of another version now; the page is loaded anew.',
        failed: 'Something in this page failed',
    },

    table: {
        choose: 'Choose', chooseAll: 'Choose all on this page', chosen: n => `${num(n)} chosen`, none: 'Nothing here.',
        newRows: n => `${count(n, 'new row')}: show`, gone: 'gone', columns: 'Columns',
        page: (n, of) => of === null || of === undefined ? count(n, 'row') : `${num(n)} of ${num(of)}`,
        next: 'Next page', first: 'First page', expand: 'Unfold', sorted: {ascending: 'ascending', descending: 'descending'},
        reset: 'As it was',
    },

    plot: {
        span: 'Span', spans: {minutes: '5 min', hour: 'hour', day: 'day', week: 'week'},
        none: 'Nothing is recorded yet.', since: t => `recording since ${t}`, table: 'As a table', time: 'Time',
        summary: (name, now, least, most) => `${name} ${now} (${least} to ${most})`,
    },

    action: {
        commands: 'Runs', none: 'No command.', typeName: n => `Type ${n} to confirm`, notTheName: 'That is not the name.',
        irreversible: 'This cannot be undone.', run: 'Run', undo: 'Undo', undone: 'Undone', copyCommand: 'Copy as redis-cli', failed: 'failed', stopped: 'stopped',
        progress: (done, total) => total ? `${num(done)} of ${num(total)}` : num(done),
        closing: 'Closing the tab stops it. What is done is done.',
        dismiss: 'Dismiss', required: 'This is needed.', number: 'A whole number is needed.',
        manyMore: n => `… and ${count(n, 'more command')}`,
    },

    pairs: {name: 'field', value: 'value', remove: i => `Remove line ${i}`},

    value: {
        as: 'as', forms: {text: 'text', json: 'JSON', hex: 'hex', base64: 'base64', messagepack: 'MessagePack'},
        cut: (n, of) => `${n} of ${of}`, front: n => `The first ${n} of it; Download has all.`, changed: 'It is another one now: it was changed meanwhile, or has moved.', fetched: n => `${n} so far …`, all: of => `All (${of})`, more: '… more', end: '(end)',
        jsonCut: 'Only the beginning is here, so it is no whole JSON.', jsonError: at => `No JSON: wrong at character ${at + 1}.`,
        packError: at => `No MessagePack: wrong at byte ${at + 1}.`,
    },

    help: {
        title: 'Help', keys: 'Keys', shortcuts: 'Single-key shortcuts',
        about: 'About', licences: 'Open source. Its HTTP parser llhttp is © Fedor Indutny and others, under the MIT licence.',
        list: [['/', 'filter'], ['g, then a letter', 'go to a view: o q d s l c k …'], ['j, k', 'next, previous row'], ['x', 'choose the row'], ['Enter', 'open the row'],
               ['.', 'actions of the view'], ['r', 'refresh'], ['t', 'theme'], ['?', 'this help'], ['Esc', 'close; leave a field']],
        docs: 'The guides are in docs/guides of the source, and in /usr/share/doc/millrace.',
    },
};
