/* Shared by sorted set commands: lookup, ranges, replies. */
#ifndef COMMANDS_ZSET_ARGS_H
#define COMMANDS_ZSET_ARGS_H

#include "engine/call.h"
#include "type/zset.h"

/* *out NULL: absent; false after WRONGTYPE. */
bool zset_args_read(const struct call *call, struct bytes key, const struct zset **out);
/* *e NULL: absent. */
bool zset_args_write(const struct call *call, struct bytes key, struct entry **e);
struct zset_limits zset_args_limits(const struct call *call);
/* After members were removed: deletes the key when none is left. */
void zset_args_shrunk(const struct call *call, struct bytes key, struct entry *e, const char *event,
                      uint64_t n);

enum zset_range_by { ZSET_BY_RANK, ZSET_BY_SCORE, ZSET_BY_LEX };

/* A parsed range. */
struct zset_range {
    enum zset_range_by by;
    bool backwards;
    bool limited;
    long long first, last;         /* ranks, negative: from the end; in the direction of the walk */
    struct ranked_bound low, high; /* of scores or members */
    bool low_end, high_end;        /* lex: low is '+', high is '-': empty */
    bool low_open, high_open;      /* lex: low is '-', high is '+': no bound */
    long long offset, limit;       /* limit < 0: none */
};

/* "min max" of r->by at arguments i and i + 1 (max first when r->backwards and not by rank). False
 * after the error reply. */
bool zset_args_range(const struct call *call, int i, struct zset_range *r);
/* Converts it to ranks: n items from rank `from` on, in the range's direction. */
void zset_args_ranks(const struct zset *z, const struct zset_range *r, size_t *from, size_t *n);
/* Replies with a member, and its score if wanted: flat in RESP2, a pair in RESP3. */
void zset_args_reply(const struct call *call, const struct zset_item *x, bool scores);
/* The reply's header for n such items. */
void zset_args_reply_length(const struct call *call, size_t n, bool scores);

#endif
