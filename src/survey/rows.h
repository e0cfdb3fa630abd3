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
    const struct user *user;       /* only keys that this user may read; NULL: all */
    const struct command *command; /* of the query; the user must be allowed to run it on the key */
    int db;                        /* -1: all */
    const struct bytes *match;     /* of keys; NULL: all */
    unsigned only;                 /* bits of enum rows_only, all of which must hold */
    unsigned by;                   /* columns_find() */
    bool descending;               /* by value; ties are always ascending */
    const struct rows_place *after; /* NULL: from the start */
    size_t count;                   /* at least 1 */
    size_t sources;                 /* source groups listed in a row of dead letters; at least 1 */
};

/* Parses "ready,paused". False: an unknown condition, or rows of this kind have none. */
bool rows_parse_only(enum columns_kind kind, struct bytes words, unsigned *only);
/* Whether a user may see the survey's data on a key by this command; u NULL: everything. */
bool rows_may_read(const struct engine *e, const struct user *u, const struct command *c,
                   struct bytes key);

/* A page that is being made. */
struct rows_page;

/* Begins a page, which rows_end() frees. The survey must outlive it; what q points to is copied,
 * but for q->user, which rows_gather() is given anew each time. */
struct rows_page *rows_begin(const struct survey *sv, const struct rows_query *q);
void rows_end(struct rows_page *p);
/* Selects rows for about `us` microseconds (0: 16 records). False: all records were considered.
 * O(rows + COUNT * log COUNT) in total. user: whose rights apply; passed each time, since the user
 * may have been deleted since rows_begin(). */
bool rows_gather(struct rows_page *p, const struct user *user, int64_t us);
/* After rows_gather() has returned false: writes rows for about `us` microseconds (0: one row).
 * False: the reply is complete. It is an array: the survey's number when the page began, the number
 * of matching rows, the rows in order. */
bool rows_reply(struct rows_page *p, struct reply *r, int64_t us);

#endif
