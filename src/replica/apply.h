/* Applies the primary's stream: turns bytes into commands that run as one client, and passes the
 * same bytes to our own journal, from which our file and our replicas read. So our journal's offset
 * equals the primary's, byte by byte.
 *
 * Exists while the link to the primary is up. Knows no socket. */
#ifndef REPLICA_APPLY_H
#define REPLICA_APPLY_H

#include "replica/replication.h"

struct apply;
struct client;

struct apply_options {
    const char *address;       /* of the primary, for CLIENT LIST and MONITOR */
    const char *local_address; /* of our end */
    int fd;                    /* for CLIENT LIST only; -1: none */
    int db;                    /* the stream's database; -1: unknown, a SELECT will come */
    bool foreign; /* the primary is a Redis: effects have the meaning they have there */
};

/* The journal must be in JOURNAL_RAW. */
struct apply *apply_new(struct replication *r, const struct apply_options *o);
/* Drops the bytes of an incomplete group, which the primary will be asked for again. NULL is
 * ignored. */
void apply_free(struct apply *a);

/* Where to put the next bytes; *room: how many fit, at least APPLY_ROOM. */
#define APPLY_ROOM ((size_t)64 << 10)
char *apply_place(struct apply *a, size_t *room);
/* Copies bytes to apply_place(), as many as fit; returns how many. */
size_t apply_put(struct apply *a, struct bytes data);
/* n bytes were added at apply_place(): applies complete groups, until the time of apply_until().
 * False: this is no command stream, and our data cannot be trusted any more. */
bool apply_run(struct apply *a, size_t n);
/* Once clock_ticks() has reached this, apply_run() returns after at most APPLY_AHEAD further
 * commands or one group. 0, the initial value: no limit. */
#define APPLY_AHEAD 16
void apply_until(struct apply *a, uint64_t ticks);
/* Whether the last apply_run() returned for that reason: call it again, even without more bytes. */
bool apply_has_more(const struct apply *a);

/* Whether the primary has sent a GETACK since the last call; *offset: the end of the stream before
 * it. */
bool apply_was_asked(struct apply *a, uint64_t *offset);
/* The offset up to which the stream is applied: a group boundary, even while a group runs. */
uint64_t apply_offset(const struct apply *a);
/* Bytes received but not applied yet: of an incomplete group. */
size_t apply_waiting(const struct apply *a);
/* The client that runs its commands: CLIENT LIST shows it, CLIENT KILL marks it for closing. */
struct client *apply_client(const struct apply *a);
/* The stream's database, which may be one that we do not have. */
int apply_db(const struct apply *a);

#endif
