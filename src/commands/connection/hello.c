/* HELLO: selects the protocol version, optionally with a login and a name. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/connection/auth.h"
#include "commands/connection/client_name.h"

/* The arguments of HELLO; all are checked before any takes effect. */
struct hello {
    long long version;
    const struct bytes *user; /* followed by the password */
    const struct bytes *name;
};

static bool parse_hello(struct call *call, struct hello *h)
{
    *h = (struct hello){.version = call->client->reply.resp};
    if (call->argc > 1 && !num_parse_int(call->argv[1], &h->version)) {
        reply_errorf(call->reply, "ERR Protocol version is not an integer or out of range");
        return false;
    }
    if (h->version < 2 || h->version > 3) {
        reply_errorf(call->reply, "NOPROTO unsupported protocol version");
        return false;
    }
    for (int i = 2; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        if (bytes_is(word, "auth") && i + 2 < call->argc) {
            h->user = &call->argv[i + 1];
            i += 2;
        } else if (bytes_is(word, "setname") && i + 1 < call->argc) {
            h->name = &call->argv[++i];
            if (!client_name_check(call, *h->name))
                return false;
        } else {
            reply_errorf(call->reply, "ERR Syntax error in HELLO option '%.*s'", (int)word.n,
                         word.p);
            return false;
        }
    }
    return true;
}

static void do_hello(struct call *call)
{
    struct client *c = call->client;
    struct hello h;
    if (!parse_hello(call, &h) || (h.user && !auth_try(call, h.user[0], h.user[1])))
        return;
    if (c->flags & CLIENT_ANONYMOUS) {
        reply_errorf(call->reply,
                     "NOAUTH HELLO must be called with the client already authenticated, "
                     "otherwise the HELLO <proto> AUTH <user> <pass> option can be used to "
                     "authenticate the client and select the RESP protocol version at the same "
                     "time");
        return;
    }
    if (h.name)
        client_name_set(c, *h.name);
    if (h.version == 2 && c->pushing)
        c->pushing->stop(c); /* RESP2 has no pushes */
    c->reply.resp = (int)h.version;
    reply_map(call->reply, 7);
    reply_bulk_text(call->reply, "server");
    reply_bulk_text(call->reply, "redis");
    reply_bulk_text(call->reply, "version");
    reply_bulk_text(call->reply, "7.2.4");
    reply_bulk_text(call->reply, "proto");
    reply_int(call->reply, h.version);
    reply_bulk_text(call->reply, "id");
    reply_int(call->reply, (long long)c->id);
    reply_bulk_text(call->reply, "mode");
    reply_bulk_text(call->reply, "standalone");
    reply_bulk_text(call->reply, "role");
    reply_bulk_text(call->reply, call->engine->role == ROLE_PRIMARY ? "master" : "replica");
    reply_bulk_text(call->reply, "modules");
    reply_array(call->reply, 0);
}

const struct command hello_command = {
    .name = "hello",
    .usage = "[protover:int [AUTH username:string password:string] [SETNAME clientname:string]]",
    .summary =
        "Selects the protocol version, and optionally authenticates and names the connection.",
    .since = "6.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = -1,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NO_AUTH |
             COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .secrets = {{"auth", 2}},
    .of_connection = true,
    .handler = do_hello,
};
