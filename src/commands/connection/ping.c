/* PING. A subscriber in RESP2 gets an array, where everything must look like a message. */
#include "commands/index.h"

static void do_ping(struct call *call)
{
    struct client *c = call->client;
    if (call->argc > 2) {
        helpers_wrong_arity(call, call->command);
        return;
    }
    /* In RESP3 replies differ from pushes. */
    if ((c->flags & CLIENT_SUBSCRIBED) && c->reply.resp == 2) {
        reply_array(call->reply, 2);
        reply_bulk_text(call->reply, "pong");
        reply_bulk(call->reply, call->argc == 2 ? call->argv[1] : bytes_of("", 0));
    } else if (call->argc == 2) {
        reply_bulk(call->reply, call->argv[1]);
    } else {
        reply_raw(call->reply, BYTES("+PONG\r\n"));
    }
}

const struct command ping_command = {
    .name = "ping",
    .usage = "[message:string]",
    .summary = "Returns PONG, or its argument.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_CONNECTION,
    .arity = -1,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_FAST | COMMAND_UNTRACKED,
    .handler = do_ping,
};
