/* MIGRATE: sends keys to another server by RESTORE, and deletes them here when it has confirmed
 * them (replica/move). The client is blocked; within a transaction or script, which are atomic, the
 * whole server is. */
#include "commands/index.h"

#include "base/num.h"
#include "command/keys.h"
#include "engine/block.h"
#include "replica/move.h"

#define USUAL_MS 1000

/* Options start at argument 6. */
struct options {
    struct move_order order;
    int keys_at; /* 0: the key is argument 3 */
};

/* False: no such option, or its arguments are missing. Leaves *i at the option's last argument. */
static bool parse_option(struct options *o, const struct bytes *argv, int argc, int *i)
{
    int left = argc - *i - 1;
    struct bytes word = argv[*i];
    if (bytes_is(word, "copy")) {
        o->order.copy = true;
    } else if (bytes_is(word, "replace")) {
        o->order.replace = true;
    } else if (bytes_is(word, "auth") && left >= 1) {
        o->order.user = bytes_of(NULL, 0);
        o->order.password = argv[*i + 1];
        *i += 1;
    } else if (bytes_is(word, "auth2") && left >= 2) {
        o->order.user = argv[*i + 1];
        o->order.password = argv[*i + 2];
        *i += 2;
    } else if (bytes_is(word, "keys")) {
        o->keys_at = *i + 1;
        *i = argc;
    } else {
        return false;
    }
    return true;
}

static bool parse_options(struct options *o, const struct bytes *argv, int argc)
{
    for (int i = 6; i < argc; i++)
        if (!parse_option(o, argv, argc, &i))
            return false;
    return true;
}

/* Also for requests that will be refused: skips unknown words. */
static void find_migrate_keys(struct keys *to, const struct bytes *argv, int argc)
{
    struct options o = {0};
    for (int i = 6; i < argc; i++)
        parse_option(&o, argv, argc, &i);
    if (!o.keys_at) {
        keys_add(to, 3, KEY_RW | KEY_ACCESS | KEY_DELETE);
        return;
    }
    to->misfit = argv[3].n > 0;
    for (int i = o.keys_at; i < argc && !to->misfit; i++)
        keys_add(to, i, KEY_RW | KEY_ACCESS | KEY_DELETE);
}

static bool parse(struct call *call, struct options *o)
{
    long long port, timeout_ms;
    if (!parse_options(o, call->argv, call->argc)) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if (o->keys_at && call->argv[3].n) {
        reply_errorf(call->reply,
                     "ERR When using MIGRATE KEYS option, the key argument must be set "
                     "to the empty string");
        return false;
    }
    if (!call_int(call, 5, &timeout_ms) || !call_int(call, 4, &o->order.to_db))
        return false;
    o->order.timeout_ms = timeout_ms > 0 ? timeout_ms : USUAL_MS;
    o->order.host = call->argv[1];
    if (num_parse_int(call->argv[2], &port) && port > 0 && port <= 65535)
        o->order.port = (int)port;
    o->order.db = call->db;
    o->order.keys = call->argv + (o->keys_at ? o->keys_at : 3);
    o->order.key_n = o->keys_at ? call->argc - o->keys_at : 1;
    return true;
}

static void reply_outcome(struct call *call, struct move *m)
{
    const char *error = move_error(m);
    if (error)
        reply_errorf(call->reply, "%s", error);
    else
        reply_ok(call->reply);
    move_let_go(m);
}

static void do_migrate(struct call *call)
{
    struct moves *all = call->engine->moves;
    struct options o = {0};
    struct move *m = block_has_ended(call) ? move_of(all, call->client) : NULL;
    call_no_effect(call); /* the DEL of each key is journalled */
    if (m && move_is_over(m)) {
        reply_outcome(call, m);
    } else if (m) {
        move_let_go(m);
        reply_errorf(call->reply,
                     "IOERR nobody waits for the target instance any more: keys that it "
                     "has will be deleted here when it says so");
    } else if (parse(call, &o)) {
        bool waits = block_allowed(call);
        m = move_begin(all, &o.order, waits ? call->client : NULL);
        if (!m) {
            reply_simple(call->reply, "NOKEY");
        } else if (waits) {
            block_on(call, &(struct block_options){.null = BLOCK_AGAIN});
        } else {
            move_finish(m);
            reply_outcome(call, m);
        }
    }
}

const struct command migrate_command = {
    .name = "migrate",
    .usage =
        "host:string port:int key-or-empty:key destination-db:int timeout:int [COPY] [REPLACE] "
        "[<AUTH password:string | AUTH2 (username:string password:string)>] [KEYS key:key...]",
    .summary = "Moves keys to another server.",
    .since = "2.6.0",
    .complexity = "O(N) with N what the values hold",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = -6,
    .flags = COMMAND_WRITE | COMMAND_MOVABLEKEYS | COMMAND_KEYSPACE | COMMAND_DANGEROUS,
    .keys = {KEY_RANGE(3, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_BEHIND("KEYS", -2, -1, 1, 0, KEY_RW | KEY_ACCESS | KEY_DELETE | KEY_INCOMPLETE)},
    .find_keys = find_migrate_keys,
    .handler = do_migrate,
    .secrets = {{"auth", 1}, {"auth2", 2}},
};
