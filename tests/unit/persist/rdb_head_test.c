#include "persist/rdb_head.h"

#include "persist/aof_frame.h"
#include "rdb.h"
#include "unit.h"

#include <unistd.h>

static char path[] = "/tmp/millrace-head-test-XXXXXX";

static bool head_of(struct bytes data, struct rdb_head *out)
{
    FILE *f = fopen(path, "w");
    fwrite(data.p, 1, data.n, f);
    fclose(f);
    return rdb_head_read(path, out);
}

TEST(what_a_snapshot_says_of_itself)
{
    struct rdb_head h;
    strcpy(path + strlen(path) - 6, "XXXXXX");
    close(mkstemp(path));
    /* fa | name | value; other fields are passed, and the first key ends it */
    CHECK(head_of(rdb_hex("'REDIS0011' fa 09'redis-ver' 05'7.2.4' fa 13'millrace-generation' c007 "
                          "fa 0c'millrace-aof' c001 fe00 fa 13'millrace-generation' c009"),
                  &h));
    CHECK(h.generation == 7 && h.aof);
    CHECK(head_of(rdb_hex("'REDIS0011' ff"), &h) && h.generation == 0 && !h.aof);
    CHECK(head_of(rdb_hex("'REDIS0011' fa 13'millrace-generation' c0ff ff"), &h));
    CHECK(h.generation == 0); /* not below 0 */
    CHECK(!head_of(rdb_hex("'REDIS001'"), &h) && !head_of(rdb_hex(""), &h));
    CHECK(!head_of(rdb_hex("'*3~SET~k~v~'"), &h));
    /* Somebody followed: Redis says so by naming its history, we in words. */
    CHECK(head_of(rdb_hex("'REDIS0010' fa 07'repl-id' 01'a' ff"), &h) && h.replicas);
    CHECK(
        head_of(rdb_hex("'REDIS0011' fa 07'repl-id' 01'a' fa 11'millrace-replicas' c000 ff"), &h));
    CHECK(!h.replicas);
    CHECK(head_of(rdb_hex("'VALKEY080' fa 07'repl-id' 01'a' ff"), &h) && h.replicas);
    unlink(path);
    CHECK(!rdb_head_read(path, &h));
}

/* A base of commands: a header, then the generation. */
TEST(what_a_base_of_commands_says_of_itself)
{
    struct aof_frame_header frame = {.version = AOF_FRAME_VERSION,
                                     .salt = 5,
                                     .replication_id = "0123456789012345678901234567890123456789"};
    char text[AOF_FRAME_HEADER_MAX + AOF_FRAME_LINE_MAX];
    struct rdb_head h;
    size_t n = aof_frame_print_header(&frame, text), header = n;
    n += aof_frame_print_generation(frame.salt, 12, text + n);
    CHECK(head_of(bytes_of(text, n), &h) && h.generation == 12);
    CHECK(!head_of(bytes_of(text, header), &h)); /* an increment has none */
    text[header + 14] ^= 1;
    CHECK(!head_of(bytes_of(text, n), &h));
    unlink(path);
}

UNIT_MAIN(T(what_a_snapshot_says_of_itself), T(what_a_base_of_commands_says_of_itself))
