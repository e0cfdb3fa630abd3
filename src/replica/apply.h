/* The stream of our primary is applied here: bytes to commands, which run as one client, and the
 * same bytes to our own journal, from where our file and our replicas take them. So the offset of
 * our journal is that of the primary, byte by byte.
 *
 * Exists while the link to the primary is up. Knows no socket. */
#ifndef REPLICA_APPLY_H
#define REPLICA_APPLY_H

#include "replica/replication.h"

struct apply;
struct client;

struct apply_options {
    const char *address;       /* of the primary, as CLIENT LIST and MONITOR show it */
    const char *local_address; /* the same of our end */
    int fd;                    /* for CLIENT LIST only; -1: none */
    int db;                    /* that the stream is in; -1: not known, it will say SELECT */
    bool foreign;              /* the primary is a Redis: its effects mean what they mean there */
};

/* The journal is in JOURNAL_RAW. */
struct apply *apply_new(struct replication *r, const struct apply_options *o);
/* What came of a group that is not whole is forgotten: the primary will be asked for it again. NULL
 * is nothing. */
void apply_free(struct apply *a);

/* Where the bytes that come next belong; *room: how many may, APPLY_ROOM at least. */
#define APPLY_ROOM ((size_t)64 << 10)
char *apply_place(struct apply *a, size_t *room);
/* So many came there: all groups that are whole now are applied. False: this is no stream, and what
 * we hold is not to be trusted any more. */
bool apply_run(struct apply *a, size_t n);

/* Whether the primary has asked how far we are (GETACK) since this was called last; *offset: of the
 * last byte in front of that question. */
bool apply_was_asked(struct apply *a, uint64_t *offset);
/* Up to where it has been applied: behind a whole group, also while one runs. */
uint64_t apply_offset(const struct apply *a);
/* Bytes that have come and are not applied yet: of a group whose rest is still to come. */
size_t apply_waiting(const struct apply *a);
/* Who its commands run as: shown, and marked for closing by CLIENT KILL. */
struct client *apply_client(const struct apply *a);
/* The database that the stream is in; beyond the last one: in one that we do not have. */
int apply_db(const struct apply *a);

#endif
