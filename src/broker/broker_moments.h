/* Each stream with extras has one timer on the wall clock, set for what comes first: a scheduled
 * message, an expiry, a limit of age, a schedule. The times follow from the stream's data;
 * broker_work_stream does the work.
 *
 * It belongs to the database's key and lives while that key holds the stream with its extras, like
 * the watches of groups (broker_watch.h). stream_extra.watch points to it. */
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

/* What happens on its own in a stream, in this order when several are due at once. */
enum broker_moment {
    BROKER_MOMENT_SCHEDULED, /* a message is due */
    BROKER_MOMENT_SCHEDULE,  /* a schedule fires */
    BROKER_MOMENT_EXPIRY,    /* a message expires */
    BROKER_MOMENT_EXCESS,    /* there are more entries than a limit allows */
    BROKER_MOMENT_AGE,       /* the oldest entry is too old */
    BROKER_MOMENT_KINDS
};
/* When the first of a kind is due, by the wall clock; INT64_MAX: never. */
int64_t broker_moments_of_kind_ms(const struct stream *s, enum broker_moment kind);
/* When the first of all is due, and its kind. */
int64_t broker_moments_first_ms(const struct stream *s, enum broker_moment *kind);

/* The stream that m belongs to; NULL: its key no longer holds it. */
const struct stream *broker_moments_stream(const struct broker_moments *m);
/* A key now holds the stream: starts the timer if it has extras. */
void broker_moments_link(struct broker *b, struct db *db, struct entry *e);
/* The key no longer holds the stream. */
void broker_moments_unlink(struct entry *e);
/* The stream's extras have changed: sets the timer anew, and frees extras that became empty.
 * Idempotent; every change must be followed by it. Without a broker the stream is only marked. */
void broker_moments_changed(const struct broker_group *x);
/* Frees all. */
void broker_moments_free_all(struct broker *b);

#endif
