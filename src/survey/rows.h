/* What SURVEY lists, a page at a time: which rows fit, in which order, and each as a map. A page is
 * one pass over the survey's records, which keeps the COUNT rows that come next behind a place; so
 * a page deep inside costs what the first one costs. */
#ifndef SURVEY_ROWS_H
#define SURVEY_ROWS_H

#include "acl/check.h"
#include "survey/columns.h"

/* A place in the order, or a row's: rows come by value, then database, key, group. */
struct rows_place {
    struct columns_value value;
    long long db;
    struct bytes key, group; /* group: empty where rows have none */
};

/* Bits: conditions that rows of streams and of groups can be asked for by. */
enum rows_only {
    ROWS_READY = 1 << 0,      /* at least one message is ready */
    ROWS_PAUSED = 1 << 1,     /* a group, or this one, is paused */
    ROWS_NO_READERS = 1 << 2, /* there are groups, and none has a consumer */
    ROWS_FAILING = 1 << 3,    /* messages failed lately, or wait for a retry */
};

struct rows_query {
    enum columns_kind kind;
    const struct user *user;        /* whose rows: of keys that he may read; NULL: all */
    int db;                         /* -1: all */
    const struct bytes *match;      /* of keys; NULL: all */
    unsigned only;                  /* bits of enum rows_only: a row has to meet all of them */
    unsigned by;                    /* columns_find() */
    bool descending;                /* by value; what is equal is ascending in any case */
    const struct rows_place *after; /* NULL: from the first on */
    size_t count;                   /* at least 1 */
};

/* "ready,paused" as bits of enum rows_only. False: there is no such condition, or rows of this kind
 * have none. */
bool rows_parse_only(enum columns_kind kind, struct bytes words, unsigned *only);
/* Whether a user may know what the survey knows of a key; NULL: he may know all. */
bool rows_may_read(const struct user *u, struct bytes key);
/* An array: the survey's number, how many rows fit, the page. O(rows * log COUNT). */
void rows_reply(const struct survey *sv, const struct rows_query *q, struct reply *r);

#endif
