// What the views of clients, keys, the slow log, storage, replicas, users, settings, lists and channels say.
import {count, num} from './text.js';

export const clients = {
    title: 'Clients', about: 'Who is connected, what each does and what it costs.',
    id: 'ID', name: 'name', nameless: '(no name)', user: 'user', addr: 'address', lib: 'library', cmd: 'last command', waits: 'waits', flags: 'state', db: 'database', age: 'age',
    idle: 'idle', omem: 'output', omemHint: 'Replies that the client has not taken yet.', qbuf: 'input', subscriptions: 'subscriptions', memory: 'memory', actions: 'Actions',
    head: (n, of) => n < of ? `the first ${num(n)} of ${count(of, 'client')}` : count(n, 'client'),
    clients: 'clients', waiting: 'waiting', console: 'console', buffers: 'buffers',
    idleOver: 'idle over, s', groupBy: 'group by', noGroup: 'nothing', groups: {name: 'name', user: 'user', library: 'library', address: 'address'}, groupCaption: 'Clients by group',
    caption: 'Clients', more: n => `and ${num(n)} more`, chooseFirst: 'Choose clients first.',
    killShort: 'Kill', kill: n => n > 1 ? `Kill ${num(n)}` : 'Kill', killTitle: n => `Kill ${count(n, 'client')}`, killText: 'Their connections are closed. What they had leased comes back when its lease ends.',
    killFinal: 'Most clients connect again by themselves.', killed: (done, of) => done === of ? `${num(done)} killed` : `${num(done)} of ${num(of)} killed; the others had gone`,
    unblockShort: 'Unblock', unblockTitle: id => `Unblock client ${id}`, unblockText: 'Its blocking command ends, as if its time were over.',
    notBlocked: 'it was not waiting any more', unblocked: 'unblocked',
    pauseShort: 'Pause …', pause: 'Pause', pauseTitle: 'Pause clients', pauseText: 'Their requests wait until the time is over. Nothing is lost; producers and workers stand still.',
    pauseNote: 'Everybody waits. A pause of all requests cannot be ended early: it holds CLIENT UNPAUSE as well.', pauseMs: 'for milliseconds', pauseWrites: 'writes only; reading goes on', paused: (t, writes) => `${writes ? 'writes are' : 'all requests are'} held for ${t}`,
    unpause: 'Unpause', unpauseText: 'What waits goes on.', unpaused: 'clients go on',
};

export const keys = {
    title: 'Keys', about: 'Everything by name. Looking does not count as use.', pattern: 'session:*', key: 'key', type: 'type', expires: 'expires', caption: 'Keys that were found',
    looked: (p, n) => `looked at ${p}, ${n} found`, progress: 'Progress', toTheEnd: 'To the end', again: 'Look again',
    none: 'There are no keys in this database.', noneYet: 'None yet: go on looking.', chooseFirst: 'Choose keys first.', patternFirst: 'Filter by a pattern first.',
    deleteMany: n => n > 1 ? `Delete ${num(n)}` : 'Delete', deleteTitle: n => `Delete ${count(n, 'key')}`, deleteText: 'Streams, lists and values go with all they hold.',
    deletePatternShort: 'Delete all that match …', deletePattern: 'Delete all that match', deletePatternTitle: p => `Delete all keys that match ${p}`,
    deletePatternText: (n, all) => all ? `${count(n, 'key')} ${n === 1 ? 'matches' : 'match'} now.` : `At least ${count(n, 'key')}: not all keys have been looked at.`,
    deleted: (done, of) => done === of ? `${count(done, 'key')} deleted` : `${num(done)} of ${count(of, 'key')} deleted; the others had gone`, deletedSoFar: n => `${num(n)} deleted`,
    byPrefix: 'By prefix', sampled: 'what stands before the first colon; memory is estimated from samples', prefix: 'prefix', keys: 'keys', bytes: 'memory', share: 'share of the memory', other: '(other)', without: '(no colon)',
    noPrefixes: 'Not counted yet: the survey walks over all keys after the streams.',
};

export const key = {
    about: 'One key and its value.', noKey: 'No key has this name now.', type: 'type', ttl: 'time to live', never: 'none', expires: s => `expires in ${s}`, encoding: 'encoding', bytes: 'memory', length: 'length', value: 'Value', field: 'field',
    member: 'member', members: 'Members', score: 'score', ownView: t => `Open it as a ${t}`, downloadPage: 'Download this page',
    dump: 'Download DUMP', dumpTooLong: 'It has more than 700 kB, which an answer has no room for: redis-cli --raw DUMP has it.',
    ttlShort: 'TTL …', ttlTitle: k => `Time to live of ${k}`, ttlText: 'The key is deleted when this time is over.', ttlLabel: 'Time (30 s, 10 min, 2 h, 7 d)', ttlWrong: 'A time is needed, such as 30 s.', ttlDone: 'it will expire',
    persist: 'Persist', persistTitle: k => `Keep ${k}`, persistText: 'It does not expire any more.', persistDone: 'it stays', ttlBack: s => `Back to ${s}`, noTtl: 'It does not expire.',
    to: 'New name', replace: 'Replace what is there', renameShort: 'Rename …', renameTitle: k => `Rename ${k}`, renameText: 'Groups, policies and time to live go along. Clients that use the old name find nothing.', renameDone: to => `it is called ${to}`,
    copyShort: 'Copy …', copyTitle: k => `Copy ${k}`, copyText: 'Makes a second key with the same value and time to live.', copyDone: to => `${to} is there`,
    deleteShort: 'Delete …', delete: 'Delete', deleteTitle: k => `Delete ${k}`, deleteText: 'The key and its value.', deleteDone: 'deleted',
};

export const line = {
    title: 'Command line', about: db => `One command, run as you, in db${db}. Enter runs, Tab completes, arrows go through what was typed.`, label: 'Command', replies: 'Replies', nil: '(nil)', emptyReply: '(empty)',
    items: n => count(n, 'item'), openQuote: 'a quote is open',
};

export const slow = {
    title: 'Slow', about: 'Which commands take the time, which requests were slow, and what stopped the server.', reset: 'Reset', resetDone: 'begun anew',
    commands: 'Commands by share of time', command: 'command', share: 'share', rate: 'calls/s', calls: 'calls', mean: 'mean', failed: 'failed', rejected: 'refused', noCommands: 'No command has run since the counters were reset.',
    resetStats: 'Reset the counters', resetStatsText: 'Calls, times, errors and other counters of INFO begin at 0 again.',
    log: 'Slow log', when: 'when', took: 'took', request: 'request', client: 'client', noSlow: 'No request took longer than slowlog-log-slower-than.', resetLog: 'Empty the slow log', resetLogText: 'Its entries are gone.',
    thresholdShort: 'Threshold …', thresholdTitle: 'From when on a request is slow', thresholdText: 'Requests that take longer are kept in the slow log.', thresholdLabel: 'Microseconds (0: all; -1: none)',
    thresholdDone: t => `slower than ${t}`,
    events: 'Events', event: 'event', last: 'last', worst: 'worst', noEvents: 'No event took longer than latency-monitor-threshold (0 records none).', resetEvents: 'Forget the events', resetEventsText: 'Their histories are gone.',
    errors: 'Errors', error: 'code', times: 'times', noErrors: 'No error has been answered.',
    notCommands: 'Counters of commands need +info.', notLog: 'The slow log needs +slowlog|get.',
};

export const storage = {
    title: 'Storage', about: 'What is on the disk, how safe it is, and what is in memory.', ok: 'ok', actions: 'Actions',
    aof: 'Append-only file', noAof: 'There is none: what was written since the last snapshot is lost when the process ends. To keep one:', appendfsync: 'synced', size: 'size', base: 'base', increment: 'since the rewrite',
    growth: 'growth', unsynced: 'not synced', lastSync: 'last sync', writes: 'disk', lastRewrite: 'last rewrite', rewriteTook: 'took', cut: 'cut at the start', delayed: 'late syncs',
    rewriting: s => `A rewrite is under way, for ${s}.`, rewrite: 'Rewrite', rewritesNow: 'A rewrite is under way.', rewriteTitle: 'Rewrite the append-only file', rewriteText: 'Replaces what has piled up by the data as they are. Clients go on meanwhile.', rewriteDone: 'begun',
    fsync: 'When to sync …', fsyncTitle: 'When the append-only file is synced', fsyncText: 'What was answered survives a power cut only when it was synced.', always: 'always: before each answer', everysec: 'everysec: a second may be lost', never: 'no: when the system likes',
    fsyncDone: v => `appendfsync is ${v}`,
    snapshot: 'Snapshot', lastSave: 'last', state: 'state', took: 'took', changes: 'changes since', saves: 'snapshots written', saving: (n, of) => `A snapshot is being written: ${n} of ${of} keys.`, save: 'Save', savesNow: 'A snapshot is being written.',
    saveTitle: 'Write a snapshot', saveText: 'A child process writes all data to dump.rdb. Clients go on meanwhile.', saveDone: 'begun',
    backups: 'Backups', backup: 'Backup …', backupName: 'Name', backupHint: 'Empty: the server finds one.', backupTitle: 'Begin a backup', backupText: 'Hard links of the append-only file, as it is when it is sealed. No time, no room, no fork.', backupBegun: 'begun; seal it to have this moment', sealAtOnce: 'seal it at once', sealAtOnceHint: 'Else it stays open, and holds all until you seal it.',
    backupOpen: 'One is open already.', noBackups: 'No sealed backup. One is made of the append-only file within a second, while everybody works.', openBackup: n => `Backup ${n} is open.`, seal: 'Seal', sealTitle: 'Seal the backup', sealText: 'It holds everything up to this moment, and may be copied away.', sealed: 'sealed',
    abort: 'Give up', abortTitle: 'Give the open backup up', abortText: 'Its links are removed.', aborted: 'given up', clean: 'Clean up', cleanTitle: n => `Clean up ${n}`, cleanText: 'Removes this backup. Copy it away first.', cleaned: 'removed',
    memory: 'Memory', used: 'used', process: 'process', peak: 'peak', limit: 'limit', noLimit: 'none', data: 'data', clients: 'clients', scripts: 'scripts', ratio: 'fragmentation ratio', lazy: 'waiting to be freed',
    purge: 'Purge', purgeTitle: 'Give memory back', purgeText: 'Asks the allocator to give free pages back to the system.', purgeDone: 'done',
};

export const replicas = {
    title: 'Replicas', about: 'Who follows whom, and how far behind.', itsPort: 'PORT', role: 'role', primary: 'primary', replica: 'replica', replicas: 'Replicas', offset: 'offset', id: 'history', backlog: 'backlog', noBacklog: 'none yet', waitsFor: 'writes wait for',
    nobody: 'nobody', ackOffset: 'acknowledged up to', waiting: 'clients that wait', failoverState: 'fail-over', follows: 'follows', link: 'link', up: 'up', down: 'down', lastHeard: 'last heard', downSince: 'down since', copying: 'copy', readOnly: 'read-only',
    state: 'state', behind: 'behind', acknowledged: 'acknowledged', actions: 'Actions', none: 'Nobody follows this server. A replica has every message a moment later and takes over when this one is lost. In the configuration of the other server:', notOnline: 'It is not online.',
    followShort: 'Follow …', follow: 'Follow', followTitle: 'Follow another server', followText: 'This server becomes a replica.', followFinal: 'All data of this server are replaced by those of the other one.', host: 'Host', port: 'Port', followDone: a => `follows ${a}`,
    alone: 'Become primary', aloneTitle: 'Become a primary', aloneText: 'This server stops following and takes writes. The old primary goes on unless somebody ends it.', aloneDone: 'primary',
    failoverShort: 'Hand over …', failover: 'Hand over', failoverTitle: 'Hand over to this replica', failoverText: 'Writes are held until it has everything, then it is the primary and this server follows it.', failoverDone: 'begun',
};

export const users = {
    title: 'Users', about: 'Who may do what, and what was refused.', name: 'user', state: 'state', on: 'on', off: 'off', nopass: 'no password', kind: 'kind', mayDo: 'may', rules: 'rules', clients: 'clients', denials: 'refused', actions: 'Actions',
    full: 'everything', custom: 'custom', everyCommand: 'every command', noCommand: 'no command', runs: c => c, but: c => `but not ${c}`, everyKey: 'every key', keysLike: k => `keys ${k}`, noKey: 'no key', everyChannel: 'every channel', channelsLike: c => `channels ${c}`,
    denied: (n, what) => `${num(n)} times, last ${what}`,
    edit: 'Edit', editTitle: n => `Rules of ${n}`, editText: 'What is written here replaces the rules; passwords stay. Clients that lose their user are closed.', save: 'Save', saved: 'saved', noDifference: 'No difference.',
    new: 'New user', newTitle: 'New user', newText: 'Without a password nobody can log in as this user; set one then.', preset: 'Kind', presets: {viewer: 'viewer: sees everything, changes nothing', operator: 'operator: works on queues and messages', producer: 'producer: adds messages', worker: 'worker: takes messages', scraper: 'scraper: metrics only'},
    rulesHint: 'As ACL SETUSER takes them: ~orders* +@stream +ping', noSpaces: 'No blanks in a name.', create: 'Create', created: n => `${n} is there; set a password`,
    password: 'Password', passwordTitle: n => `Password of ${n}`, passwordText: 'The server makes one of 256 bits, in the place of all that there were. It is shown once.', passwordOnce: 'This is the only time that it is shown.', setPassword: 'Make one', passwordSet: 'set',
    turnOn: 'On', turnOff: 'Off', onTitle: n => `Let ${n} in`, offTitle: n => `Lock ${n} out`, onText: 'The user may log in again.', offText: 'Nobody can log in as this user.', offFinal: 'Connections that are open stay.', isOn: 'on', isOff: 'off',
    deleteShort: 'Delete …', delete: 'Delete', deleteTitle: n => `Delete user ${n}`, deleteText: 'Its connections are closed.', deleted: 'deleted',
    question: 'May', run: 'run', ask: 'Ask', yes: 'yes:', no: 'no:', may: 'it may',
    log: 'What was refused', when: 'when', reason: 'reason', object: 'what', context: 'where', from: 'from', times: 'times', noDenials: 'Nothing has been refused.', left: n => `${count(n, 'more user')}: an answer has no room for them. ACL LIST has all.`, reset: 'Reset', resetTitle: 'Empty the list of refusals', resetText: 'ACL LOG begins anew.', resetDone: 'begun anew',
    saveFile: 'Save to the file', saveAllTitle: 'Save users to the file', saveAllText: 'Writes all users to aclfile, so that they are there after a restart.', savedAll: 'saved',
};

export const config = {
    title: 'Config', about: 'Every setting: its value, its default, and what it is for.', filter: 'mem', name: 'setting', value: 'value', default: 'default', file: 'in the file', summary: 'what it is for', other: 'not the same', edited: '(to be set)', secret: 'secret', fixed: 'only at the start',
    onlyChanged: 'not the default', onlyDiffers: 'differs from the file', set: n => n > 1 ? `Set ${num(n)}` : 'Set', setTitle: n => `Set ${count(n, 'setting')}`, setText: 'All of them, or none when one is wrong.', nothingToSet: 'Change a value first.', forget: 'Forget the changes',
    rewriteShort: 'Rewrite file', rewrite: 'Rewrite', rewriteTitle: 'Rewrite the configuration file', rewriteText: 'Writes the values of now into the file; comments and order stay.', rewriteDone: 'written',
    inert: n => `${n} without effect here`,
};

export const lists = {
    title: 'Lists', about: 'Lists that somebody waits for, and the longest.', filter: 'queue:*', list: 'list', db: 'db', length: 'items', change: 'change/s', bytes: 'bytes', waiting: 'waiting', encoding: 'encoding',
    none: 'No list is known. A list is a queue without acknowledgement: what a worker takes is gone from here (docs/guides/queues-with-lists.md). To begin:', begin: ['RPUSH queue:default \'{"id":1}\'', 'BLPOP queue:default 0'], noneOf: p => `No list fits ${p}.`, guide: 'What must not be lost belongs into a stream: docs/guides/queues.md.', status: (n, of) => `${n} of ${of} known`,
};

export const list = {
    about: 'A queue without acknowledgement.', length: 'items', popped: 'What a worker pops is gone from here, whether it gets the work done or not. Streams keep a message until it is acknowledged: docs/guides/queues.md.',
    from: 'from', head: 'head', tail: 'tail', position: 'position', items: 'Items', value: 'value', actions: 'Actions', empty: 'The list is empty, or there is none any more.', before: 'Previous page', status: (n, of) => `${n} of ${of} items`,
    pushShort: 'Push …', push: 'Push', pushTitle: 'Push an item', pushText: 'Somebody who waits gets it at once.', side: 'Where', pushed: n => `${n} items now`,
    moveShort: 'Move …', moveMany: n => `Move ${n}`, moveTitle: 'Move items to another list', moveText: 'From the head of this list to the tail of the other one, one after the other.', to: 'To', count: 'How many', most: '1 to 1,000', timesOver: n => `(${n} times)`, moved: (n, to) => `${n} moved to ${to}`,
    trimShort: 'Trim …', trim: 'Trim', trimTitle: 'Trim the list', trimText: n => `Keeps a span of positions; ${n} are deleted.`, keepFrom: 'Keep from position', keepTo: 'to position', trimmed: n => `${n} items left`,
    remove: 'Remove', removeTitle: p => `Remove item ${p}`, removeText: 'The first item with this value is deleted:', removed: n => `${n} removed`, tooLong: 'Only its beginning is here; it is removed by its value.',
    deleteShort: 'Delete …', delete: 'Delete', deleteTitle: k => `Delete ${k}`, deleteText: 'The list with all items.', deleted: 'deleted',
};

export const channels = {
    title: 'Channels', about: 'Who listens to what.', filter: 'news*', channel: 'channel', pattern: 'Channel or pattern', stream: 'Stream', message: 'Message', shard: 'shard channel', kind: 'kind', kinds: {channel: 'channel', shard: 'shard channel'}, subscribers: 'subscribers',
    capturedBy: 'captured by', actions: 'Actions', counts: (c, p, s) => `channels ${c} · patterns ${p} · shard channels ${s}`, more: n => ` · ${num(n)} more are not listed`,
    publishShort: 'Publish …', publish: 'Publish', publishTitle: 'Publish a message', publishText: 'Who listens at this moment gets it; nobody later.', published: n => n,
    captureShort: 'Capture …', capture: 'Capture', captureTitle: 'Capture into a stream', captureText: 'What is published there is kept in a stream, and can be read later or by a group.', captured: (p, s) => `${p} goes to ${s}`,
    tail: 'Tail', tailForm: 'Channel or pattern', tailOf: c => `Tail of ${c}`, seen: (n, s) => `${n} seen, ${s} skipped`, hidden: 'stopped while the tab was hidden', ended: 'ended', tooLong: '(longer than 64 KiB)', cut: 'the connection was cut',
    none: 'Nobody listens to anything. A channel is there as long as somebody listens; messages are not kept:',
};
