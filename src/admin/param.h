/* What a request says beside its path: the members of its body, or the parameters of its query, as
 * the route declares them. What is not declared is refused by name: a misspelt member would be a
 * wrong action.
 *
 * A declaration is a list of  name[!][:kind[(arguments)]][=default]  with blanks between them; `!`
 * asks for it. Kinds:
 *
 *   bytes              a string, or {"base64": "..."} (without a kind: this one)
 *   int(least,most)    an integer; the bounds may be left out
 *   flag               true or false; in a query 1 or 0
 *   word(a,b,...)      one of these, which the command gets in upper case
 *   words              a string that blanks cut into words; the empty one is one empty word
 *   list               an array of byte strings, at most PARAM_ITEMS; in a query commas separate
 *   pairs              [[field, value], ...] or {field: value, ...}; a declaration named *
 *                      takes the whole body as such an object
 *   match              {"field": ..., "value": ...}
 *   place              where a page ends, as an answer told it (param_print_place())
 *
 * Cost: linear. Memory: the request's text twice, and its values. */
#ifndef ADMIN_PARAM_H
#define ADMIN_PARAM_H

#include "base/buf.h"
#include "base/json_read.h"

#define PARAM_MOST  28
#define PARAM_ITEMS 1000
#define PARAM_WHY   128

enum param_kind {
    PARAM_BYTES,
    PARAM_INT,
    PARAM_FLAG,
    PARAM_WORD,
    PARAM_WORDS,
    PARAM_LIST,
    PARAM_PAIRS,
    PARAM_MATCH,
    PARAM_PLACE,
};

struct param {
    struct bytes name;
    enum param_kind kind;
    bool required;
    bool given;            /* or there is a default */
    bool is_path;          /* it is a part of the path */
    bool taken;            /* it has come */
    long long least, most; /* of PARAM_INT */
    struct bytes words;    /* of PARAM_WORD */
    struct bytes text;     /* what a command gets; of a kind with one value */
    long long number;      /* of PARAM_INT, PARAM_FLAG */
    struct bytes *items;   /* of the other kinds: what a command gets */
    size_t n;
};

/* Zero-initialised is empty and valid. */
struct param_set {
    struct param all[PARAM_MOST];
    size_t n;
    struct buf text;       /* decoded, and numbers; never grows behind param_begin() */
    struct json_read body; /* owns what came in one */
    size_t body_n;         /* bytes of it */
    char *place;           /* owns what a place is made of */
};

/* room: bytes of what comes by path and query. */
void param_begin(struct param_set *s, const char *declaration, size_t room);
void param_free(struct param_set *s);

/* Each takes what came, percent-encoded where it is of the target. False: why is told, beginning
 * with the name. */
bool param_take_path(struct param_set *s, struct bytes name, struct bytes encoded,
                     char why[PARAM_WHY]);
bool param_take_query(struct param_set *s, struct bytes name, struct bytes encoded,
                      char why[PARAM_WHY]);
bool param_take_body(struct param_set *s, struct bytes body, char why[PARAM_WHY]);
/* All that is asked for has come. */
bool param_is_whole(const struct param_set *s, char why[PARAM_WHY]);

/* NULL: it was not given, and has no default. */
const struct param *param_find(const struct param_set *s, struct bytes name);
/* Of an integer or a flag. */
long long param_number(const struct param_set *s, const char *name, long long otherwise);
/* Of a kind with one value; empty when there is none. */
struct bytes param_text(const struct param_set *s, const char *name);

/* A place as text that a query can hold as it is. */
void param_print_place(struct buf *out, const struct bytes *words, size_t n);

#endif
