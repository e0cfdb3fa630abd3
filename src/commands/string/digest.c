/* DIGEST: the hash of a string, for IFDEQ and IFDNE. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/string/condition.h"
#include "type/string.h"

static void do_digest(struct call *call)
{
    struct entry *e;
    char scratch[NUM_INT_MAX], text[CONDITION_DIGEST];
    if (!call_read(call, call->argv[1], TYPE_STRING, &e))
        return;
    if (!e) {
        reply_null(call->reply);
        return;
    }
    condition_digest(string_view(e, scratch), text);
    reply_bulk(call->reply, bytes_of(text, sizeof(text)));
}

const struct command digest_command = {
    .name = "digest",
    .usage = "key:key",
    .summary = "Returns the XXH3 hash of a string.",
    .since = "8.4.0",
    .complexity = "O(N) with N its length",
    .group = GROUP_STRING,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_digest,
};
