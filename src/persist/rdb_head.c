#include "persist/rdb_head.h"

#include "base/num.h"
#include "io/file.h"
#include "persist/aof_frame.h"
#include "persist/rdb_read.h"
#include "persist/rdb_source.h"

#define LOOKED_AT 4096 /* bytes; the fields are short and come first */

static void take(struct rdb_head *h, struct bytes name, struct bytes value)
{
    long long v;
    /* Redis writes its replication ID only if it had replicas. We have a field of our own for that,
     * which comes later. */
    if (bytes_is(name, "repl-id"))
        h->replicas = true;
    if (!num_parse_int(value, &v) || v < 0)
        return;
    if (bytes_is(name, "millrace-generation"))
        h->generation = (uint64_t)v;
    else if (bytes_is(name, "millrace-aof"))
        h->aof = v != 0;
    else if (bytes_is(name, "millrace-replicas"))
        h->replicas = v != 0;
}

bool rdb_head_read(const char *path, struct rdb_head *out)
{
    char start[LOOKED_AT];
    int n = file_read_start(path, start, sizeof(start));
    struct aof_frame_header head;
    size_t head_n;
    *out = (struct rdb_head){0};
    if (n > 0 && aof_frame_parse_header(bytes_of(start, (size_t)n), &head, &head_n))
        return aof_frame_parse_generation(head.salt, bytes_of(start + head_n, (size_t)n - head_n),
                                          &out->generation) > 0;
    if (n < RDB_MAGIC_BYTES || !rdb_read_is_snapshot(bytes_of(start, (size_t)n)))
        return false;
    const unsigned char *p = (const unsigned char *)start;
    struct rdb_source r = {.start = p, .p = p + RDB_MAGIC_BYTES, .end = p + n};
    unsigned op;
    struct bytes name, value;
    while (rdb_source_byte(&r, &op) && op == RDB_AUX &&
           rdb_source_string_into(&r, &name, &r.blob) && rdb_source_string(&r, &value))
        take(out, name, value);
    rdb_source_free(&r);
    return true;
}
