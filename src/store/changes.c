#include "store/changes.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/value_digest.h"
#include "type/value.h"

#include <limits.h>

#define READS_MOST  32              /* digests of one command */
#define DIGEST_MOST ((size_t)65536) /* bytes of a value that is compared */

#define ENDED UINT_MAX

/* A key that was fetched. */
struct fetch {
    int db;
    struct str *key;
    unsigned level; /* of the command, 1: the outermost; ENDED: it is over */
    bool is_write;
    unsigned char digest[20]; /* of one that was read */
};

struct changes {
    struct fetch *fetched; /* in order, those of inner commands behind those of outer ones */
    size_t n, cap;
    unsigned level;
    size_t reads; /* among them */
};

struct changes *changes_new(void)
{
    return mem_zalloc(sizeof(struct changes));
}

/* Back to the first n. */
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
    c->level++;
}

static struct fetch *add(struct changes *c, int db, struct bytes key)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 64;
        c->fetched = mem_realloc(c->fetched, c->cap * sizeof(*c->fetched));
    }
    struct fetch *f = &c->fetched[c->n++];
    *f = (struct fetch){.db = db, .key = str_new(key), .level = c->level, .is_write = true};
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
    for (size_t i = c->n; i-- > 0 && !fetched_for_change && c->fetched[i].level >= c->level;)
        fetched_for_change = c->fetched[i].level == c->level && c->fetched[i].is_write &&
                             is_of(&c->fetched[i], db, key);
    ASSERT(fetched_for_change);
}

void changes_forget_reads(struct changes *c)
{
    for (size_t i = 0; i < c->n; i++)
        c->fetched[i].is_write = true;
    c->reads = 0;
}

/* Fetched for change after it was read, by this command or one within it. */
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
    if (read->is_write || was_written(c, at))
        return;
    struct entry *e = find(context, read->db, str_bytes(read->key));
    unsigned char now[20];
    ASSERT(e != NULL);
    value_digest(e, now);
    bool read_only_values_are_unchanged = memcmp(now, read->digest, sizeof(now)) == 0;
    ASSERT(read_only_values_are_unchanged);
}

void changes_end(struct changes *c, changes_find *find, void *context)
{
    ASSERT(c->level > 0);
    for (size_t i = 0; i < c->n; i++)
        if (c->fetched[i].level == c->level) {
            compare(c, i, find, context);
            c->fetched[i].level = ENDED;
        }
    /* What inner commands fetched for change still excuses what the outer one has read. */
    if (--c->level == 0)
        forget(c, 0);
}
