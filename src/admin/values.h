/* A reply as a whole, for programs that make something else of it: its values in order, each with
 * where it ends. Only for replies of bounded size. */
#ifndef ADMIN_VALUES_H
#define ADMIN_VALUES_H

#include "proto/answer.h"

struct value {
    enum answer_kind kind;
    size_t next;  /* the place of the value behind it, and behind all that it holds */
    size_t at, n; /* its text; of a number its digits */
    long long number;
};

/* Zero-initialised: before a reply. */
struct values {
    struct buf all, text;
    size_t open[ANSWER_DEPTH];
};

/* The next item of the reply, strings whole. */
void values_item(struct values *v, const struct answer_item *item);
/* Before the next reply; keeps its memory. */
void values_reset(struct values *v);
void values_free(struct values *v);

const struct value *values_root(const struct values *v);
struct bytes values_text(const struct values *v, const struct value *x);
/* What an array, set or map holds, one after the other; NULL: the end, or it holds nothing. */
const struct value *values_first(const struct values *v, const struct value *holder);
const struct value *values_next(const struct values *v, const struct value *holder,
                                const struct value *x);
/* Of a map; NULL: there is none of this name. */
const struct value *values_member(const struct values *v, const struct value *map,
                                  const char *name);

#endif
