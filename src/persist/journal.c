#include "persist/journal.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"

#include <ctype.h>

static const char multi_text[] = "*1\r\n$5\r\nMULTI\r\n";
static const char exec_text[] = "*1\r\n$4\r\nEXEC\r\n";

static size_t header(char *to, char kind, size_t n)
{
    to[0] = kind;
    size_t len = 1 + num_print_uint(to + 1, n);
    memcpy(to + len, "\r\n", 2);
    return len + 2;
}

void journal_format(struct buf *out, const struct bytes *argv, int argc)
{
    size_t need = 24;
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

size_t journal_whole(const struct journal *j)
{
    return j->depth ? j->group_start : j->pending.n;
}

void journal_taken(struct journal *j, size_t n)
{
    ASSERT(n <= journal_whole(j));
    buf_consume(&j->pending, n);
    if (j->depth)
        j->group_start -= n;
    if (j->pending.n == 0 && j->pending.cap > (size_t)4 << 20)
        buf_free(&j->pending);
}

void journal_drop(struct journal *j)
{
    j->pending.n = 0;
    j->group_start = 0;
    j->group_effects = 0;
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
    buf_free(&j->pending);
    mem_free(j);
}

void journal_continue(struct journal *j, const char *id, uint64_t offset)
{
    size_t n = strnlen(id, sizeof(j->id));
    if (n != sizeof(j->id) - 1)
        return;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)id[i]))
            return;
    memcpy(j->id, id, sizeof(j->id));
    j->offset = offset;
}
