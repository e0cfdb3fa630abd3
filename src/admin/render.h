/* A command's reply as JSON: bytes of RESP3 in, members of an answer out. */
#ifndef ADMIN_RENDER_H
#define ADMIN_RENDER_H

#include "base/json_write.h"
#include "proto/answer.h"

#define RENDER_MEMBERS 24 /* of a row, whose names are remembered */

enum render_shape {
    RENDER_VALUE,   /* as it is: maps are objects, their names in camel case */
    RENDER_ENTRIES, /* of XRANGE: [{id, ms, fields: [[f, v], ...]}, ...] */
    RENDER_TUPLES,  /* an array of arrays, whose values have the names that are given */
    RENDER_LINES,   /* a string of lines of name=value: [{...}, ...] */
    RENDER_TYPED,   /* as it is; names unchanged, since they may be data, with bytes that are not
                       UTF-8 as \xNN */
    RENDER_SURVEY,  /* of SURVEY STREAMS and kin: survey, total, rows */
    RENDER_INFO,    /* of INFO: an object; a=1,b=2 is one within it */
    RENDER_STATS,   /* of INFO commandstats and kin: [{name, ...}, ...] */
    RENDER_PAIRS,   /* an array of fields and values: [[f, v], ...] */
    RENDER_DONE,  /* how many: a number, or an array, of which those that are 0 or less do not count
                   */
    RENDER_ONE,   /* the only one of an array */
    RENDER_ITEMS, /* not written: each item is handed on */
    RENDER_USER,  /* of ACL GETUSER: of passwords only how many */
    RENDER_KEEP,  /* nothing is written: values are kept, for who asks on (kept) */
};

/* A value that was kept, of whatever array or map. */
struct render_value {
    enum answer_kind kind;
    unsigned depth;
    long long number;  /* of ANSWER_INT */
    struct bytes text; /* of what is text; the front of a long one, where that is enough */
    uint64_t all;      /* bytes that the text has */
};

/* Zero-initialised is empty and valid. */
struct render_kept {
    struct render_value *values;
    size_t n, cap;
    size_t most; /* values that are kept; 0: all */
    size_t more; /* those beyond them */
};

struct render {
    struct json_write *w; /* borrowed; unused by RENDER_ITEMS */
    enum render_shape shape;
    const char *names; /* of RENDER_TUPLES, blanks between them */
    size_t max;        /* bytes of a value that are shown */
    bool is_flat;      /* the reply's members are written into an object that is open already */
    struct bytes by;   /* of RENDER_SURVEY: the column that rows are ordered by; n 0: key */
    void (*item)(void *to, const struct answer_item *item); /* of RENDER_ITEMS */
    void *to;
    struct render_kept *kept; /* of RENDER_KEEP; borrowed */
    bool keeps_fronts;        /* at most `max` bytes of each value, and a character, are kept */
    struct answer answer;
    uint64_t is_object; /* bit d: what is open at depth d is an object here */
    uint64_t is_map;    /* and it is a map there */
    uint32_t index[ANSWER_DEPTH];
    struct buf text;  /* of a string that pieces share: its front */
    uint64_t text_n;  /* and its length */
    bool secret;      /* the next value is */
    bool is_nothing;  /* the reply is 0 or null */
    long long done;   /* of RENDER_DONE */
    unsigned skips;   /* what is deeper is not written; 0: all is */
    struct buf error; /* the reply is this error, and nothing was written; n 0: it is none */
    unsigned rows;    /* entries written so far (RENDER_ENTRIES) */
    char id[48];      /* of the one under way */
    char last[48];    /* the ID of the last of them */
    bool full;        /* not all of them fitted */
    int part;         /* of the place of a row (RENDER_SURVEY): what comes next, or -1 */
    /* Rows of RENDER_SURVEY have the same members: what became of their names in the first row. */
    struct render_member {
        char name[24], shown[24];
        unsigned char name_n, shown_n; /* name_n 0: not known */
        signed char part;
    } members[RENDER_MEMBERS];
    /* Where a row of RENDER_SURVEY is: value, db, key, group. */
    struct render_place {
        struct buf words[4];
        bool has_group, is_cut;
    } place, last_place; /* of the row under way; of the last one that was written */
    bool is_descending;
    struct json_write_mark row;   /* the start of the current row */
    struct json_write_mark front; /* after the last of its fields that fits, with room to end it */
    bool has_front;               /* false: not even the start of its fields fits */
    uint32_t front_fields;
};

/* Zero-initialised but for w, shape, names, max. Takes the reply's bytes in pieces. False: it is no
 * RESP3. */
bool render_feed(struct render *r, struct bytes piece);
void render_end(struct render *r);
void render_kept_free(struct render_kept *k);
/* Of RENDER_SURVEY: where the last row is, as `after` of the next page. Of a long name it is the
 * place behind all names with the same 200 bytes in front: a target has no room for more. null:
 * nothing comes after it, as these are all 0xff and rows are ordered by that name. */
void render_write_place(const struct render *r);

#endif
