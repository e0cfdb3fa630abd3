/* The part of a DUMP of type 225 that follows the stream, read back into a stream of five entries.
 */
#ifndef DUMPED_H
#define DUMPED_H

#include "persist/dump_stream.h"
#include "rdb.h"
#include "unit.h"

/* Entries 1-0 to 5-0, as type 21 leaves them. */
static struct stream *five(void)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct stream_log_policy policy = {100, 4096, 2};
    struct bytes pair[] = {BYTES("a"), BYTES("b")};
    for (uint64_t ms = 1; ms <= 5; ms++)
        stream_append(s, (struct stream_id){ms, 0}, pair, 1, &policy);
    return s;
}

static struct stream *read_back(struct bytes data, char error[160])
{
    struct stream *s = five();
    struct rdb_source r = rdb_source_of(data);
    bool good = dump_stream_get(&r, s, RDB_MILLRACE_QUEUE) && r.p == r.end;
    snprintf(error, 160, "%s", r.error);
    rdb_source_free(&r);
    if (good)
        return s;
    stream_free(s);
    return NULL;
}

/* Whether reading it fails with this in the error. */
static bool refused(const char *hex, const char *why)
{
    char error[160];
    struct stream *s = read_back(rdb_hex(hex), error);
    bool good = !s && strstr(error, why);
    if (!good)
        printf("# %s: %s\n", hex, s ? "taken" : error);
    stream_free(s);
    return good;
}

static bool is_same(const struct stream *a, const struct stream *b)
{
    struct rdb_sink x = {.fd = -1}, y = {.fd = -1};
    dump_stream_put(&x, a, RDB_MILLRACE_QUEUE);
    dump_stream_put(&y, b, RDB_MILLRACE_QUEUE);
    bool equal = bytes_equal(buf_bytes(&x.out), buf_bytes(&y.out));
    rdb_sink_free(&x);
    rdb_sink_free(&y);
    return equal && stream_is_sound(b);
}

/* Reads back equal; truncated anywhere, it is refused; with any bit flipped, it is refused or
 * still a sound stream. */
static bool comes_back(const struct stream *s)
{
    struct rdb_sink to = {.fd = -1, .compress = true};
    char error[160];
    if (dump_stream_type(s) != RDB_MILLRACE_QUEUE)
        return false;
    dump_stream_put(&to, s, RDB_MILLRACE_QUEUE);
    struct stream *t = read_back(buf_bytes(&to.out), error);
    bool good = t && is_same(s, t);
    if (!t)
        printf("# %s\n", error);
    for (size_t n = 0; n < to.out.n; n++) {
        struct stream *cut = read_back(bytes_of(to.out.p, n), error);
        good = good && !cut;
        stream_free(cut);
    }
    for (size_t i = 0; i < to.out.n * 8; i++) {
        to.out.p[i / 8] ^= (char)(1 << i % 8);
        struct stream *bent = read_back(buf_bytes(&to.out), error);
        good = good && (!bent || stream_is_sound(bent));
        stream_free(bent);
        to.out.p[i / 8] ^= (char)(1 << i % 8);
    }
    stream_free(t);
    rdb_sink_free(&to);
    return good;
}

#endif
