// The texts of the views of queues: Overview, Queues, One stream, A group, Dead letters, Schedules.
import {count, num} from './text.js';

export const Q = {
    // words
    key: 'Queue', group: 'Group', db: 'db', length: 'length', bytes: 'bytes', added: 'added/s', groups: 'groups', consumers: 'readers', ready: 'ready', leased: 'leased',
    deferred: 'deferred', held: 'held', dead: 'dead', scheduled: 'scheduled', oldest: 'oldest ready', oldestLeased: 'longest leased', delivered: 'delivered/s', acked: 'acked/s',
    failed: 'failed/s', redelivered: 'redelivered', limit: 'limit', flagsTitle: 'flags', unread: 'unread', released: 'released', overdue: 'overdue', deadBlocked: 'dead, target full',
    waiting: 'waiting readers', last: 'last message', first: 'first message',
    flags: {policy: 'policy', bindings: 'routes', schedules: 'schedules', captures: 'captures', 'dead-letters': 'dead letters', paused: 'paused', about: 'approximate'},
    flagHints: {policy: 'The server gives leases, retries and dead letters', bindings: 'Messages are copied to other streams', schedules: 'Messages come by schedule',
                captures: 'Published messages are captured', 'dead-letters': 'Holds dead letters', paused: 'Nothing is delivered until it goes on', about: 'Without a policy the rates are estimated from the positions of the group'},

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
    newQueue: 'New queue', queueName: 'Name of the queue', groupName: 'Name of its group of workers', kind: 'Kind', kindJobs: 'work queue: leases, retries, dead letters',
    kindPlain: 'plain group, as in Redis', kindHint: 'A work queue gives lost and failed messages to the next worker, by itself.', create: 'Create', created: k => `${k} is there`,
    purge: 'Purge', purgeTitle: n => `Purge ${n}`, purgeText: n => `Deletes ${count(n, 'message')} for all groups.`, deletedN: n => `${count(n, 'message')} deleted`,
    delete: 'Delete', deleteTitle: n => `Delete ${n}`, deleteText: (n, g) => `Deletes ${count(n, 'message')} and ${count(g, 'group')}, with policies, limits, routes and schedules.`, deleted: n => `${n} deleted`,
    nQueues: n => count(n, 'queue'),
    pause: 'Pause', go: 'Go on', pauseTitle: n => `Pause ${count(n, 'group')}`, goTitle: n => `Let ${count(n, 'group')} go on`,
    pauseText: 'Deliveries stop. Producers go on, and pending messages can be acknowledged.', goText: 'Deliveries begin again.',
    pausedN: n => `${count(n, 'group')} paused`, goneOnN: n => `${count(n, 'group')} delivering`,
    noPolicy: 'None of these has a policy, which a pause needs', noGroups: 'No groups: nobody reads this stream in a group.',
    only: {ready: 'with ready messages', paused: 'paused', 'no-readers': 'without readers', failing: 'failing'},
    noMatch: what => `No queue matches ${what}.`,
    noQueues: ['No queue yet. A queue is a stream with a group of workers; one line makes one:', 'XPOLICY SET orders workers MKSTREAM JOBS',
               "await redis.sendCommand(['XPOLICY', 'SET', 'orders', 'workers', 'MKSTREAM', 'JOBS'])   // Node", "r.execute_command('XPOLICY', 'SET', 'orders', 'workers', 'MKSTREAM', 'JOBS')   # Python"],
    statusRows: (n, total) => `${num(n)} of ${count(total, 'row')}`, survey: n => `survey ${num(n)}`,
};

// One stream
export const S = {
    tabs: {messages: 'Messages', groups: 'Groups', produce: 'Produce', limits: 'Limits', routing: 'Routing', scheduled: 'Scheduled'},
    subtitle: (db, n, bytes, last) => [`stream, db${db}`, count(n, 'message'), bytes, last],
    last: 'last', lastNever: 'nothing was ever added',
    plotAdded: 'Added a second', plotLength: 'Messages', trim: 'Trim', trimTitle: k => `Trim ${k}`, trimText: 'Deletes the oldest messages, also those that a group has not read.',
    trimKeep: 'keep at most', trimKeepHint: n => `There are ${count(n, 'message')} now.`, trimmed: n => `${count(n, 'message')} deleted`,
    newest: 'newest first', oldestFirst: 'oldest first', order: 'order', from: 'from', to: 'to', idHint: 'ID, or age: 1h', field: 'field', contains: 'contains', equals: 'is', search: 'Search', whichField: 'Which field?', tail: 'Tail', stopTail: 'Stop',
    clear: 'Clear', looked: (looked, of, found) => `looked at ${num(looked)} of ${num(of)} (${of > 0 ? Math.min(100, Math.round(100 * looked / of)) : 100} %), ${num(found)} found`,
    id: 'ID', when: 'when', contents: 'contents', state: 'state', unreadBy: g => `unread by ${g}`, leasedBy: (c, s, g) => `leased by ${c} for ${s} (${g})`, overdueAt: (c, g) => `overdue at ${c} (${g})`, releasedIn: g => `released (${g})`, unownedIn: g => `without owner (${g})`, deferredIn: (s, g) => `again in ${s} (${g})`, nothingWaits: '',
    stateOf: 'state for', tailSeen: (n, skipped) => `${num(n)} seen, ${num(skipped)} skipped`, tailWaits: 'Waiting for new messages …',
    noMessages: 'No messages.', noHits: 'Nothing found so far.', toEnd: 'The end was reached.',
    deleteN: n => `Delete ${count(n, 'message')}`, deleteText: 'They are gone for all groups.', copyXadd: 'Copy as XADD', again: 'Send again', againN: n => `Send ${count(n, 'message')} again`,
    againText: 'Each is appended once more, under a new ID; those that there are stay.', move: 'Move to …', moveN: n => `Move ${count(n, 'message')} to another stream`, moveText: 'They are appended there and deleted here, in one transaction.',
    target: 'to the stream', sentN: n => `${count(n, 'message')} sent`, downloadPage: 'Download as JSON lines', deletedN: (n, of) => n === of ? `${count(n, 'message')} deleted` : `${num(n)} of ${num(of)} deleted; the others were gone already`,
    newGroup: 'New group', groupName: 'name', groupFrom: 'reads from', groupFromHint: '$: what comes from now on; 0: all that is there; or an ID', groupMade: g => `${g} is there`, destroy: 'Destroy', destroyTitle: g => `Destroy ${g}`,
    destroyText: n => `The group forgets what it has read and its ${count(n, 'pending message')}. The messages stay in the stream.`, destroyed: g => `${g} is gone`,
    noGroups: 'No group reads this stream.', groupsLeft: n => `${count(n, 'more group')}: an answer has no room for them. SURVEY GROUPS lists all, page by page.`, groupsHint: 'XPOLICY SET key group MKSTREAM JOBS makes a group with leases, retries and dead letters.',
    produceHint: 'Appends one message.', fields: 'Fields', delay: 'delay', ttl: 'time to live', spanHint: 'such as 10 s, 5 min, 2 h', producer: 'producer and message ID', producerHint: 'two words; idempotent: the same pair again adds nothing',
    durable: 'wait for the disk', send: 'Send', stored: {memory: 'in memory', written: 'written', synced: 'on the disk'}, sent: (id, where) => where ? `${id}, ${where}` : id, wrongSpan: 'This is no span of time.', times: 'copies', timesHint: 'equal messages, 1 to 1,000', wrongTimes: '1 to 1,000 copies can be sent at once.',
    sentMany: (n, of, id, where) => `${num(n)} of ${num(of)}, the last is ${id}${where ? ', ' + where : ''}`, cancelOne: 'Cancel it', cancelled: id => `${id}, cancelled`, notCancelled: id => `${id}, not cancelled: it was delivered or deleted before`, noFields: 'A message needs a field.', sentList: 'Sent',
    limitsHint: 'What is appended beyond these limits drops the oldest, or is refused.', change: 'Change …', limitsTitle: 'Limits', setLimits: 'Set limits', limit: {maxlen: 'entries', maxbytes: 'bytes', maxage: 'age'}, none: 'none', overflow: 'when full',
    overflows: {keepref: 'drop the oldest, groups keep their references', delref: 'drop the oldest, for groups too', acked: 'drop only what every group has acknowledged', refuse: 'refuse (STREAMFULL)'},
    limitHint: {maxlen: 'empty: none', maxbytes: 'empty: none; kB, MB, GB are understood', maxage: 'empty: none; such as 7 d'}, limitsSet: 'Limits are set', wrongNumber: 'This is no number.',
    routingHint: 'Messages that match are copied to other streams, in the transaction of the append.', addRoute: 'Add …', routeTitle: 'New route', kind: 'kind', kinds: {all: 'all messages', direct: 'by value', topic: 'by topic', headers: 'by headers', alternate: 'what nothing else matched'},
    by: 'by the field', byHint: 'empty: routing-key', match: 'which match', matches: {all: 'all of them', any: 'one of them'}, headers: 'fields and their values', testHint: 'Type the fields of a message.', capture: 'Capture', captureRemove: 'Capture it no more',
    wrongMoment: 'This is no moment.', momentHint: 'year-month-dayThour:minute:second',
    value: 'value or pattern', valueHint: {topic: 'by topic: words with dots between; * is one word, # any number'}, routeTo: 'to the stream', routeAdded: 'The route is there', routeGone: 'The route is gone',
    noRoutes: 'No routes. XBIND ADD copies what matches to another stream (docs/guides/routing.md).', removeRoute: 'Delete', removeTitle: 'Delete the route', test: 'Test', testTitle: 'Where would this message go?', goesTo: l => l.length ? `goes to: ${l.join(', ')}` : 'goes nowhere else', captures: 'Captured channels',
    noCaptures: 'No channel is captured into this stream.', channel: 'channel or pattern',
    noScheduled: 'No scheduled messages. XADD with DELAY or AT makes one (docs/guides/queues.md).', due: 'due', now: 'Now', nowN: n => `Deliver ${count(n, 'message')} now`, moveTime: 'Move to …', moveTimeTitle: 'Another time', at: 'at', cancel: 'Cancel them', cancelN: n => `Cancel ${count(n, 'scheduled message')}`, done: 'done',
    chooseGroup: 'group', never: 'never',
};

// A group
export const G = {
    of: k => ['group of ', k], noPolicy: 'A group as in Redis: no leases, retries or dead letters. A policy gives them.',
    lease: s => `lease ${s}`, retry: {NONE: 'no back-off', FIXED: s => `again after ${s}`, EXP: (a, b, f) => `back-off ${a} ×${f} to ${b}`, LIST: l => `again after ${l}`}, jitter: n => `with up to ${n} % jitter`, tries: n => `${num(n)} tries`, deadTo: k => `dead letters to ${k}`,
    deleted: 'acknowledged are deleted', kept: 'acknowledged stay', paused: 'PAUSED: nothing is delivered', prefetch: n => `at most ${num(n)} per consumer`, maxpending: n => `at most ${num(n)} pending`, rate: r => `rate ${r}`, orderby: f => `in order by ${f}`,
    consumersTitle: 'Consumers', name: 'name', pendingN: 'pending', idle: 'idle', inactive: 'since last delivery', deleteConsumer: 'Delete', deleteConsumerTitle: c => `Delete the consumer ${c}`, gives: n => n > 0 ? `Gives its ${count(n, 'message')} back to the others.` : 'It has no pending messages.', gaveBack: n => `${count(n, 'message')} given back`,
    noConsumers: 'No consumer has read yet. XREADGROUP makes one.', consumersLeft: n => `${count(n, 'more consumer')}: an answer has no room for them. XINFO CONSUMERS lists all.`, pendingTitle: 'Pending', states: {leased: 'leased', overdue: 'overdue', deferred: 'deferred', unowned: 'without owner', all: 'all'}, consumer: 'consumer', idleOver: 'idle over', allConsumers: 'all',
    deliveries: n => n === 1 ? 'delivered once' : `delivered ${num(n)} times`, delivered: 'delivered', due: 'lease or retry', leaseEnded: s => `lease ended ${s} ago`, leaseEnds: s => `lease ends in ${s}`, again: s => `again in ${s}`, reason: 'reason', contents: 'contents', noPending: 'Nothing is pending in this state.',
    deletedEntry: '(deleted)', noPendingRoute: 'This server does not list pending messages here; redis-cli does: ',
    ack: 'Acknowledge', ackTitle: n => `Acknowledge ${count(n, 'message')}`, ackText: 'They count as done, whoever works on them.', alsoDelete: 'delete them from the stream too', fail: 'Fail …', failTitle: n => `Fail ${count(n, 'message')}`, failText: 'They come back after the delay, or the back-off of the policy; the attempt counts.',
    delay: 'delay', delayHint: 'empty: the back-off of the policy', reasonHint: 'what the dead letter says, should it come to that', release: 'Release', releaseTitle: n => `Release ${count(n, 'message')}`, releaseText: 'They are given to the next reader at once; the attempt does not count.', reject: 'Reject', rejectTitle: n => `Reject ${count(n, 'message')}`,
    rejectText: 'They become dead letters now.', claim: 'Claim …', claimTitle: n => `Claim ${count(n, 'message')}`, claimFor: 'for the consumer', someMissing: (done, of) => `${num(done)} of ${num(of)}` + (done < of ? `: ${count(of - done, 'message')} ${of - done === 1 ? 'was' : 'were'} no longer pending (acknowledged, or taken by another)` : ''),
    policy: 'Policy …', setPolicy: 'Set policy', policyTitle: g => `Policy of ${g}`, policySet: 'The policy is set', noChange: 'Nothing is changed.', policyHints: {lease: 'milliseconds; 0: none', retry: 'NONE, FIXED 5000, EXP 1000 600000 2, LIST 1000 5000', jitter: 'per cent by which a back-off is shortened at random', maxdeliver: 'deliveries before it becomes a dead letter; 0: no limit', deadletter: 'a stream; empty: none', prefetch: 'most messages pending for a consumer; 0: no limit',
        maxpending: 'most messages pending for the group; 0: no limit', rate: 'messages and milliseconds, such as 100 1000; 0 0: no limit', orderby: 'a field: messages with the same value are delivered one at a time, in order; empty: none', single: 'milliseconds of the lock that makes one consumer the only one; 0: none', consumerttl: 'milliseconds; 0: never', groupttl: 'milliseconds; 0: never'},
    dropPolicy: 'Remove policy', dropPolicyText: 'The group becomes a plain Redis group again. What is pending stays pending.', droppedPolicy: 'The policy was removed',
    position: 'Set position …', positionButton: 'Set position', positionTitle: g => `Position of ${g}`, positionText: 'Where the group goes on reading. Earlier: messages are delivered once more. Later: messages are skipped.', positionTo: 'goes on behind', positions: {start: 'the start: everything once more', end: 'the end: only what comes from now on', id: 'an ID', time: 'a moment'},
    willBe: n => `${count(n, 'message')} will be unread`, atLeast: n => `at least ${count(n, 'message')} will be unread`, positionSet: n => n === undefined || n === null ? 'set' : `${count(n, 'message')} unread`, destroy: 'Destroy',
    plotStates: 'Ready and leased', plotRates: 'Messages a second',
};

// Dead letters
export const D = {
    about: 'Messages that were given up, with the reason of each, until somebody brings them back or deletes them.',
    none: 'No dead letters. A group with a policy (XPOLICY SET key group JOBS) puts messages aside that fail too often or are rejected (docs/guides/queues.md).', noneHere: 'No letters are left here.', letters: 'letters', oldest: 'oldest', newest: 'newest', sources: 'from', sourcesLeft: n => ` and ${count(n, 'more group')}`, anywhere: 'not known',
    by: 'grouped by', bys: {'dl-text': 'text', 'dl-reason': 'reason', 'dl-key': 'queue', 'dl-consumer': 'consumer'}, looked: (n, of) => n < of ? `Counted over the newest ${num(n)} of ${num(of)}.` : '', value: 'value', count: 'letters', first: 'first', last: 'last', nothing: '(none)',
    others: n => `${count(n, 'letter')} without it, or with a rare or very long one, are not listed here.`,
    when: 'died', tries: 'tries', consumer: 'last worker', reason: 'reason', text: 'text', origin: 'from', message: 'message', all: 'All letters',
    redrive: 'Redrive', redriveN: n => `Redrive ${n}`, redriveAll: 'Redrive all', deleteN: n => `Delete ${n}`, deleteTitle: (n, k) => `Delete ${n} of ${k}`, redriveTitle: n => `Redrive ${n}`, text1: 'They are appended where they belong and leave this stream, each in one step. Their attempts are counted anew.',
    chosen: n => `the ${count(n, 'chosen letter')}`, matching: (n, v) => `the ${n} that match “${v}”`, every: n => `all ${n} letters`, atLeast: n => `at least ${num(n)}`, to: 'to', where: 'where they died', another: 'another stream', target: 'stream', delay: 'delay', delayHint: 'empty: at once; such as 10 s, 5 min', moved: (m, s, more = false) => `${num(m)} moved` + (s ? `, ${more ? 'at least ' : ''}${num(s)} stayed (target full or gone, or its origin is not known)` : ''),
    deleteText: 'They are gone for good.', deleted: n => `${count(n, 'letter')} deleted`, download: 'Download as JSON lines', back: 'All dead letters', asStream: 'as a stream',
};

// Schedules
export const C = {
    about: 'Messages that come by the clock: at each moment of a cron expression or span, or once at a moment of their own.', title: 'Schedules', scheduledTitle: (n, more) => n === null ? 'Scheduled messages' : `Scheduled messages ${more ? 'at least ' : ''}${num(n)}`, new: 'New schedule', editTitle: n => `Schedule ${n}`,
    none: 'No schedules. XCRON SET stream name CRON "0 7 * * 1-5" TZ Europe/Berlin FIELDS kind daily makes one (docs/guides/queues.md).', noneScheduled: 'No scheduled messages. XADD stream DELAY 60000 * field value makes one.', notRead: 'Its stream may not be read.',
    name: 'name', stream: 'to the stream', when: 'when', zone: 'zone', next: 'next', last: 'last', fired: 'fired', missed: 'missed', never: 'never', every: s => `every ${s}`, run: 'Run now', runTitle: n => `Run ${n} now`, runText: 'Adds its message once, beside its plan.', ran: id => `added ${id}`, edit: 'Edit …', remove: 'Delete', removeTitle: n => `Delete the schedule ${n}`, removed: n => `${n} is gone`,
    kind: 'kind', kinds: {cron: 'cron expression', every: 'span'}, kindHint: 'Another expression or span counts from now on; a START it had is kept when the command has it.', cron: 'expression', cronHint: 'minute hour day month weekday, or @hourly, @daily …', everyHint: 'such as 5 min, 1 h', catchup: 'missed moments', catchups: {one: 'the last one comes at once', none: 'are left out', all: 'all come, up to 1,000'}, limit: 'at most this many messages', limitHint: 'empty: no limit', fields: 'fields', save: 'Save', saved: ms => `next ${ms}`,
    nextFive: l => `next: ${l.join(' · ')}`, zoneHint: 'such as Europe/Berlin', due: 'due', fieldsTitle: 'message',
};
