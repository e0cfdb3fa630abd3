/* REPLICAOF and SLAVEOF. */
#include "commands/index.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/client_line.h"
#include "replica/role.h"

#include <stdio.h>

static void log_change(const struct call *call, const char *what)
{
    struct buf b = {0};
    client_line_print(call->client, &b);
    log_line(LOG_NOTICE, "%s (user request from '%.*s')", what, b.n ? (int)b.n - 1 : 0, b.p);
    buf_free(&b);
}

static void no_one(struct call *call)
{
    struct replication *r = call->engine->replication;
    if (replication_is_replica(r)) {
        role_promote(r);
        log_change(call, "MASTER MODE enabled");
    }
    reply_ok(call->reply);
}

static void do_replicaof(struct call *call)
{
    struct replication *r = call->engine->replication;
    struct bytes host = call->argv[1];
    long long port;
    if (r->handover.state != HANDOVER_NONE) {
        reply_errorf(call->reply, "ERR REPLICAOF not allowed while failing over.");
        return;
    }
    if (bytes_is(host, "no") && bytes_is(call->argv[2], "one")) {
        no_one(call);
        return;
    }
    if (!num_parse_int(call->argv[2], &port) || port < 1 || port > 65535 || host.n == 0 ||
        host.n > 255 || memchr(host.p, 0, host.n)) {
        reply_errorf(call->reply, "ERR Invalid master port");
        return;
    }
    if (role_follows(r, host, (int)port)) {
        log_line(LOG_NOTICE, "REPLICAOF would result into synchronization with the master we are "
                             "already connected with. No operation performed.");
        reply_simple(call->reply, "OK Already connected to specified master");
        return;
    }
    char *name = mem_copy_text(host.p, host.n), text[320];
    role_follow(r, name, (int)port, false);
    snprintf(text, sizeof(text), "REPLICAOF %s:%lld enabled", name, port);
    log_change(call, text);
    mem_free(name);
    reply_ok(call->reply);
}

#define REPLICAOF(word, version)                                                                   \
    {                                                                                              \
        .name = word, .usage = "<(host:string port:int) | (NO ONE)>",                              \
        .summary = "Makes the server a replica of another one, or a master (NO ONE).",             \
        .since = version, .complexity = "O(1)", .group = GROUP_SERVER, .arity = 3,                 \
        .flags = COMMAND_ADMIN | COMMAND_NO_ASYNC_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |     \
                 COMMAND_UNTRACKED,                                                                \
        .handler = do_replicaof,                                                                   \
    }

const struct command replicaof_command = REPLICAOF("replicaof", "5.0.0");
const struct command slaveof_command = REPLICAOF("slaveof", "1.0.0");
