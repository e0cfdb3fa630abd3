/* CLIENT: looking at connections and steering them. */
#include "commands/index.h"

#include "acl/users.h"
#include "base/num.h"
#include "commands/connection/client_tracking.h"
#include "engine/block.h"
#include "engine/client_line.h"
#include "engine/pause.h"
#include "engine/session.h"

static void do_client_id(struct call *call)
{
    reply_int(call->reply, (long long)call->client->id);
}

static void do_client_getname(struct call *call)
{
    if (call->client->name)
        reply_bulk_str(call->reply, call->client->name);
    else
        reply_null(call->reply);
}

static bool printable(struct bytes name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < '!' || name.p[i] > '~')
            return false;
    return true;
}

static void do_client_setname(struct call *call)
{
    struct bytes name = call->argv[2];
    if (!printable(name)) {
        reply_errorf(call->reply, "ERR Client names cannot contain spaces, newlines or special "
                                  "characters.");
        return;
    }
    client_set_text(call->client, &call->client->name, name.n ? str_new(name) : NULL);
    reply_ok(call->reply);
}

static void do_client_setinfo(struct call *call)
{
    struct bytes what = call->argv[2], value = call->argv[3];
    struct client *c = call->client;
    struct str **to = bytes_is(what, "lib-name")  ? &c->lib_name
                      : bytes_is(what, "lib-ver") ? &c->lib_version
                                                  : NULL;
    if (!to) {
        reply_errorf(call->reply, "ERR Unrecognized option '%.*s'", (int)what.n, what.p);
        return;
    }
    if (!printable(value)) {
        reply_errorf(call->reply, "ERR %s cannot contain spaces, newlines or special characters.",
                     to == &c->lib_name ? "lib-name" : "lib-ver");
        return;
    }
    client_set_text(c, to, value.n ? str_new(value) : NULL);
    reply_ok(call->reply);
}

/* The client that asks: its request is still in its buffer. */
static void print_line(const struct call *call, struct client *c, struct buf *b)
{
    c->request_n = c == call->client ? call->raw.n : 0;
    client_line_print(c, b);
    c->request_n = 0;
}

static void do_client_info(struct call *call)
{
    struct buf b = {0};
    print_line(call, call->client, &b);
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

static bool parse_id(struct call *call, int i, uint64_t *id)
{
    long long v;
    if (!num_parse_int(call->argv[i], &v) || v < 1) {
        reply_errorf(call->reply, "ERR Invalid client ID");
        return false;
    }
    *id = (uint64_t)v;
    return true;
}

static void list_all(struct call *call, int only_class, struct buf *b)
{
    struct engine *e = call->engine;
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if (c->flags & (CLIENT_REPLAY | CLIENT_CLOSING))
            continue;
        if (only_class >= 0 && client_class(c) != (enum client_class)only_class)
            continue;
        print_line(call, c, b);
    }
}

static bool parse_class(struct call *call, struct bytes word, int *out)
{
    *out = bytes_is(word, "normal")                               ? CLASS_NORMAL
           : bytes_is(word, "slave") || bytes_is(word, "replica") ? CLASS_REPLICA
           : bytes_is(word, "pubsub")                             ? CLASS_PUBSUB
           : bytes_is(word, "master")                             ? CLASS_COUNT
                                                                  : -1;
    if (*out >= 0)
        return true;
    reply_errorf(call->reply, "ERR Unknown client type '%.*s'", (int)word.n, word.p);
    return false;
}

static void do_client_list(struct call *call)
{
    struct buf b = {0};
    int class_ = -1;
    if (call->argc == 4 && bytes_is(call->argv[2], "type")) {
        if (!parse_class(call, call->argv[3], &class_))
            return;
        list_all(call, class_, &b);
    } else if (call->argc > 3 && bytes_is(call->argv[2], "id")) {
        for (int i = 3; i < call->argc; i++) {
            uint64_t id;
            if (!parse_id(call, i, &id)) {
                buf_free(&b);
                return;
            }
            struct client *c = client_by_id(call->engine, id);
            if (c)
                print_line(call, c, &b);
        }
    } else if (call->argc == 2) {
        list_all(call, -1, &b);
    } else {
        call_error(call, ERR_SYNTAX);
        return;
    }
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

struct kill_filter {
    struct bytes address_text, local_text;
    uint64_t id;
    const struct user *user;
    bool by_id, by_address, by_local, skip_me, never;
    int class_;
    long long min_age_s;
};

static bool matches(const struct call *call, const struct kill_filter *f, const struct client *c)
{
    if (!c->link || (c->flags & CLIENT_CLOSING) || f->never)
        return false;
    if (f->by_id && c->id != f->id)
        return false;
    if (f->by_address && !bytes_equal(f->address_text, bytes_text(c->address)))
        return false;
    if (f->by_local && !bytes_equal(f->local_text, bytes_text(c->local_address)))
        return false;
    if (f->class_ >= 0 && client_class(c) != (enum client_class)f->class_)
        return false;
    if (f->min_age_s >= 0 && (call->engine->steady_ms - c->created_ms) / 1000 < f->min_age_s)
        return false;
    if (f->user && c->user != f->user)
        return false;
    return !(f->skip_me && c == call->client);
}

static void do_client_kill(struct call *call)
{
    struct kill_filter f = {.class_ = -1, .skip_me = true, .min_age_s = -1};
    struct engine *e = call->engine;
    long long killed = 0;
    bool old_form = call->argc == 3;
    if (old_form) {
        f.by_address = true;
        f.address_text = call->argv[2];
        f.skip_me = false;
    } else {
        for (int i = 2; i < call->argc; i += 2) {
            struct bytes word = call->argv[i];
            if (i + 1 >= call->argc) {
                call_error(call, ERR_SYNTAX);
                return;
            }
            struct bytes value = call->argv[i + 1];
            if (bytes_is(word, "id")) {
                long long id;
                if (!num_parse_int(value, &id) || id < 1) {
                    reply_errorf(call->reply, "ERR client-id should be greater than 0");
                    return;
                }
                f.by_id = true;
                f.id = (uint64_t)id;
            } else if (bytes_is(word, "type")) {
                if (!parse_class(call, value, &f.class_))
                    return;
            } else if (bytes_is(word, "addr")) {
                f.by_address = true;
                f.address_text = value;
            } else if (bytes_is(word, "laddr")) {
                f.by_local = true;
                f.local_text = value;
            } else if (bytes_is(word, "user")) {
                f.user = users_find(e->users, value);
                if (!f.user) {
                    reply_errorf(call->reply, "ERR No such user '%.*s'", (int)value.n, value.p);
                    return;
                }
            } else if (bytes_is(word, "maxage")) {
                if (!call_int(call, i + 1, &f.min_age_s))
                    return;
            } else if (bytes_is(word, "skipme") && bytes_is(value, "yes")) {
                f.skip_me = true;
            } else if (bytes_is(word, "skipme") && bytes_is(value, "no")) {
                f.skip_me = false;
            } else {
                call_error(call, ERR_SYNTAX);
                return;
            }
        }
    }
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if (!matches(call, &f, c))
            continue;
        client_close_by(c, call->client);
        if (c != call->client)
            session_leave_channels(c); /* what follows within EXEC does not count it */
        killed++;
        if (old_form)
            break;
    }
    if (!old_form)
        reply_int(call->reply, killed);
    else if (killed)
        reply_ok(call->reply);
    else
        reply_errorf(call->reply, "ERR No such client");
}

static void do_client_unblock(struct call *call)
{
    long long id;
    bool with_error = false;
    if (call->argc > 4) {
        helpers_bad_subcommand(call);
        return;
    }
    if (call->argc == 4) {
        if (bytes_is(call->argv[3], "error")) {
            with_error = true;
        } else if (!bytes_is(call->argv[3], "timeout")) {
            reply_errorf(call->reply, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
            return;
        }
    }
    if (!call_int(call, 2, &id))
        return;
    struct client *c = client_by_id(call->engine, (uint64_t)id);
    reply_int(call->reply, c && block_end(c, with_error));
}

static void do_client_pause(struct call *call)
{
    long long span;
    bool writes_only = false;
    if (call->argc == 4) {
        if (bytes_is(call->argv[3], "write")) {
            writes_only = true;
        } else if (!bytes_is(call->argv[3], "all")) {
            reply_errorf(call->reply, "ERR CLIENT PAUSE mode must be WRITE or ALL");
            return;
        }
    }
    if (!num_parse_int(call->argv[2], &span)) {
        call_error(call, ERR_TIMEOUT_INT);
        return;
    }
    if (span < 0) {
        call_error(call, ERR_TIMEOUT_NEGATIVE);
        return;
    }
    if (!num_add(span, call->engine->steady_ms, &span)) {
        reply_errorf(call->reply, "ERR timeout is out of range");
        return;
    }
    pause_begin(call->engine, span, writes_only);
    reply_ok(call->reply);
}

static void do_client_unpause(struct call *call)
{
    pause_end(call->engine);
    reply_ok(call->reply);
}

static void do_client_reply(struct call *call)
{
    struct client *c = call->client;
    struct bytes word = call->argv[2];
    if (bytes_is(word, "on")) {
        c->flags &= ~(unsigned)(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP);
        c->reply.out = &c->out;
        reply_ok(call->reply);
    } else if ((c->flags & CLIENT_IN_EXEC) && (bytes_is(word, "off") || bytes_is(word, "skip"))) {
        /* EXEC has said how many replies come. */
        reply_errorf(call->reply, "ERR CLIENT REPLY OFF and SKIP are not possible inside a "
                                  "transaction");
    } else if (bytes_is(word, "off")) {
        c->flags |= CLIENT_REPLY_OFF;
    } else if (bytes_is(word, "skip")) {
        if (!(c->flags & CLIENT_REPLY_OFF))
            c->flags |= CLIENT_REPLY_SKIP;
    } else {
        call_error(call, ERR_SYNTAX);
    }
}

static bool on_or_off(struct call *call, bool *on)
{
    *on = bytes_is(call->argv[2], "on");
    if (*on || bytes_is(call->argv[2], "off"))
        return true;
    call_error(call, ERR_SYNTAX);
    return false;
}

static void set_flag(struct call *call, unsigned flag)
{
    bool on;
    if (!on_or_off(call, &on))
        return;
    if (on)
        call->client->flags |= flag;
    else
        call->client->flags &= ~flag;
    reply_ok(call->reply);
}

static void do_client_no_evict(struct call *call)
{
    set_flag(call, CLIENT_NO_EVICT);
}

static void do_client_no_touch(struct call *call)
{
    set_flag(call, CLIENT_NO_TOUCH);
}

static void do_client_durable(struct call *call)
{
    if (!call->engine->gate.promise.open && bytes_is(call->argv[2], "on")) {
        call_error(call, ERR_NOT_DURABLE);
        return;
    }
    set_flag(call, CLIENT_DURABLE);
}

static void do_client_help(struct call *call)
{
    helpers_help(call, &client_command);
}

static const struct command client_id_command = {
    .name = "id",
    .full_name = "client|id",
    .usage = "",
    .summary = "Answers the connection's number.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = do_client_id,
};
static const struct command client_getname_command = {
    .name = "getname",
    .full_name = "client|getname",
    .usage = "",
    .summary = "Answers the connection's name.",
    .since = "2.6.9",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = do_client_getname,
};
static const struct command client_setname_command = {
    .name = "setname",
    .full_name = "client|setname",
    .usage = "connection-name:string",
    .summary = "Names the connection.",
    .since = "2.6.9",
    .complexity = "O(1)",
    .tips = "request_policy:all_nodes response_policy:all_succeeded",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = do_client_setname,
};
static const struct command client_setinfo_command = {
    .name = "setinfo",
    .full_name = "client|setinfo",
    .usage = "attr:string value:string",
    .summary = "Tells the name or version of the client library.",
    .since = "7.2.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_nodes response_policy:all_succeeded",
    .group = GROUP_CONNECTION,
    .arity = 4,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = do_client_setinfo,
};
static const struct command client_info_command = {
    .name = "info",
    .full_name = "client|info",
    .usage = "",
    .summary = "Describes this connection.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = do_client_info,
};
static const struct command client_list_command = {
    .name = "list",
    .full_name = "client|list",
    .usage = "[TYPE <normal | master | replica | pubsub>] [ID client-id:int...]",
    .summary = "Describes connections.",
    .since = "2.4.0",
    .complexity = "O(N) with N the connections",
    .tips = "nondeterministic_output",
    .group = GROUP_CONNECTION,
    .arity = -2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_list,
};
static const struct command client_kill_command = {
    .name = "kill",
    .full_name = "client|kill",
    .usage = "(filter:string value:string)...",
    .summary = "Closes connections.",
    .since = "2.4.0",
    .complexity = "O(N) with N the connections",
    .group = GROUP_CONNECTION,
    .arity = -3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_kill,
};
static const struct command client_unblock_command = {
    .name = "unblock",
    .full_name = "client|unblock",
    .usage = "client-id:int [<TIMEOUT | ERROR>]",
    .summary = "Ends the wait of a blocked client.",
    .since = "5.0.0",
    .complexity = "O(log N) with N the connections",
    .group = GROUP_CONNECTION,
    .arity = -3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_unblock,
};
static const struct command client_pause_command = {
    .name = "pause",
    .full_name = "client|pause",
    .usage = "timeout:int [<WRITE | ALL>]",
    .summary = "Holds back the commands of all clients for a time.",
    .since = "2.9.50",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = -3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_pause,
};
static const struct command client_unpause_command = {
    .name = "unpause",
    .full_name = "client|unpause",
    .usage = "",
    .summary = "Ends a pause.",
    .since = "6.2.0",
    .complexity = "O(N) with N the paused clients",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_unpause,
};
static const struct command client_reply_command = {
    .name = "reply",
    .full_name = "client|reply",
    .usage = "<ON | OFF | SKIP>",
    .summary = "Chooses whether replies are sent.",
    .since = "3.2.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = do_client_reply,
};
static const struct command client_no_evict_command = {
    .name = "no-evict",
    .full_name = "client|no-evict",
    .usage = "<ON | OFF>",
    .summary = "Keeps this client when clients are evicted for memory.",
    .since = "7.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_no_evict,
};
static const struct command client_no_touch_command = {
    .name = "no-touch",
    .full_name = "client|no-touch",
    .usage = "<ON | OFF>",
    .summary = "Keeps this client's reads from counting as use of keys.",
    .since = "7.2.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = do_client_no_touch,
};
static const struct command client_durable_command = {
    .name = "durable",
    .full_name = "client|durable",
    .usage = "<ON | OFF>",
    .summary = "Replies to this client's writes wait until they are on the disk.",
    .since = "0.1.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_durable,
};
static const struct command client_getredir_command = {
    .name = "getredir",
    .full_name = "client|getredir",
    .usage = "",
    .summary = "Answers where invalidations are redirected to.",
    .since = "6.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = client_tracking_do_getredir,
};
static const struct command client_tracking_command = {
    .name = "tracking",
    .full_name = "client|tracking",
    .usage =
        "<ON | OFF> [REDIRECT client-id:int] [PREFIX prefix:string]... [BCAST] [OPTIN] [OPTOUT] "
        "[NOLOOP]",
    .summary = "Tells this client, or another, of changes of the keys that it has read.",
    .since = "6.0.0",
    .complexity = "O(1), and some for each key that is read",
    .group = GROUP_CONNECTION,
    .arity = -3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = client_tracking_do_tracking,
};
static const struct command client_caching_command = {
    .name = "caching",
    .full_name = "client|caching",
    .usage = "<YES | NO>",
    .summary = "Whether the keys of the next command are remembered.",
    .since = "6.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = client_tracking_do_caching,
};
static const struct command client_trackinginfo_command = {
    .name = "trackinginfo",
    .full_name = "client|trackinginfo",
    .usage = "",
    .summary = "Describes what CLIENT TRACKING has set.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = client_tracking_do_trackinginfo,
};
static const struct command client_help_command = {
    .name = "help",
    .full_name = "client|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_help,
};

static const struct command *const client_subcommands[] = {
    &client_caching_command,      &client_tracking_command,
    &client_trackinginfo_command, &client_getname_command,
    &client_getredir_command,     &client_help_command,
    &client_id_command,           &client_info_command,
    &client_kill_command,         &client_list_command,
    &client_no_evict_command,     &client_no_touch_command,
    &client_durable_command,      &client_pause_command,
    &client_reply_command,        &client_setinfo_command,
    &client_setname_command,      &client_unblock_command,
    &client_unpause_command,      NULL};

const struct command client_command = {
    .name = "client",
    .usage = "",
    .summary = "Looks at connections and steers them.",
    .since = "2.4.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_CONNECTION,
    .arity = -2,
    .subcommands = client_subcommands,
};
