/* Each stream with extras has one timer by the wall clock, set for whatever comes first in it: a
 * scheduled message, one that expires, a limit of age, a schedule. What these moments are is told
 * by facts that lie in the stream; what is done then stands in broker_work.
 *
 * It belongs to the database's key and lives while that key holds the stream with its extras, as
 * watches of groups do (broker_watch.h). stream_extra.watch leads to it. */
#ifndef BROKER_BROKER_MOMENTS_H
#define BROKER_BROKER_MOMENTS_H

#include "broker/broker_due.h"

struct broker_moments {
    struct broker_due due;
    struct broker *broker;
    struct db *db;
    struct str *key;
    struct timer timer;
    struct dlist_node all;       /* in broker.moments */
    struct dlist_node capturing; /* in broker.capturing, if the stream captures channels */
};

/* What happens by itself in a stream, in this order when several are due at one moment. */
enum broker_moment {
    BROKER_MOMENT_SCHEDULED, /* a message is due */
    BROKER_MOMENT_SCHEDULE,  /* a schedule brings one */
    BROKER_MOMENT_EXPIRY,    /* a message expires */
    BROKER_MOMENT_EXCESS,    /* there are more entries than a limit allows */
    BROKER_MOMENT_AGE,       /* the oldest entry is too old */
    BROKER_MOMENT_KINDS
};
/* The first moment of a kind, by the wall clock; INT64_MAX: there is none. */
int64_t broker_moments_of_kind_ms(const struct stream *s, enum broker_moment kind);
/* The first of all, and of which kind. */
int64_t broker_moments_first_ms(const struct stream *s, enum broker_moment *kind);

/* A key holds a stream: with extras, it gets what it lacks. */
void broker_moments_link(struct broker *b, struct db *db, struct entry *e);
/* It no longer does. */
void broker_moments_unlink(struct entry *e);
/* The stream's extras have changed: the timer is set for what comes first now. Extras that have
 * become empty go. To be called by whoever changes them, however often; where nothing acts
 * (no broker) the stream is only marked. */
void broker_moments_changed(const struct broker_group *x);
/* They are all gone. */
void broker_moments_free_all(struct broker *b);

#endif
