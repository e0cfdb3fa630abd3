/* Limits of a stream, as appends and time make them felt. */
#ifndef BROKER_BROKER_LIMITS_H
#define BROKER_BROKER_LIMITS_H

#include "broker/broker_act.h"

/* When the oldest entry will be older than MAXAGE allows, by the wall clock; INT64_MAX: never. With
 * ACKED never: there it is acknowledging that lets entries go, not time. */
int64_t broker_limits_age_ms(const struct stream *s);
/* Takes entries away that are too old, at most 1,000. Effect XTRIM, event xtrim. */
void broker_limits_trim_old(const struct broker_group *x);

#endif
