/* libFuzzer: what files and RESTORE hold. The first byte chooses: a snapshot (its checksum is not
 * asked for, or nearly nothing would get past it), an append-only file, DUMP's payload with a
 * footer that fits, a manifest. Seeds: seeds.py. */
#include "base/crc.h"
#include "base/hash.h"
#include "base/mem.h"
#include "persist/aof_read.h"
#include "persist/dump.h"
#include "persist/manifest.h"
#include "persist/rdb_put.h"
#include "persist/rdb_read.h"
#include "type/stream/stream_context.h"
#include "type/value.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct rdb_get_options values = {.list_fill = -2,
                                        .node_entries = 100,
                                        .node_bytes = 4096,
                                        .raw_blocks = 2,
                                        .hash = {.entries = 128, .value = 64},
                                        .set = {.ints = 512, .entries = 128, .value = 64},
                                        .zset = {.entries = 128, .value = 64}};

__attribute__((constructor)) static void make_context(void)
{
    values.streams = stream_context_new();
}

static bool take_effect(void *context, int db, const struct bytes *argv, int argc)
{
    (void)context;
    (void)db;
    return argc > 0 && argv[0].n < 100;
}

static bool take_command(void *context, const struct bytes *argv, int argc)
{
    return take_effect(context, 0, argv, argc);
}

/* What was accepted has to be writable, and to be read again. */
static void write_back(const struct entry *e)
{
    struct buf payload = {0};
    struct entry *again = NULL;
    dump_write(&payload, e, true);
    if (dump_read(buf_bytes(&payload), entry_key(e), &values, &again, &(const char *){NULL},
                  NULL) != DUMP_GOOD)
        __builtin_trap();
    value_free(again);
    buf_free(&payload);
}

static void snapshot(struct bytes x)
{
    struct store *s = db_store_new(16, 1);
    struct rdb_read_options o = {.values = values, .apply = take_effect, .now_ms = 1000000000000};
    struct rdb_read_result r;
    if (rdb_read(s, x, &o, &r) && r.keys)
        for (int i = 0; i < 16; i++) {
            struct table_walk walk;
            table_walk_start(&walk, &s->dbs[i].keys);
            for (struct entry *e; (e = table_walk_next(&walk));)
                write_back(e);
        }
    db_store_free(s);
}

static void payload(struct bytes x)
{
    struct entry *e = NULL;
    struct buf b = {0};
    buf_add(&b, x);
    buf_add(&b, bytes_of("\x0b\0", 2));
    uint64_t sum = crc_64(0, b.p, b.n);
    buf_add(&b, bytes_of(&sum, 8));
    if (dump_read(buf_bytes(&b), BYTES("key"), &values, &e, &(const char *){NULL}, NULL) ==
        DUMP_GOOD) {
        write_back(e);
        value_free(e);
    }
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool ready;
    if (!ready) {
        crc_init();
        hash_init("seed", 4);
        ready = true;
    }
    if (n < 1 || n > 65536)
        return 0;
    struct bytes x = bytes_of(data + 1, n - 1);
    struct aof_read_options ao = {.apply = take_command};
    struct aof_read_result ar;
    struct manifest m = {0};
    char error[MANIFEST_ERROR];
    switch (data[0] % 4) {
    case 0:
        snapshot(x);
        break;
    case 1:
        payload(x);
        break;
    case 2:
        aof_read(x, &ao, &ar);
        if (ar.good > x.n)
            __builtin_trap();
        break;
    case 3:
        if (manifest_parse(&m, x, error))
            manifest_free(&m);
        break;
    }
    return 0;
}
