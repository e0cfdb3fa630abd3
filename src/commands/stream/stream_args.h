/* What stream commands share: IDs, streams and groups from arguments, and entries as replies. */
#ifndef COMMANDS_STREAM_STREAM_ARGS_H
#define COMMANDS_STREAM_STREAM_ARGS_H

#include "engine/call.h"
#include "type/stream/stream.h"

#define STREAM_ARGS_MOMENT_MOST 253402300799999   /* unix ms: the end of the year 9999 */
#define STREAM_ARGS_DELAY_MOST  315360000000      /* ms: ten years */
#define STREAM_ARGS_ENTRY_MOST  ((size_t)1 << 30) /* bytes: a block's lengths are 32 bits */

/* "ms-seq" or "ms"; "-" and "+" unless strict. False after the error reply. */
bool stream_args_id(const struct call *call, struct bytes text, uint64_t missing_seq, bool strict,
                    struct stream_id *out);
/* A bound of a range; "(" in front excludes it. is_start selects the default of a missing sequence.
 */
bool stream_args_bound(const struct call *call, struct bytes text, bool is_start,
                       struct stream_id *out);
/* Whether the names and values from argument `from` on are small enough for one entry. False after
 * the error reply. */
static inline bool stream_args_fits(const struct call *call, int from)
{
    bool fits =
        bytes_total(call->argv + from, (size_t)(call->argc - from)) <= STREAM_ARGS_ENTRY_MOST;
    if (!fits)
        call_error(call, ERR_STREAM_TOO_LARGE);
    return fits;
}
/* Arguments from .. from+n-1 as IDs, freed by the caller; NULL after the error reply. */
struct stream_id *stream_args_ids(const struct call *call, int from, int n);

/* The stream at a key; NULL when absent. False after WRONGTYPE. */
bool stream_args_read(const struct call *call, struct bytes key, const struct stream **out);
bool stream_args_write(const struct call *call, struct bytes key, struct stream **out);
/* The same by db_write(), but counted as a hit or miss: for keys that Redis looks up as a reader.
 */
bool stream_args_write_counted(const struct call *call, struct bytes key, struct stream **out);
/* The stream of argument 1 and its group of argument 2, by db_write(), counted as a hit or miss.
 * False after the error reply. */
bool stream_args_group(const struct call *call, struct stream **s, struct stream_group **g);
/* Creates an empty stream at an absent key. */
struct stream *stream_args_create(const struct call *call, struct bytes key);
struct stream_log_policy stream_args_policy(const struct call *call);
/* "NOGROUP ...": in the wording of commands that read and acknowledge, and in that of XGROUP and
 * XINFO. */
void stream_args_no_group(const struct call *call, struct bytes key, struct bytes group);
void stream_args_no_such_group(const struct call *call, struct bytes key, struct bytes group);
/* KEEPREF, DELREF, ACKED; false: another word. */
bool stream_args_strategy(struct bytes word, enum stream_strategy *out);

/* [strategy] IDS numids id..., in either order. */
struct stream_args_id_block {
    enum stream_strategy strategy;
    int first, n; /* arguments that are IDs */
};
/* Parses argument `at` to the last. False after the error reply. */
bool stream_args_id_block(const struct call *call, int at, struct stream_args_id_block *out);

/* The clock that stamps the group's deliveries: the steady clock under a policy, so that a step of
 * the wall clock ends no lease (broker G6), else the wall clock, as in Redis. g may be NULL. */
static inline int64_t stream_args_now(const struct call *call, const struct stream_group *g)
{
    return __builtin_expect(g && g->policy, 0) ? call->engine->steady_ms : call->now_ms;
}

/* Replies -1 for each of n IDs: the stream or group does not exist. */
void stream_args_reply_absent(struct reply *r, int n);

/* One entry: [id, [name, value, ...]]. */
void stream_args_reply(const struct call *call, struct stream_entry *e);
void stream_args_reply_id(const struct call *call, struct stream_id id);
/* Prints an ID into the caller's buffer of STREAM_ID_TEXT_MAX bytes. */
struct bytes stream_args_id_text(const struct call *call, char *to, struct stream_id id);

#endif
