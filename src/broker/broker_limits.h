/* Enforces the limits of a stream: refuses appends, trims after them, and trims by age. */
#ifndef BROKER_BROKER_LIMITS_H
#define BROKER_BROKER_LIMITS_H

#include "broker/broker_act.h"

/* Whether so many messages more, of so many bytes of names and values together, may be accepted;
 * else *why gets what the producer is told, "STREAMFULL ...". why NULL: nobody is told, and it is
 * not counted as rejected. The stream has extras. */
bool broker_limits_allow(const struct broker_group *x, uint64_t messages, uint64_t bytes,
                         struct buf *why);

/* What an append made too much. */
struct broker_limits_trim {
    uint64_t trimmed;      /* entries that went; broker_append tells the event */
    struct bytes words[3]; /* MAXLEN = n or MINID = id, when XADD itself can say it */
    int words_n;           /* 3 or 0 */
    bool apart;            /* it is left to broker_limits_trim_apart() */
    char text[STREAM_ID_TEXT_MAX];
};
/* After an append, before its effect: takes away what is too much, and says what the effect XADD
 * gets behind the key. apart: nothing, for XADD has a trim of its own there, or something has to be
 * told before it. The stream has extras. */
void broker_limits_trim(const struct broker_group *x, bool apart, struct broker_limits_trim *t);
/* After the effect: takes away and tells what XADD cannot say. */
void broker_limits_trim_apart(const struct broker_group *x, struct broker_limits_trim *t);

/* The moment, by the wall clock, at which the oldest entry becomes older than MAXAGE allows;
 * INT64_MAX: never. With ACKED, where it may stay since somebody needs it, the moment at which to
 * look again. */
int64_t broker_limits_age_ms(const struct stream *s);
/* 0 (at once) when the stream is above what DROP lets it have, since a limit was lowered or the
 * stream came so; INT64_MAX: it is not. With ACKED it stays until the next append. */
int64_t broker_limits_excess_ms(const struct stream *s);
/* Take entries away that are too old, or too many; at most 1,000. Effect XTRIM (of single entries
 * XDEL), event xtrim. */
void broker_limits_trim_old(const struct broker_group *x);
void broker_limits_trim_excess(const struct broker_group *x);

#endif
