/* The clients of a trio (support/trio.h): their requests, and what they were told. */
#ifndef SUPPORT_TRIO_CLIENTS_H
#define SUPPORT_TRIO_CLIENTS_H

#include "trio_net.h"

/* The end of the reply that begins at p, or NULL. */
static inline const char *trio_reply_end(const char *p, const char *end)
{
    const char *line = memchr(p, '\n', (size_t)(end - p));
    if (!line)
        return NULL;
    long n = *p == '$' || *p == '*' || *p == '%' ? atol(p + 1) : -1;
    bool bulk = *p == '$';
    n *= *p == '%' ? 2 : 1;
    p = line + 1;
    if (n < 0)
        return p;
    if (bulk)
        return end - p >= n + 2 ? p + n + 2 : NULL;
    while (n-- > 0 && p)
        p = p < end ? trio_reply_end(p, end) : NULL;
    return p;
}

/* The last of this many replies, or NULL if some are missing. */
static inline const char *trio_reply(struct node_client *x, int replies)
{
    const char *p = x->heard.p, *end = p + x->heard.n, *last = NULL;
    for (; replies && p && p < end; replies--) {
        last = p;
        p = trio_reply_end(p, end);
    }
    return replies == 0 && p ? last : NULL;
}

/* Notes the numbers listed in a reply. False: one is there twice. */
static inline bool trio_list(struct trio_numbers *to, const char *reply, const char *end)
{
    long count = *reply == '*' ? atol(reply + 1) : 0;
    const char *p = strchr(reply, '\n') + 1;
    *to = (struct trio_numbers){0};
    for (long i = 0; i < count; i++, p = trio_reply_end(p, end)) {
        unsigned number = (unsigned)atol(strchr(p, '\n') + 1);
        if (number >= TRIO_NUMBERS || to->has[number])
            return false;
        to->has[number] = true;
        to->n++;
    }
    return true;
}

/* Checks the numbers that a client was told: another node must have them. */
static inline void trio_hear_of_numbers(struct trio *t, int i, const struct trio_asked *a,
                                        const char *reply, const char *end)
{
    static struct trio_numbers heard;
    const struct node *n = &t->nodes[i];
    if (a->number) {
        t->told[a->number] = true;
        t->acknowledged++;
        if (t->kind == TRIO_CONFIRMED && !t->released.has[a->number])
            trio_fail(t, "node %d answered %u, which nobody else has", i, a->number);
        return;
    }
    /* Data from before the confirmation may be shown before the first ACK too. */
    const struct history *h = &n->engine.journal->history;
    if (!*a->reads || replication_is_unconfirmed(n->r) || replication_is_replica(n->r) ||
        strcmp(h->id, a->reads) != 0 || n->engine.gate.replicated < h->second_offset)
        return;
    t->read++;
    trio_list(&heard, reply, end);
    for (unsigned k = 1; k <= t->numbers; k++)
        if (heard.has[k] && !t->released.has[k])
            trio_fail(t, "node %d shows %u, which nobody else has", i, k);
}

/* Reads the replies of waiting clients. */
static inline void trio_hear(struct trio *t, int i)
{
    for (int c = 0; c < NODE_CLIENTS; c++) {
        struct trio_asked *a = &t->asked[i][c];
        struct node_client *x = &t->nodes[i].clients[c];
        if (a->replies && !x->client)
            *a = (struct trio_asked){0};
        const char *last = a->replies ? trio_reply(x, a->replies) : NULL;
        if (!last)
            continue;
        if (*last == '*' && last[1] != '-')
            trio_hear_of_numbers(t, i, a, last, x->heard.p + x->heard.n);
        *a = (struct trio_asked){0};
    }
}

/* Sends commands separated by ';', with words separated by blanks. */
__attribute__((format(printf, 4, 5))) static inline void
trio_says(struct trio *t, int i, int client, const char *format, ...)
{
    char text[512];
    struct buf all = {0};
    struct trio_asked *a = &t->asked[i][client];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    a->replies = 0;
    for (char *command = text, *next; command; command = next) {
        struct bytes argv[16];
        int argc = 0;
        next = strchr(command, ';');
        if (next)
            *next++ = 0;
        for (char *word, *rest = command; (word = strsep(&rest, " "));)
            argv[argc++] = bytes_text(word);
        journal_format(&all, argv, argc);
        a->replies++;
    }
    t->turn_of = i;
    log_line(LOG_VERBOSE, "---- node %d: %.*s", i, (int)all.n, all.p);
    node_says(&t->nodes[i], client, buf_bytes(&all));
    buf_free(&all);
}

static inline void trio_writes_number(struct trio *t, int i)
{
    unsigned number = t->numbers + 1;
    if (t->asked[i][TRIO_NUMBERER].replies || number == TRIO_NUMBERS)
        return;
    t->numbers = number;
    t->asked[i][TRIO_NUMBERER].number = number;
    trio_says(t, i, TRIO_NUMBERER, "SELECT %d;MULTI;RPUSH log %u;INCR n;EXEC", TRIO_LOG_DB, number);
}

/* What a confirmed primary answers to a read must not be lost either. */
static inline void trio_reads_numbers(struct trio *t, int i)
{
    const struct node *n = &t->nodes[i];
    struct trio_asked *a = &t->asked[i][TRIO_READER];
    if (a->replies)
        return;
    if (!replication_is_unconfirmed(n->r) && !replication_is_replica(n->r))
        memcpy(a->reads, n->engine.journal->history.id, sizeof(a->reads));
    trio_says(t, i, TRIO_READER, "SELECT %d;LRANGE log 0 -1", TRIO_LOG_DB);
}

/* # and @: a key's or field's number; &: a value; ~: a time. */
static const char *const trio_requests[] = {
    "SET s# v&",
    "SET s# v& PX ~",
    "APPEND s# x&",
    "SETRANGE s# @ y&",
    "INCR c#",
    "INCRBYFLOAT c# 0.5",
    "DEL s# l@",
    "PEXPIRE s# ~",
    "PEXPIRE l# ~",
    "PERSIST s#",
    "GETEX s# PX ~",
    "GET s#",
    "RENAME s# s@",
    "COPY s# s@ REPLACE",
    "RPUSH l# a& b&",
    "LPUSH l# c&",
    "LPOP l#",
    "LMOVE l# l@ LEFT RIGHT",
    "BLPOP l# l@ 0.~",
    "SADD t# m@ &",
    "SPOP t#",
    "SUNIONSTORE t# t# t@",
    "HSET h# f@ v&",
    "HDEL h# f@",
    "HINCRBY h# n@ 3",
    "HPEXPIRE h# ~ FIELDS 1 f@",
    "MULTI;HSET h# f@ v& g 1;HPEXPIRE h# 1000~ FIELDS 1 f@;EXEC",
    "MULTI;XADD x# * f &;XGROUP CREATE x# g 0;XREADGROUP GROUP g c STREAMS x# >;EXEC",
    "ZADD z# & m@",
    "ZINCRBY z# 1.5 m@",
    "ZPOPMIN z#",
    "XADD x# MAXLEN 6 * f v&",
    "XGROUP CREATE x# g 0 MKSTREAM",
    "XREADGROUP GROUP g c@ COUNT 2 STREAMS x# >",
    "XAUTOCLAIM x# g c@ 0 0 COUNT 2",
    "XTRIM x# MAXLEN 3",
    "PFADD p# &",
    "SETBIT b# & 1",
    "SELECT #",
    "PUBLISH channel m&",
    "MULTI;SET s# w&;RPUSH l@ d&;HSET h# f v&;EXEC",
    "MULTI;GET s#;INCR c@;EXEC",
    "MULTI;SELECT #;INCR c@;SELECT @;INCR c#;EXEC",
    "MULTI;PUBLISH channel m&;INCR c@;EXEC",
    "WAIT 1 ~",
    "EVAL redis.call('incr',KEYS[1])redis.call('rpush','l'..ARGV[1],ARGV[2]) 1 c# @ e&",
};

static inline void trio_fill_in(struct trio *t, const char *request, char *to, size_t room)
{
    const unsigned values[] = {trio_below(t, 4), trio_below(t, 4), trio_below(t, 1000),
                               1 + trio_below(t, trio_below(t, 4) ? 300 : 3)};
    static const char places[] = "#@&~";
    size_t n = 0;
    for (const char *p = request; *p && n + 8 < room; p++) {
        const char *place = strchr(places, *p);
        if (place)
            n += num_print_uint(to + n, values[place - places]);
        else
            to[n++] = *p;
    }
    to[n] = 0;
}

static inline void trio_writes(struct trio *t, int i)
{
    size_t count = sizeof(trio_requests) / sizeof(*trio_requests);
    int client = 1 + (int)trio_below(t, NODE_CLIENTS - 3);
    char text[512];
    if (t->asked[i][client].replies)
        return;
    if (trio_below(t, 400) == 0) {
        trio_says(t, i, client, trio_below(t, 2) ? "FLUSHDB" : "SWAPDB 0 1");
        return;
    }
    /* Creating a Lua state is expensive. */
    size_t which = trio_below(t, 40) ? trio_below(t, (unsigned)count - 1) : count - 1;
    trio_fill_in(t, trio_requests[which], text, sizeof(text));
    trio_says(t, i, client, "%s", text);
}

#endif
