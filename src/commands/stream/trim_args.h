/* Trimming options of XADD and XTRIM: MAXLEN | MINID [= | ~] threshold [LIMIT count], KEEPREF |
 * DELREF | ACKED. */
#ifndef COMMANDS_STREAM_TRIM_ARGS_H
#define COMMANDS_STREAM_TRIM_ARGS_H

#include "engine/call.h"
#include "type/stream/stream.h"

struct trim_args {
    struct stream_trim trim;
    bool given, limited;
    int operator_at, threshold_at, limit_at, strategy_at; /* indexes of arguments; 0: absent */
};
/* Parses the option at argument *i, and moves *i to its last argument. 1: parsed; 0: not such an
 * option; -1: after the error reply. */
int trim_args_option(const struct call *call, int *i, struct trim_args *t);
/* Checks that need all options. False after the error reply. */
bool trim_args_check(const struct call *call, struct trim_args *t);

/* Trims, and journals the outcome as effects of their own, in commands of Redis 7.0: an exact
 * XTRIM; before it the request of DELREF, wrapped; or the XDELs of what ACKED removed. journals
 * false: the caller does that. Returns how many entries were removed. */
uint64_t trim_args_run(struct call *call, struct stream *s, struct trim_args *t, bool journals,
                       uint64_t *dropped);

/* An approximate trim for the journal, exact and by its outcome: MINID and the first ID left, or
 * MAXLEN and the number of entries left. text: STREAM_ID_TEXT_MAX bytes. */
struct bytes trim_args_word(const struct stream *s, const struct stream_trim *t);
struct bytes trim_args_threshold(char *text, const struct stream *s, const struct stream_trim *t);

#endif
