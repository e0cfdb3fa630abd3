/* One buffer, in which offsets and positions belong together like this:
 *
 *         start               whole end       offset
 *           v                     v             v
 *   pending |  groups that ended  | open group  |
 *           ^           ^         ^
 *       slowest      a reader    the fastest reader
 *       reader
 *
 * start is offset - pending.n. When the slowest reader moves, the bytes in front of it are dropped,
 * so start is always where the slowest is. When the outermost group ends with more than one effect,
 * MULTI is put in front of it, which moves its bytes: nobody may stand within it, and so a group is
 * handed out only when it has ended. */
#include "persist/journal.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"

#include <ctype.h>

static const char multi_text[] = "*1\r\n$5\r\nMULTI\r\n";
static const char exec_text[] = "*1\r\n$4\r\nEXEC\r\n";

#define KEPT ((size_t)4 << 20) /* an empty buffer that is larger is given back */

/* "*<n>" or "$<n>", and the line's end. */
static size_t header(char *to, char kind, size_t n)
{
    to[0] = kind;
    size_t len = 1 + num_print_uint(to + 1, n);
    memcpy(to + len, "\r\n", 2);
    return len + 2;
}

void journal_format(struct buf *out, const struct bytes *argv, int argc)
{
    size_t need = 24; /* bytes of a header; room is asked for once */
    for (int i = 0; i < argc; i++)
        need += argv[i].n + 26;
    char *start = buf_room(out, need), *at = start;
    at += header(at, '*', (size_t)argc);
    for (int i = 0; i < argc; i++) {
        at += header(at, '$', argv[i].n);
        if (argv[i].n)
            memcpy(at, argv[i].p, argv[i].n);
        at += argv[i].n;
        memcpy(at, "\r\n", 2);
        at += 2;
    }
    out->n += (size_t)(at - start);
}

void journal_group_wrap(struct journal *j)
{
    ASSERT(j->group_start <= j->pending.n && j->group_effects > 1);
    size_t n = sizeof(multi_text) - 1, body = j->pending.n - j->group_start;
    buf_room(&j->pending, n);
    char *at = j->pending.p + j->group_start;
    memmove(at + n, at, body);
    memcpy(at, multi_text, n);
    j->pending.n += n;
    buf_add_text(&j->pending, exec_text);
    j->offset += n + sizeof(exec_text) - 1;
}

void journal_put(struct journal *j, int db, const struct bytes *argv, int argc, struct bytes raw)
{
    size_t before = j->pending.n;
    if (j->db != db) {
        char text[NUM_INT_MAX];
        struct bytes select[] = {BYTES("SELECT"), bytes_of(text, num_print_int(text, db))};
        journal_format(&j->pending, select, 2);
        j->db = db;
    }
    if (raw.n)
        buf_add(&j->pending, raw);
    else
        journal_format(&j->pending, argv, argc);
    j->offset += j->pending.n - before;
    j->group_effects++;
}

void journal_forget_db(struct journal *j)
{
    j->db = -1;
}

struct journal *journal_new(void)
{
    struct journal *j = mem_zalloc(sizeof(*j));
    j->db = -1;
    rng_hex(j->id, 40);
    return j;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    ASSERT(!j->readers);
    buf_free(&j->pending);
    mem_free(j);
}

void journal_continue(struct journal *j, const char *id, uint64_t offset)
{
    size_t n = strnlen(id, sizeof(j->id));
    if (n != sizeof(j->id) - 1 || j->readers || j->paused)
        return;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)id[i]))
            return;
    ASSERT(j->pending.n == 0);
    memcpy(j->id, id, sizeof(j->id));
    j->offset = offset;
}

static void turn_on_or_off(struct journal *j)
{
    j->on = j->readers && !j->paused;
}

void journal_pause(struct journal *j)
{
    j->paused = true;
    turn_on_or_off(j);
}

void journal_resume(struct journal *j)
{
    j->paused = false;
    turn_on_or_off(j);
}

/* ---- Readers */

size_t journal_whole(const struct journal *j)
{
    return j->depth ? j->group_start : j->pending.n;
}

/* Offset of the first pending byte. */
static uint64_t start(const struct journal *j)
{
    return j->offset - j->pending.n;
}

/* Offset up to which groups have ended. */
static uint64_t whole_end(const struct journal *j)
{
    return start(j) + journal_whole(j);
}

bool journal_is_sound(const struct journal *j)
{
    uint64_t slowest = j->offset;
    for (const struct journal_reader *r = j->readers; r; r = r->next) {
        if (r->journal != j || r->offset < start(j) || r->offset > whole_end(j))
            return false;
        if (r->offset < slowest)
            slowest = r->offset;
    }
    return (!j->on || j->readers || j->paused) && j->depth >= 0 && j->pending.n <= j->offset &&
           (!j->depth || j->group_start <= j->pending.n) &&
           (j->readers ? slowest == start(j) : j->pending.n == 0);
}

/* Drops what everybody has taken. */
static void trim(struct journal *j)
{
    uint64_t slowest = j->readers->offset;
    for (const struct journal_reader *r = j->readers->next; r; r = r->next)
        if (r->offset < slowest)
            slowest = r->offset;
    size_t n = (size_t)(slowest - start(j));
    ASSERT(n <= journal_whole(j));
    if (n == 0)
        return;
    buf_consume(&j->pending, n);
    if (j->depth)
        j->group_start -= n;
    if (j->pending.n == 0 && j->pending.cap > KEPT)
        buf_free(&j->pending);
}

/* Nobody is left who wants the pending bytes. An open group starts anew with its next effect. */
static void drop_all(struct journal *j)
{
    j->pending.n = 0;
    j->group_start = 0;
    j->group_effects = 0;
}

void journal_attach(struct journal *j, struct journal_reader *r)
{
    ASSERT(!r->journal);
    ASSERT(!j->depth || j->group_start == j->pending.n);
    *r = (struct journal_reader){.journal = j, .next = j->readers, .offset = j->offset};
    j->readers = r;
    turn_on_or_off(j);
}

void journal_detach(struct journal_reader *r)
{
    struct journal *j = r->journal;
    if (!j)
        return;
    struct journal_reader **at = &j->readers;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    *r = (struct journal_reader){0};
    turn_on_or_off(j);
    if (j->readers)
        trim(j);
    else
        drop_all(j);
}

struct bytes journal_unread(const struct journal_reader *r)
{
    const struct journal *j = r->journal;
    size_t from = (size_t)(r->offset - start(j));
    return bytes_of(j->pending.p + from, journal_whole(j) - from);
}

char *journal_room_behind(struct journal_reader *r, size_t n)
{
    struct journal *j = r->journal;
    return journal_whole(j) == j->pending.n ? buf_room(&j->pending, n) : NULL;
}

void journal_take(struct journal_reader *r, size_t n)
{
    struct journal *j = r->journal;
    ASSERT(n <= whole_end(j) - r->offset);
    r->offset += n;
    trim(j);
}

void journal_skip(struct journal_reader *r)
{
    struct journal *j = r->journal;
    bool alone = j->readers == r && !r->next;
    ASSERT(alone || !j->depth || j->group_start == j->pending.n);
    r->offset = j->offset;
    if (alone)
        drop_all(j);
    else
        trim(j);
}
