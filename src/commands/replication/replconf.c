/* REPLCONF: what a replica announces about itself before it asks for the stream, and its ACKs.
 *
 * The arguments are pairs of an option and a value; all are applied, up to the first invalid one.
 * Two get no reply: ACK, which is sent each second, and GETACK, which is meant for replicas.
 * `millrace` stands alone: it announces another Millrace, with its run ID. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/words.h"
#include "replica/confirm.h"
#include "replica/peer.h"

#include <stdio.h>

#define IP_MOST 255

static bool set_ip(struct call *call, struct peer *p, struct bytes value)
{
    if (value.n > IP_MOST) {
        reply_errorf(call->reply,
                     "ERR REPLCONF ip-address provided by replica instance is too long: %zu bytes",
                     value.n);
        return false;
    }
    str_unref(p->ip);
    p->ip = value.n ? str_new(value) : NULL;
    return true;
}

/* rdb-filter-only: the only parts wanted in the snapshot; no words: neither keys nor libraries. */
static bool set_filter(struct call *call, struct peer *p, struct bytes value)
{
    struct bytes words[16];
    char *text = NULL;
    int n = words_split(value, words, 16, &text);
    if (n < 0) {
        reply_errorf(call->reply, "ERR Missing rdb-filter-only values");
        mem_free(text);
        return false;
    }
    p->no_keys = p->no_libraries = true;
    bool good = true;
    for (int i = 0; i < n && good; i++) {
        good = bytes_is(words[i], "functions");
        if (good)
            p->no_libraries = false;
        else
            reply_errorf(call->reply, "ERR Unsupported rdb-filter-only option: %.*s",
                         (int)words[i].n, words[i].p);
    }
    mem_free(text);
    return good;
}

/* Takes an ACK. Invalid numbers are ignored, since there is no reply. */
static void take_ack(struct call *call, struct peer *p, int at)
{
    long long offset, synced;
    if (!p || !num_parse_int(call->argv[at], &offset) || offset < 0)
        return;
    bool both = at + 2 < call->argc && bytes_is(call->argv[at + 1], "fack") &&
                num_parse_int(call->argv[at + 2], &synced) && synced >= 0;
    uint64_t on_disk = both ? (uint64_t)synced : 0;
    peer_ack(p, (uint64_t)offset, both ? &on_disk : NULL);
}

/* 1 <run ID> <promise or -> <whole: 0, 1>: the last two are optional, for min-replicas-to-ack. */
static bool take_kind(struct call *call, struct peer *p)
{
    struct bytes run = call->argv[3];
    struct bytes promise = call->argc > 4 ? call->argv[4] : BYTES("-");
    if (run.n != HISTORY_ID_LENGTH) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if (bytes_equal(run, bytes_text(call->engine->replication->run_id))) {
        reply_errorf(call->reply, "ERR This server can't replicate itself");
        return false;
    }
    str_unref(p->run);
    p->run = str_new(run);
    snprintf(p->promise, sizeof(p->promise), "%.*s", (int)promise.n, promise.p);
    if (!history_is_id(p->promise))
        p->promise[0] = 0;
    p->whole = call->argc > 5 && bytes_is(call->argv[5], "1");
    return true;
}

static void answer_kind(struct call *call, struct peer *p)
{
    char text[HISTORY_ID_LENGTH + NUM_INT_MAX + 8];
    uint64_t offset;
    if (!confirm_tell(call->engine->replication, p, &offset)) {
        reply_ok(call->reply);
        return;
    }
    snprintf(text, sizeof(text), "OK %s %llu", p->told, (unsigned long long)offset);
    reply_simple(call->reply, text);
}

static bool take_pair(struct call *call, struct peer *p, int at)
{
    struct bytes option = call->argv[at], value = call->argv[at + 1];
    long long v;
    if (bytes_is(option, "listening-port")) {
        if (!call_int(call, at + 1, &v))
            return false;
        p->port = (int)v;
    } else if (bytes_is(option, "ip-address")) {
        return set_ip(call, p, value);
    } else if (bytes_is(option, "capa")) {
        p->eof |= bytes_is(value, "eof");
        p->psync2 |= bytes_is(value, "psync2");
    } else if (bytes_is(option, "rdb-only")) {
        if (!call_int_range(call, at + 1, 0, 1, ERR_NOT_0_OR_1, &v))
            return false;
        p->rdb_only = v;
    } else if (bytes_is(option, "fetch")) {
        if (!call_int_range(call, at + 1, 0, 1, ERR_NOT_0_OR_1, &v))
            return false;
        p->fetches = v;
    } else if (bytes_is(option, "rdb-filter-only")) {
        return set_filter(call, p, value);
    } else if (!bytes_is(option, "version")) {
        reply_errorf(call->reply, "ERR Unrecognized REPLCONF option: %.*s", (int)option.n,
                     option.p);
        return false;
    }
    return true;
}

static void do_replconf(struct call *call)
{
    struct client *c = call->client;
    struct bytes first = call->argc > 1 ? call->argv[1] : bytes_of("", 0);
    if (call->argc >= 4 && bytes_is(first, "millrace")) {
        struct peer *p = peer_of(call->engine->replication, c);
        if (take_kind(call, p))
            answer_kind(call, p);
        return;
    }
    if (call->argc % 2 == 0) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    for (int i = 1; i < call->argc; i += 2) {
        if (bytes_is(call->argv[i], "ack")) {
            take_ack(call, c->flags & CLIENT_REPLICA ? c->peer : NULL, i + 1);
            return;
        }
        if (bytes_is(call->argv[i], "getack"))
            return;
        if (!take_pair(call, peer_of(call->engine->replication, c), i))
            return;
    }
    reply_ok(call->reply);
}

const struct command replconf_command = {
    .name = "replconf",
    .usage = "",
    .summary = "Sets parameters of a replica and acknowledges its offset. Internal: for replicas.",
    .since = "3.0.0",
    .complexity = "O(1)",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE |
             COMMAND_ALLOW_BUSY | COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_replconf,
};
