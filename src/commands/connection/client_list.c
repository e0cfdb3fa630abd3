#include "commands/connection/client_list.h"

#include "acl/users.h"
#include "base/num.h"
#include "engine/client_line.h"
#include "engine/session.h"

/* The request being run still occupies its client's query buffer, so it counts in qbuf there. */
static void print_line(const struct call *call, struct client *c, struct buf *b)
{
    c->request_n = c == call->client ? call->raw.n : 0;
    client_line_print(c, b);
    c->request_n = 0;
}

void client_list_do_info(struct call *call)
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

/* Leaves out the client that replays the journal and those being closed. */
static void list_all(struct call *call, int only_class, struct buf *b)
{
    struct engine *e = call->engine;
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if ((c->flags & CLIENT_CLOSING) ||
            (c->flags & (CLIENT_REPLAY | CLIENT_PRIMARY)) == CLIENT_REPLAY)
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
           : bytes_is(word, "master")                             ? CLASS_PRIMARY
                                                                  : -1;
    if (*out >= 0)
        return true;
    reply_errorf(call->reply, "ERR Unknown client type '%.*s'", (int)word.n, word.p);
    return false;
}

void client_list_do_list(struct call *call)
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
    bool by_id, by_address, by_local, skip_me;
    int class_;
    long long min_age_s;
};

/* Clients without a connection (of scripts, of the journal) never match. */
static bool matches(const struct call *call, const struct kill_filter *f, const struct client *c)
{
    if ((!client_has_peer(c) && !(c->flags & CLIENT_PRIMARY)) || (c->flags & CLIENT_CLOSING))
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

/* The word at argument i and its value. */
static bool parse_kill_word(struct call *call, int i, struct kill_filter *f)
{
    struct bytes word = call->argv[i], value = call->argv[i + 1];
    if (bytes_is(word, "id")) {
        long long id;
        if (!num_parse_int(value, &id) || id < 1) {
            reply_errorf(call->reply, "ERR client-id should be greater than 0");
            return false;
        }
        f->by_id = true;
        f->id = (uint64_t)id;
    } else if (bytes_is(word, "type")) {
        return parse_class(call, value, &f->class_);
    } else if (bytes_is(word, "addr")) {
        f->by_address = true;
        f->address_text = value;
    } else if (bytes_is(word, "laddr")) {
        f->by_local = true;
        f->local_text = value;
    } else if (bytes_is(word, "user")) {
        f->user = users_find(call->engine->users, value);
        if (!f->user) {
            reply_errorf(call->reply, "ERR No such user '%.*s'", (int)value.n, value.p);
            return false;
        }
    } else if (bytes_is(word, "maxage")) {
        return call_int(call, i + 1, &f->min_age_s);
    } else if (bytes_is(word, "skipme") && bytes_is(value, "yes")) {
        f->skip_me = true;
    } else if (bytes_is(word, "skipme") && bytes_is(value, "no")) {
        f->skip_me = false;
    } else {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    return true;
}

static bool parse_kill(struct call *call, struct kill_filter *f)
{
    *f = (struct kill_filter){.class_ = -1, .skip_me = true, .min_age_s = -1};
    for (int i = 2; i < call->argc; i += 2) {
        if (i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return false;
        }
        if (!parse_kill_word(call, i, f))
            return false;
    }
    return true;
}

void client_list_do_kill(struct call *call)
{
    struct kill_filter f;
    struct engine *e = call->engine;
    long long killed = 0;
    bool old_form = call->argc == 3;
    if (old_form)
        f = (struct kill_filter){
            .by_address = true, .address_text = call->argv[2], .class_ = -1, .min_age_s = -1};
    else if (!parse_kill(call, &f))
        return;
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if (!matches(call, &f, c))
            continue;
        client_close_by(c, call->client);
        if (c != call->client)
            session_leave_channels(c); /* later commands of this EXEC do not count it */
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
