// The texts of the views of queues: Overview, Queues, One stream, A group, Dead letters, Schedules.
import {count, num} from './text.js';

export const Q = {
    // words
    key: 'Queue', group: 'Group', db: 'db', length: 'length', bytes: 'bytes', added: 'added/s', groups: 'groups', consumers: 'readers', ready: 'ready', leased: 'leased',
    deferred: 'deferred', held: 'held', dead: 'dead', scheduled: 'scheduled', oldest: 'oldest ready', oldestLeased: 'longest leased', delivered: 'delivered/s', acked: 'acked/s',
    failed: 'failed/s', redelivered: 'redelivered', limit: 'limit', flagsTitle: 'flags', unread: 'unread', released: 'released', overdue: 'overdue', deadBlocked: 'dead, target full',
    waiting: 'waiting readers', last: 'last message', first: 'first message',
    flags: {policy: 'policy', bindings: 'routes', schedules: 'schedules', captures: 'captures', 'dead-letters': 'dead letters', paused: 'paused', about: 'about'},
    flagHints: {policy: 'The server gives leases, retries and dead letters', bindings: 'Messages are copied to other streams', schedules: 'Messages come by schedule',
                captures: 'Published messages are captured', 'dead-letters': 'Holds dead letters', paused: 'Nothing is delivered until it goes on', about: 'Rates are told from positions, about'},

    // Overview
    overviewAbout: 'Is all well, what is growing, who is late.',
    noAlarms: 'No alarms.', since: t => `since ${t}`, messages: 'Messages', ratesTitle: 'A second', server: 'Server', ops: 'commands/s', inOut: 'in, out', cpu: 'cpu',
    memory: 'Memory', clients: 'Clients', blocked: 'blocked', turn: 'turn p99', sync: 'sync p99', unsynced: 'not on the disk', lastSync: 'last sync', keys: 'keys', streams: 'streams', uptime: 'up for',
    ofLimit: (n, most) => `${n} of ${most}`, noLimit: n => `${n}, no limit`,
    behind: 'Most behind', traffic: 'Most traffic', failing: 'Failing', nobody: 'Nobody reads', age: 'age', share: 'failed', nWaiting: n => `${num(n)} waiting`,
    noBehind: 'Nobody is behind.', noTraffic: 'Nothing is added.', noFailing: 'Nothing fails.', noNobody: 'Every queue has a reader.',
    plotRates: 'Messages a second', plotDepth: 'Messages waiting', plotOldest: 'Oldest ready',

    // Queues
    queuesAbout: 'All streams, and what waits in them. Unfold a row for its groups.',
    only: 'only', onlyChoices: {'': 'all', ready: 'with ready', paused: 'paused', 'no-readers': 'no readers', failing: 'failing'},
    newQueue: 'New queue', queueName: 'Name of the queue', groupName: 'Name of its group of workers', kind: 'Kind', kindJobs: 'work queue: leases, retries, dead letters',
    kindPlain: 'plain group, as in Redis', kindHint: 'A work queue gives lost and failed messages to the next worker, by itself.', create: 'Create', created: k => `${k} is there`,
    purge: 'Purge', purgeTitle: n => `Purge ${n}`, purgeText: n => `Deletes ${count(n, 'message')} for all groups.`, deletedN: n => `${count(n, 'message')} deleted`,
    delete: 'Delete', deleteTitle: n => `Delete ${n}`, deleteText: (n, g) => `Deletes ${count(n, 'message')} and ${count(g, 'group')}, with policies, limits, routes and schedules.`, deleted: n => `${n} deleted`,
    nQueues: n => count(n, 'queue'),
    pause: 'Pause', go: 'Go on', pauseTitle: n => `Pause ${count(n, 'group')}`, goTitle: n => `Let ${count(n, 'group')} go on`,
    pauseText: 'Deliveries stop. Producers go on, and what is in work can be acknowledged.', goText: 'Deliveries begin again.',
    pausedN: n => `${count(n, 'group')} paused`, goneOnN: n => `${count(n, 'group')} delivering`,
    noPolicy: 'None of these has a policy, which a pause needs', noGroups: 'No groups: nobody reads this stream in a group.',
    noQueues: ['No queue yet. A queue is a stream with a group of workers; one line makes one:', 'XPOLICY SET orders workers MKSTREAM JOBS',
               "await redis.sendCommand(['XPOLICY', 'SET', 'orders', 'workers', 'MKSTREAM', 'JOBS'])   // Node", "r.execute_command('XPOLICY', 'SET', 'orders', 'workers', 'MKSTREAM', 'JOBS')   # Python"],
    noMatch: 'No queue matches', clearFilter: 'Clear filter',
    statusRows: (n, total) => `${num(n)} of ${count(total, 'row')}`, survey: n => `survey ${num(n)}`,
};

// One stream
export const S = {
    tabs: {messages: 'Messages', groups: 'Groups', produce: 'Produce', limits: 'Limits', routing: 'Routing', scheduled: 'Scheduled'},
    subtitle: (db, n, bytes, last) => [`stream, db${db}`, count(n, 'message'), bytes, last],
    last: 'last', lastNever: 'nothing was ever added',
    plotAdded: 'Added a second', plotLength: 'Messages', trim: 'Trim', trimTitle: k => `Trim ${k}`, trimText: 'Deletes the oldest messages, also those that a group has not read.',
    trimKeep: 'keep at most', trimKeepHint: n => `There are ${count(n, 'message')} now.`, trimmed: n => `${count(n, 'message')} deleted`,
    newest: 'newest first', oldestFirst: 'oldest first', order: 'order', from: 'from', to: 'to', idHint: 'ID, or a span such as 1h', field: 'field', contains: 'contains', equals: 'is', search: 'Search', tail: 'Tail', stopTail: 'Stop',
    clear: 'Clear', looked: (looked, of, found) => `looked at ${num(looked)} of ${num(of)} (${of > 0 ? Math.min(100, Math.round(100 * looked / of)) : 100} %), ${num(found)} found`,
    id: 'ID', when: 'when', contents: 'contents', state: 'state', unreadBy: g => `unread by ${g}`, leasedBy: (c, s, g) => `leased by ${c} for ${s} (${g})`, releasedIn: g => `released (${g})`, deferredIn: (s, g) => `again in ${s} (${g})`, nothingWaits: '',
    stateOf: 'state for', tailSeen: (n, skipped) => `${num(n)} seen, ${num(skipped)} skipped`, tailWaits: 'Waiting for new messages …',
    noMessages: 'No messages.', noHits: 'Nothing found so far.', toEnd: 'The end was reached.',
    deleteN: n => `Delete ${count(n, 'message')}`, deleteText: 'They are gone for all groups.', copyXadd: 'Copy as XADD', again: 'Send again', againN: n => `Send ${count(n, 'message')} again`,
    againText: 'Each is appended once more, under a new ID; those that there are stay.', move: 'Move to …', moveN: n => `Move ${count(n, 'message')} to another stream`, moveText: 'They are appended there and deleted here, in one transaction.',
    target: 'to the stream', sentN: n => `${count(n, 'message')} sent`, downloadPage: 'Download as JSON lines', deletedN: (n, of) => n === of ? `${count(n, 'message')} deleted` : `${num(n)} of ${num(of)} deleted; the others were gone already`,
    newGroup: 'New group', groupName: 'name', groupFrom: 'reads from', groupFromHint: '$: what comes from now on; 0: all that is there; or an ID', groupMade: g => `${g} is there`, destroy: 'Destroy', destroyTitle: g => `Destroy ${g}`,
    destroyText: n => `The group forgets what it has read and the ${count(n, 'message')} in work. The messages stay in the stream.`, destroyed: g => `${g} is gone`,
    noGroups: 'No group reads this stream.', groupsHint: 'XPOLICY SET key group MKSTREAM JOBS makes a group with leases, retries and dead letters.',
    produceHint: 'Appends one message.', fields: 'Fields', delay: 'delay', ttl: 'lives for', spanHint: 'such as 10 s, 5 min, 2 h', producer: 'idempotent: producer and message ID', producerHint: 'two words; the same pair again adds nothing',
    durable: 'wait for the disk', send: 'Send', stored: {memory: 'in memory', written: 'written', synced: 'on the disk'}, sent: (id, where) => where ? `${id}, ${where}` : id, wrongSpan: 'This is no span of time.', noFields: 'A message needs a field.', sentList: 'Sent',
    limitsHint: 'What is appended beyond these limits drops the oldest, or is refused.', change: 'Change …', limitsTitle: 'Limits', limit: {maxlen: 'entries', maxbytes: 'bytes', maxage: 'age'}, none: 'none', overflow: 'when full',
    overflows: {drop: 'drop the oldest', keepref: 'drop the oldest, groups keep their references', delref: 'drop the oldest, for groups too', acked: 'drop only what every group has acknowledged', refuse: 'refuse (STREAMFULL)'},
    limitHint: {maxlen: 'empty: none', maxbytes: 'empty: none; kB, MB, GB are understood', maxage: 'empty: none; such as 7 d'}, limitsSet: 'Limits are set', wrongNumber: 'This is no number.',
    routingHint: 'Messages that match are copied to other streams, in the transaction of the append.', addRoute: 'Add …', routeTitle: 'New route', kind: 'kind', kinds: {all: 'all messages', direct: 'by value', topic: 'by topic', headers: 'by headers', fallback: 'what nothing else matched'},
    by: 'by the field', value: 'value or pattern', valueHint: {direct: 'a value, or several with blanks between', topic: 'words with dots between; * is one word, # any', headers: 'field value pairs'}, routeTo: 'to the stream', routeAdded: 'The route is there', routeGone: 'The route is gone',
    noRoutes: 'No routes. XBIND ADD copies what matches to another stream (docs/guides/routing.md).', removeRoute: 'Delete', removeTitle: 'Delete the route', test: 'Test', testTitle: 'Where would this message go?', goesTo: l => l.length ? `goes to: ${l.join(', ')}` : 'goes nowhere else', captures: 'Captured channels',
    noCaptures: 'No channel is captured into this stream.', channel: 'channel or pattern',
    noScheduled: 'No scheduled messages. XADD with DELAY or AT makes one (docs/guides/queues.md).', due: 'due', now: 'Now', nowN: n => `Deliver ${count(n, 'message')} now`, moveTime: 'Move to …', moveTimeTitle: 'Another time', at: 'at', cancel: 'Cancel them', cancelN: n => `Cancel ${count(n, 'scheduled message')}`, done: 'done',
    chooseGroup: 'group', never: 'never',
};
