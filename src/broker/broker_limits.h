/* Enforces the limits of a stream: refuses appends, trims after them, and trims by age. */
#ifndef BROKER_BROKER_LIMITS_H
#define BROKER_BROKER_LIMITS_H

#include "broker/broker_act.h"

/* Whether the limits accept this many more messages with this total of bytes in names and values.
 * If not, *why gets the producer's error, "STREAMFULL ..."; why NULL: there is no producer, and
 * nothing is counted as rejected. The stream has extras. */
bool broker_limits_allow(const struct broker_group *x, uint64_t messages, uint64_t bytes,
                         struct buf *why);

/* The trim that an append causes. */
struct broker_limits_trim {
    uint64_t trimmed;      /* entries deleted; the caller makes the event */
    struct bytes words[3]; /* MAXLEN = n or MINID = id, if the effect XADD can include it */
    int words_n;           /* 3 or 0 */
    bool apart;            /* left to broker_limits_trim_apart() */
    char text[STREAM_ID_TEXT_MAX];
};
/* Called after an append, before its effect: trims, and sets the words for the effect XADD, after
 * the key. apart: postpones it, since XADD has a trim of its own or something must be journalled
 * first. The stream has extras. */
void broker_limits_trim(const struct broker_group *x, bool apart, struct broker_limits_trim *t);
/* Called after the effect: does and journals a trim that XADD could not include. */
void broker_limits_trim_apart(const struct broker_group *x, struct broker_limits_trim *t);

/* When, by the wall clock, the oldest entry exceeds MAXAGE; INT64_MAX: never. With ACKED, where it
 * may stay because a group needs it: when to look again. */
int64_t broker_limits_age_ms(const struct stream *s);
/* 0 (now) if the stream exceeds what DROP allows, because a limit was lowered or the stream arrived
 * like that; else INT64_MAX. With ACKED the excess stays until the next append. */
int64_t broker_limits_excess_ms(const struct stream *s);
/* Delete entries that are too old, or too many; at most 1,000. Effect XTRIM (XDEL for single
 * entries), event xtrim. */
void broker_limits_trim_old(const struct broker_group *x);
void broker_limits_trim_excess(const struct broker_group *x);

#endif
