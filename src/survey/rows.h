/* The lists of SURVEY, page by page: which rows match, in which order, and each as a map. A page is
 * one walk over the survey's records that keeps the COUNT rows following a place, so every page
 * costs the same. The walk, and the reply, can be divided into parts between which the survey goes
 * on; a row is what its record said when the walk met it. */
#ifndef SURVEY_ROWS_H
#define SURVEY_ROWS_H

#include "acl/check.h"
#include "survey/columns.h"

/* A place in the order of rows: by value, then database, key, group. */
struct rows_place {
    struct columns_value value;
    long long db;
    struct bytes key, group; /* group: empty for rows without one */
};

/* Bits: conditions on rows of streams and of groups. */
enum rows_only {
    ROWS_READY = 1 << 0,      /* at least one message is ready */
    ROWS_PAUSED = 1 << 1,     /* this group, or one of the stream's, is paused */
    ROWS_NO_READERS = 1 << 2, /* there are groups, and none has a consumer */
    ROWS_FAILING = 1 << 3,    /* messages failed recently, or wait for a retry */
    ROWS_CAPTURING = 1 << 4,  /* the stream captures channels; no group does */
};

struct rows_query {
    enum columns_kind kind;
    const struct user *user;        /* only keys that this user may read; NULL: all */
    int db;                         /* -1: all */
    const struct bytes *match;      /* of keys; NULL: all */
    unsigned only;                  /* bits of enum rows_only, all of which must hold */
    unsigned by;                    /* columns_find() */
    bool descending;                /* by value; ties are always ascending */
    const struct rows_place *after; /* NULL: from the start */
    size_t count;                   /* at least 1 */
    size_t sources;                 /* of dead letters: at most so many groups a row, at least 1 */
};

/* Parses "ready,paused". False: an unknown condition, or rows of this kind have none. */
bool rows_parse_only(enum columns_kind kind, struct bytes words, unsigned *only);
/* Whether a user may see the survey's data on a key; NULL: everything. */
bool rows_may_read(const struct user *u, struct bytes key);

/* A page under way. */
struct rows_page;

/* The survey is borrowed; what the query points to, but for its user, is copied. */
struct rows_page *rows_begin(const struct survey *sv, const struct rows_query *q);
void rows_end(struct rows_page *p);
/* Goes on with the walk for about so many microseconds (0: 16 records). False: it is over. All of
 * it is O(rows * log COUNT). user: as in the query, whose own one may be gone. */
bool rows_gather(struct rows_page *p, const struct user *user, int64_t us);
/* The walk is over: goes on with the reply, for about so many microseconds (0: a row). False: it
 * is whole. It is an array: the survey's number when the page began, the number of matching rows,
 * the rows in order. */
bool rows_reply(struct rows_page *p, struct reply *r, int64_t us);

#endif
