/* FAILOVER: a replica takes over from this server, without loss of data. */
#include "commands/index.h"

#include "replica/handover.h"

static bool parse(struct call *call, struct handover_order *o, bool *aborts)
{
    const struct bytes *argv = call->argv;
    long long n;
    for (int i = 1; i < call->argc; i++) {
        bool one_more = i + 1 < call->argc, two_more = i + 2 < call->argc;
        if (bytes_is(argv[i], "timeout") && one_more && !o->timeout_ms) {
            if (!call_int(call, ++i, &n))
                return false;
            if (n <= 0) {
                reply_errorf(call->reply, "ERR FAILOVER timeout must be greater than 0");
                return false;
            }
            o->timeout_ms = n;
        } else if (bytes_is(argv[i], "to") && two_more && !o->host.p) {
            o->host = argv[i + 1];
            if (!call_int(call, i + 2, &n))
                return false;
            o->port = n > 0 && n <= 65535 ? (int)n : -1; /* matches no replica */
            i += 2;
        } else if (bytes_is(argv[i], "abort") && call->argc == 2) {
            *aborts = true;
        } else if (bytes_is(argv[i], "force") && !o->force) {
            o->force = true;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

static void do_failover(struct call *call)
{
    struct replication *r = call->engine->replication;
    struct handover_order o = {0};
    bool aborts = false;
    if (!parse(call, &o, &aborts))
        return;
    const char *error = aborts ? handover_cancel(r) : handover_begin(r, &o);
    if (error)
        reply_errorf(call->reply, "%s", error);
    else
        reply_ok(call->reply);
}

const struct command failover_command = {
    .name = "failover",
    .usage = "[TO (host:string port:int [FORCE])] [ABORT] [TIMEOUT milliseconds:int]",
    .summary = "Promotes a replica to primary and demotes this server.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_failover,
};
