#include "store/changes.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/value_digest.h"
#include "type/value.h"

#define READS_MOST  32              /* digests per command */
#define DIGEST_MOST ((size_t)65536) /* larger values are not compared */

#define LEVELS 8 /* three are possible: EXEC, a script in it, its command */

/* A fetched key. */
struct fetch {
    int db;
    struct str *key;
    bool is_write;
    bool is_excused;          /* read here, and fetched for writing by an inner command */
    unsigned char digest[20]; /* if it was read */
};

struct changes {
    struct fetch *fetched; /* in order, those of inner commands after those of outer ones */
    size_t n, cap;
    size_t starts[LEVELS]; /* first one of each running command */
    unsigned level;        /* running commands */
    size_t reads;          /* among fetched */
};

struct changes *changes_new(void)
{
    return mem_zalloc(sizeof(struct changes));
}

/* Keeps the first n. */
static void forget(struct changes *c, size_t n)
{
    while (c->n > n) {
        struct fetch *f = &c->fetched[--c->n];
        c->reads -= !f->is_write;
        str_unref(f->key);
    }
}

void changes_free(struct changes *c)
{
    if (!c)
        return;
    forget(c, 0);
    mem_free(c->fetched);
    mem_free(c);
}

void changes_begin(struct changes *c)
{
    ASSERT(c->level < LEVELS);
    c->starts[c->level++] = c->n;
}

static struct fetch *add(struct changes *c, int db, struct bytes key)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 64;
        c->fetched = mem_realloc(c->fetched, c->cap * sizeof(*c->fetched));
    }
    struct fetch *f = &c->fetched[c->n++];
    *f = (struct fetch){.db = db, .key = str_new(key), .is_write = true};
    return f;
}

void changes_note_write(struct changes *c, int db, struct bytes key)
{
    if (c->level)
        add(c, db, key);
}

void changes_note_read(struct changes *c, int db, struct bytes key, const struct entry *e)
{
    if (!c->level || !e || c->reads == READS_MOST || value_memory(e, 8) > DIGEST_MOST)
        return;
    struct fetch *f = add(c, db, key);
    f->is_write = false;
    c->reads++;
    value_digest(e, f->digest);
}

static bool is_of(const struct fetch *f, int db, struct bytes key)
{
    return f->db == db && bytes_equal(str_bytes(f->key), key);
}

void changes_check(struct changes *c, int db, struct bytes key)
{
    bool fetched_for_change = c->level == 0;
    for (size_t i = c->n; !fetched_for_change && i-- > c->starts[c->level - 1];)
        fetched_for_change = c->fetched[i].is_write && is_of(&c->fetched[i], db, key);
    ASSERT(fetched_for_change);
}

void changes_forget_reads(struct changes *c)
{
    for (size_t i = 0; i < c->n; i++)
        c->fetched[i].is_write = true;
    c->reads = 0;
}

/* Whether it was fetched for writing after it was read. */
static bool was_written(const struct changes *c, size_t at)
{
    const struct fetch *read = &c->fetched[at];
    for (size_t i = at + 1; i < c->n; i++)
        if (c->fetched[i].is_write && is_of(&c->fetched[i], read->db, str_bytes(read->key)))
            return true;
    return false;
}

static void compare(const struct changes *c, size_t at, changes_find *find, void *context)
{
    const struct fetch *read = &c->fetched[at];
    if (read->is_write || read->is_excused || was_written(c, at))
        return;
    struct entry *e = find(context, read->db, str_bytes(read->key));
    unsigned char now[20];
    ASSERT(e != NULL);
    value_digest(e, now);
    bool read_only_values_are_unchanged = memcmp(now, read->digest, sizeof(now)) == 0;
    ASSERT(read_only_values_are_unchanged);
}

/* Outer commands may have read these keys, which may legitimately have changed since. */
static void excuse(struct changes *c, size_t start)
{
    for (size_t i = 0; i < start && c->reads; i++)
        for (size_t k = start; k < c->n && !c->fetched[i].is_write && !c->fetched[i].is_excused;
             k++)
            c->fetched[i].is_excused =
                (c->fetched[k].is_write || c->fetched[k].is_excused) &&
                is_of(&c->fetched[k], c->fetched[i].db, str_bytes(c->fetched[i].key));
}

void changes_end(struct changes *c, changes_find *find, void *context)
{
    ASSERT(c->level > 0);
    size_t start = c->starts[c->level - 1];
    for (size_t i = start; i < c->n; i++)
        compare(c, i, find, context);
    c->level--;
    excuse(c, start);
    forget(c, start);
}
