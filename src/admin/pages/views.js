// Which views there are, in the order of the navigation. id: name of the module and of its texts (T.nav); path: its
// address; letter: the key behind g; needs: a command that its user has to be allowed to run, or shown(overview): why
// it is shown all the same; else it is not. made: a command that the server has to have, whoever may run it.
// Views without `letter` are reached from others; `under` is whose entry is marked then.
export const VIEWS = [
    {id: 'overview', path: '/', letter: 'o'},
    {id: 'queues', path: '/queues', letter: 'q', needs: 'survey|streams'},
    {id: 'stream', path: '/stream/{db}/{key}', under: 'queues'},
    {id: 'group', path: '/group/{db}/{key}/{group}', under: 'queues'},
    {id: 'dead', path: '/dead', letter: 'd', needs: 'survey|dead', made: 'xredrive'},
    {id: 'dead', path: '/dead/{db}/{key}', under: 'dead'},
    {id: 'schedules', path: '/schedules', letter: 's', needs: 'survey|schedules', made: 'xcron'},
    {id: 'lists', path: '/lists', letter: 'l', needs: 'survey|lists'},
    {id: 'list', path: '/list/{db}/{key}', under: 'lists'},
    {id: 'channels', path: '/channels', letter: 'h', needs: 'pubsub|channels'},
    {id: 'clients', path: '/clients', letter: 'c', needs: 'client|list'},
    {id: 'keys', path: '/keys', letter: 'k', needs: 'scan'},
    {id: 'key', path: '/key/{db}/{key}', under: 'keys'},
    {id: 'slow', path: '/slow', letter: 'w', needs: 'slowlog|get'},
    {id: 'storage', path: '/storage', letter: 't', needs: 'info'},
    {id: 'replicas', path: '/replicas', letter: 'r', needs: 'replicaof', shown: o => o?.role === 'replica' || o?.replicas > 0},
    {id: 'users', path: '/users', letter: 'u', needs: 'acl|getuser'},
    {id: 'config', path: '/config', letter: 'f', needs: 'config|get'},
];
