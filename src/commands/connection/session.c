/* The connection itself: greeting, rights, database, small talk. */
#include "commands/index.h"

#include "acl/users.h"
#include "base/num.h"
#include "engine/rights.h"
#include "engine/session.h"

static void do_ping(struct call *call)
{
    struct client *c = call->client;
    if (call->argc > 2) {
        reply_errorf(call->reply, "ERR wrong number of arguments for 'ping' command");
        return;
    }
    if ((c->flags & CLIENT_SUBSCRIBED) && c->reply.resp == 2) {
        reply_array(call->reply, 2);
        reply_bulk_text(call->reply, "pong");
        reply_bulk(call->reply, call->argc == 2 ? call->argv[1] : bytes_of("", 0));
    } else if (call->argc == 2) {
        reply_bulk(call->reply, call->argv[1]);
    } else {
        reply_raw(call->reply, BYTES("+PONG\r\n"));
    }
}

const struct command ping_command = {
    .name = "ping",
    .usage = "[message:string]",
    .summary = "Answers PONG, or the message.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_CONNECTION,
    .arity = -1,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_FAST | COMMAND_UNTRACKED,
    .handler = do_ping,
};

static void do_echo(struct call *call)
{
    reply_bulk(call->reply, call->argv[1]);
}

const struct command echo_command = {
    .name = "echo",
    .usage = "message:string",
    .summary = "Answers its argument.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_echo,
};

static void do_select(struct call *call)
{
    long long id;
    if (!num_parse_int(call->argv[1], &id)) {
        call_error(call, ERR_NOT_INT);
        return;
    }
    if (id < 0 || id >= call->store->count) {
        call_error(call, ERR_DB_INDEX);
        return;
    }
    call->client->db = &call->store->dbs[id];
    reply_ok(call->reply);
}

const struct command select_command = {
    .name = "select",
    .usage = "index:int",
    .summary = "Chooses the database.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_select,
};

static void do_quit(struct call *call)
{
    reply_ok(call->reply);
    client_close_after_reply(call->client);
}

const struct command quit_command = {
    .name = "quit",
    .usage = "",
    .summary = "Closes the connection.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = -1,
    .flags = COMMAND_LEAVES_MULTI | COMMAND_OK_SUBSCRIBED | COMMAND_ALLOW_BUSY | COMMAND_FAST |
             COMMAND_LOADING | COMMAND_NO_AUTH | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .handler = do_quit,
};

static void do_reset(struct call *call)
{
    bool was_off = call->client->flags & CLIENT_REPLY_OFF;
    session_reset(call->client);
    if (was_off)
        call->reply->out = &call->client->out;
    reply_simple(call->reply, "RESET");
}

const struct command reset_command = {
    .name = "reset",
    .usage = "",
    .summary = "Makes the connection as it was when it began.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 1,
    .flags = COMMAND_LEAVES_MULTI | COMMAND_OK_SUBSCRIBED | COMMAND_ALLOW_BUSY | COMMAND_FAST |
             COMMAND_LOADING | COMMAND_NO_AUTH | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .handler = do_reset,
};

static bool authenticate(struct call *call, struct bytes user, struct bytes password)
{
    if (rights_authenticate(call->client, call->argv[0], user, password))
        return true;
    call_error(call, ERR_WRONGPASS);
    return false;
}

static void do_auth(struct call *call)
{
    if (call->argc > 3) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (call->argc == 2 && call->engine->users->default_user->no_password) {
        call_error(call, ERR_NO_AUTH_NEEDED);
        return;
    }
    if (authenticate(call, call->argc == 3 ? call->argv[1] : BYTES("default"),
                     call->argv[call->argc - 1]))
        reply_ok(call->reply);
}

const struct command auth_command = {
    .name = "auth",
    .usage = "[username:string] password:string",
    .summary = "Shows who the client is.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = -2,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NO_AUTH |
             COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .secret_from = 1,
    .handler = do_auth,
};

static bool good_name(struct bytes name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < '!' || name.p[i] > '~')
            return false;
    return true;
}

static void set_name(struct client *c, struct bytes name)
{
    client_set_text(c, &c->name, name.n ? str_new(name) : NULL);
}

/* What HELLO asks for; all of it is judged before any of it is done. */
struct hello {
    long long version;
    const struct bytes *user; /* and the password behind it */
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
            if (!good_name(*h->name)) {
                reply_errorf(call->reply, "ERR Client names cannot contain spaces, newlines or "
                                          "special characters.");
                return false;
            }
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
    if (!parse_hello(call, &h) || (h.user && !authenticate(call, h.user[0], h.user[1])))
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
        set_name(c, *h.name);
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
    reply_bulk_text(call->reply, "master");
    reply_bulk_text(call->reply, "modules");
    reply_array(call->reply, 0);
}

const struct command hello_command = {
    .name = "hello",
    .usage = "[protover:int [AUTH username:string password:string] [SETNAME clientname:string]]",
    .summary = "Greets the server and chooses the protocol.",
    .since = "6.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = -1,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NO_AUTH |
             COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .secret_word = "auth",
    .secret_count = 2,
    .handler = do_hello,
};
