#include "engine/client_line.h"

#include "acl/user.h"
#include "command/command.h"
#include "engine/engine.h"
#include "engine/tracking.h"
#include "engine/txn.h"

static void add_flags(const struct client *c, struct buf *b)
{
    size_t before = b->n;
    if (c->flags & CLIENT_PRIMARY)
        buf_add_char(b, 'M');
    if (c->tracking) {
        buf_add_char(b, 't');
        if (c->tracking->flags & TRACKING_BROKEN)
            buf_add_char(b, 'R');
        if (c->tracking->flags & TRACKING_BCAST)
            buf_add_char(b, 'B');
    }
    if (c->flags & CLIENT_REPLICA)
        buf_add_char(b, 'S');
    if (dlist_linked(&c->monitoring))
        buf_add_char(b, 'O');
    if (c->flags & CLIENT_SUBSCRIBED)
        buf_add_char(b, 'P');
    if (c->flags & CLIENT_MULTI)
        buf_add_char(b, 'x');
    if (c->flags & (CLIENT_BLOCKED | CLIENT_PAUSED))
        buf_add_char(b, 'b');
    if (c->flags & CLIENT_TXN_STALE)
        buf_add_char(b, 'd');
    if (c->flags & CLIENT_CLOSE_AFTER)
        buf_add_char(b, 'c');
    if (c->flags & CLIENT_UNIX)
        buf_add_char(b, 'U');
    if (c->flags & CLIENT_CLOSING)
        buf_add_char(b, 'A');
    if (c->flags & CLIENT_CONSOLE)
        buf_add_char(b, 'h');
    if (c->flags & CLIENT_NO_EVICT)
        buf_add_char(b, 'e');
    if (c->flags & CLIENT_NO_TOUCH)
        buf_add_char(b, 'T');
    if (b->n == before)
        buf_add_char(b, 'N');
}

static struct bytes text_of(const struct str *s)
{
    return s ? str_bytes(s) : bytes_of("", 0);
}

void client_line_print(const struct client *c, struct buf *b)
{
    struct bytes name = text_of(c->name), lib = text_of(c->lib_name),
                 version = text_of(c->lib_version);
    struct bytes user = c->flags & CLIENT_PRIMARY ? BYTES("(superuser)")
                        : c->user                 ? str_bytes(c->user->name)
                                                  : BYTES("");
    int64_t now = c->engine->steady_ms;
    size_t received = c->partial ? request_memory(c->partial) : 0;
    size_t gathered = c->partial ? request_gathered(c->partial) : 0;
    buf_printf(b, "id=%llu addr=%s laddr=%s fd=%d name=%.*s age=%lld idle=%lld flags=",
               (unsigned long long)c->id, c->address, c->local_address, c->fd, (int)name.n, name.p,
               (long long)(now - c->created_ms) / 1000, (long long)(now - c->active_ms) / 1000);
    add_flags(c, b);
    buf_printf(b, " db=%d sub=%zu psub=%zu ssub=%zu multi=%d watch=%zu qbuf=%zu qbuf-free=%zu",
               c->db->id, pubsub_count(c->subscriber, PUBSUB_CHANNEL),
               pubsub_count(c->subscriber, PUBSUB_PATTERN),
               pubsub_count(c->subscriber, PUBSUB_SHARD),
               c->flags & CLIENT_MULTI ? (int)c->txn->n : -1, txn_watch_count(c),
               c->in_n + c->request_n + gathered, c->in_cap + received - c->in_n - gathered);
    buf_printf(b,
               " argv-mem=%d multi-mem=%zu rbs=%zu rbp=%zu obl=%zu oll=%zu omem=%zu "
               "tot-mem=%zu events=%s",
               0, c->txn ? c->txn->memory : 0, c->out.memory, c->out.memory, chain_pending(&c->out),
               c->out.blocks > 1 ? c->out.blocks - 1 : 0,
               (c->out.blocks > 1 ? c->out.memory : 0) + (size_t)c->lacks, client_memory(c),
               chain_pending(&c->out) ? "rw" : "r");
    buf_printf(b, " cmd=%s user=%.*s redir=%lld resp=%d lib-name=%.*s lib-ver=%.*s",
               c->last_command ? command_full_name(c->last_command) : "NULL", (int)user.n, user.p,
               c->tracking ? (long long)c->tracking->redirect : -1, c->reply.resp, (int)lib.n,
               lib.p, (int)version.n, version.p);
    buf_printf(b, " tot-net-in=%llu tot-net-out=%llu tot-cmds=%llu",
               (unsigned long long)c->total_in, (unsigned long long)c->total_out,
               (unsigned long long)c->total_commands);
    if (c->pushing && c->pushing->subscriptions)
        buf_printf(b, " xsub=%zu", c->pushing->subscriptions);
    buf_add_char(b, '\n');
}
