#include "persist/rdb_skip.h"

#include "persist/rdb_format.h"

#include <stdio.h>

#define META_CLASSES 7

static bool skip_bytes(struct rdb_source *r, size_t n)
{
    return rdb_source_need(r, n) && (r->p += n);
}

static bool skip_lengths(struct rdb_source *r, unsigned n)
{
    uint64_t number;
    while (n--)
        if (!rdb_source_length(r, &number))
            return false;
    return true;
}

static bool skip_strings(struct rdb_source *r, uint64_t n)
{
    struct bytes text;
    for (; n; n--)
        if (!rdb_source_string(r, &text))
            return false;
    return true;
}

/* 2 * n may overflow. */
static bool skip_pairs(struct rdb_source *r, uint64_t n)
{
    return n > UINT64_MAX / 2 ? rdb_source_fail(r, "Damaged set: more members than bytes")
                              : skip_strings(r, 2 * n);
}

/* A module's parts, each preceded by its kind, with 0 at the end. */
static bool skip_items(struct rdb_source *r, bool *any)
{
    for (*any = false;; *any = true) {
        uint64_t kind;
        if (!rdb_source_length(r, &kind))
            return false;
        if (kind == RDB_PART_END)
            return true;
        bool good = kind <= RDB_PART_UNSIGNED ? skip_lengths(r, 1)
                    : kind == RDB_PART_FLOAT  ? skip_bytes(r, 4)
                    : kind == RDB_PART_DOUBLE ? skip_bytes(r, 8)
                    : kind == RDB_PART_STRING ? skip_strings(r, 1)
                                              : rdb_source_fail(r, "Damaged field of a module");
        if (!good)
            return false;
    }
}

static bool skip_array(struct rdb_source *r)
{
    uint64_t n, has_insert, index, tag;
    if (!rdb_source_length(r, &n) || !rdb_source_length(r, &has_insert) ||
        (has_insert && !rdb_source_length(r, &index)))
        return false;
    for (; n; n--) {
        if (!rdb_source_length(r, &index) || !rdb_source_length(r, &tag))
            return false;
        bool good = tag == 0 || tag == 3   ? skip_strings(r, 1)
                    : tag == 1 || tag == 2 ? skip_bytes(r, 8)
                                           : rdb_source_fail(r, "Damaged array");
        if (!good)
            return false;
    }
    return true;
}

/* A script, two times, keys and arguments. */
static bool skip_cron(struct rdb_source *r)
{
    uint64_t n;
    return skip_strings(r, 1) && skip_bytes(r, 16) && rdb_source_length(r, &n) &&
           skip_strings(r, n) && rdb_source_length(r, &n) && skip_strings(r, n);
}

bool rdb_skip_value(struct rdb_source *r, unsigned type, char *what, size_t n)
{
    uint64_t id;
    bool any;
    char name[10];
    snprintf(what, n, "%s (RDB type %u)", rdb_format_foreign(r->dialect, type), type);
    if (type == RDB_MODULE) {
        if (!rdb_source_length(r, &id))
            return false;
        rdb_format_module_name(id, name);
        snprintf(what, n, "a value of the module type %s (RDB type %u)", name, type);
        return skip_items(r, &any);
    }
    if (r->dialect == RDB_REDIS && type == RDB_ARRAY)
        return skip_array(r);
    if (r->dialect == RDB_REDIS && type == RDB_GCRA)
        return skip_lengths(r, 1);
    if (r->dialect == RDB_DRAGONFLY && type == RDB_DRAGONFLY_SET)
        return rdb_source_length(r, &id) && skip_pairs(r, id);
    if (type == RDB_KEYDB_CRON)
        return skip_cron(r);
    return rdb_source_fail(r, "%s cannot be read past", what);
}

bool rdb_skip_module_aux(struct rdb_source *r, char name[10], bool *empty)
{
    uint64_t id;
    bool any;
    if (!rdb_source_length(r, &id) || !skip_lengths(r, 2) || !skip_items(r, &any))
        return false;
    rdb_format_module_name(id, name);
    *empty = !any;
    return true;
}

bool rdb_skip_key_meta(struct rdb_source *r,
                       void (*warn)(void *context, const char *name, bool harmless), void *context)
{
    uint64_t classes;
    if (!rdb_source_length(r, &classes))
        return false;
    if (classes > META_CLASSES)
        return rdb_source_fail(r, "Damaged metadata of a key");
    for (; classes; classes--) {
        char name[5];
        bool any;
        if (!rdb_source_need(r, 4))
            return false;
        unsigned spec =
            r->p[0] | (unsigned)r->p[1] << 8 | (unsigned)r->p[2] << 16 | (unsigned)r->p[3] << 24;
        r->p += 4;
        if (!skip_items(r, &any))
            return false;
        rdb_format_meta_name(spec, name);
        if (warn)
            warn(context, name, spec & 1);
    }
    return true;
}
