/* REPLICAOF and SLAVEOF: this server is a master and has no replicas. */
#include "commands/index.h"

#include "base/num.h"

static void do_replicaof(struct call *call)
{
    long long port;
    if (bytes_is(call->argv[1], "no") && bytes_is(call->argv[2], "one"))
        reply_ok(call->reply);
    else if (!num_parse_int(call->argv[2], &port) || port < 0 || port > 65535)
        reply_errorf(call->reply, "ERR Invalid master port");
    else
        reply_errorf(call->reply, "ERR replication is not built yet: this server can't become a "
                                  "replica");
}

#define REPLICAOF(word, version)                                                                   \
    {                                                                                              \
        .name = word, .usage = "<(host:string port:int) | (NO ONE)>",                              \
        .summary = "Makes the server a replica, or with NO ONE a master, which it is.",            \
        .since = version, .complexity = "O(1)", .group = GROUP_SERVER, .arity = 3,                 \
        .flags = COMMAND_ADMIN | COMMAND_NO_ASYNC_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |     \
                 COMMAND_UNTRACKED,                                                                \
        .handler = do_replicaof,                                                                   \
    }

const struct command replicaof_command = REPLICAOF("replicaof", "5.0.0");
const struct command slaveof_command = REPLICAOF("slaveof", "1.0.0");
