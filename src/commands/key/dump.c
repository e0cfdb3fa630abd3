/* DUMP: a value as bytes, its RDB form with a version and a CRC (persist/dump), which RESTORE
 * takes on this server and others. */
#include "commands/index.h"

#include "persist/dump.h"

static void do_dump(struct call *call)
{
    struct entry *e = db_read(call->db, call->argv[1]);
    struct buf b = {0};
    if (!e) {
        reply_null(call->reply);
        return;
    }
    dump_write(&b, e, call->engine->settings->rdbcompression);
    reply_bulk(call->reply, buf_bytes(&b));
    buf_free(&b);
}

const struct command dump_command = {
    .name = "dump",
    .usage = "key:key",
    .summary = "Returns the serialized value of a key, for RESTORE.",
    .since = "2.6.0",
    .complexity = "O(N) with N what the value holds",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_dump,
};
