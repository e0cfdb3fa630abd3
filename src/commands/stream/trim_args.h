/* Trimming options of XADD and XTRIM: MAXLEN | MINID [= | ~] threshold [LIMIT count], KEEPREF |
 * DELREF | ACKED. */
#ifndef COMMANDS_STREAM_TRIM_ARGS_H
#define COMMANDS_STREAM_TRIM_ARGS_H

#include "engine/call.h"
#include "type/stream/stream.h"

struct trim_args {
    struct stream_trim trim;
    bool given, limited;
    int operator_at, threshold_at, limit_at, strategy_at; /* arguments; 0: absent */
};
/* Takes the option at argument *i and its values; *i is then its last argument. 1: taken; 0: not
 * such an option; -1: after the error reply. */
int trim_args_option(const struct call *call, int *i, struct trim_args *t);
/* What cannot be judged before all options are known. False after the error reply. */
bool trim_args_check(const struct call *call, struct trim_args *t);

/* Trims, and journals what it came to as effects of its own, in commands of Redis 7.0: an exact
 * XTRIM; in front of it what DELREF did, wrapped; or the XDELs of what ACKED let go. journals
 * false: the caller says it. Returns how many entries went. */
uint64_t trim_args_run(struct call *call, struct stream *s, struct trim_args *t, bool journals,
                       uint64_t *dropped);

/* An approximate trim as the journal gets it, exact and by what it came to: MINID and the first ID
 * that is left, or MAXLEN and how many entries are. text: STREAM_ID_TEXT_MAX bytes. */
struct bytes trim_args_word(const struct stream *s, const struct stream_trim *t);
struct bytes trim_args_threshold(char *text, const struct stream *s, const struct stream_trim *t);

#endif
