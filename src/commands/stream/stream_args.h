/* What stream commands share: IDs and streams from arguments, trimming options, effects, entries as
 * replies. */
#ifndef COMMANDS_STREAM_STREAM_ARGS_H
#define COMMANDS_STREAM_STREAM_ARGS_H

#include "engine/call.h"
#include "type/stream/stream.h"

/* "ms-seq" or "ms"; "-" and "+" unless strict. False after the error reply. */
bool stream_args_id(const struct call *call, struct bytes text, uint64_t missing_seq, bool strict,
                    struct stream_id *out);
/* The end of an interval, "(" before it excludes it. is_start chooses what a missing sequence is.
 */
bool stream_args_bound(const struct call *call, struct bytes text, bool is_start,
                       struct stream_id *out);
/* The stream under a key; NULL when absent. False after WRONGTYPE. */
bool stream_args_read(const struct call *call, struct bytes key, struct stream **out);
bool stream_args_write(const struct call *call, struct bytes key, struct stream **out);
/* An empty stream under an absent key. */
struct stream *stream_args_create(const struct call *call, struct bytes key);
struct stream_log_policy stream_args_policy(const struct call *call);
/* "NOGROUP ..." */
void stream_args_no_group(const struct call *call, struct bytes key, struct bytes group);

/* Trimming options of XADD and XTRIM. */
struct stream_args_trim {
    struct stream_trim trim;
    bool given, limited;
    int operator_at, threshold_at, limit_at, strategy_at; /* arguments; 0: absent */
};
/* Takes the option at argument *i and its values; *i is then its last argument. 1: taken; 0: not
 * such an option; -1: after the error reply. */
int stream_args_trim_option(const struct call *call, int *i, struct stream_args_trim *t);
/* What cannot be judged before all options are known. False after the error reply. */
bool stream_args_trim_check(const struct call *call, struct stream_args_trim *t);
/* KEEPREF, DELREF, ACKED; false: another word. */
bool stream_args_strategy(struct bytes word, enum stream_strategy *out);

/* One entry: [id, [name, value, ...]]. */
void stream_args_reply(struct reply *r, struct stream_entry *e);
void stream_args_reply_id(struct reply *r, struct stream_id id);
/* Numbers and IDs as text in memory of the caller. */
struct bytes stream_args_id_text(char *to, struct stream_id id);

/* XCLAIM effects: entries of one owner, time and count, gathered into one command. */
struct stream_args_claims {
    struct call *call;
    struct bytes key, group, consumer;
    int64_t time_ms;
    uint64_t count;
    struct stream_id last_id;
    struct buf ids; /* struct stream_id each */
};
void stream_args_claims_add(struct stream_args_claims *c, struct stream_id id, int64_t time_ms,
                            uint64_t count);
void stream_args_claims_end(struct stream_args_claims *c);
/* XGROUP SETID key group last ENTRIESREAD n. */
void stream_args_effect_setid(struct call *call, struct bytes key, const struct stream_group *g);
/* XGROUP CREATECONSUMER. */
void stream_args_effect_consumer(struct call *call, struct bytes key, struct bytes group,
                                 struct bytes consumer);
/* The consumer, made when absent (with its notification and, when journal says so, its effect). */
struct stream_consumer *stream_args_consumer(struct call *call, struct bytes key,
                                             struct stream_group *g, struct bytes name,
                                             bool journal);

#endif
