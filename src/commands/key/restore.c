/* RESTORE: makes a value from the bytes of DUMP. The payload is validated before the old value is
 * deleted. The journal gets the time of expiry, not the TTL. */
#include "commands/index.h"

#include "base/log.h"
#include "base/num.h"
#include "persist/dump.h"
#include "store/lru.h"

#define WRAPPED_ALWAYS "99.0.0" /* newer than any Redis of rdb-compat */

struct restore_options {
    bool replace, absolute;
    long long idle_s, frequency; /* -1: not given */
};

static bool parse(struct call *call, struct restore_options *o)
{
    *o = (struct restore_options){.idle_s = -1, .frequency = -1};
    for (int i = 4; i < call->argc; i++) {
        bool more = i + 1 < call->argc;
        if (bytes_is(call->argv[i], "replace")) {
            o->replace = true;
        } else if (bytes_is(call->argv[i], "absttl")) {
            o->absolute = true;
        } else if (more && o->frequency == -1 && bytes_is(call->argv[i], "idletime")) {
            if (!call_int(call, ++i, &o->idle_s))
                return false;
            if (o->idle_s < 0) {
                reply_errorf(call->reply, "ERR Invalid IDLETIME value, must be >= 0");
                return false;
            }
        } else if (more && o->idle_s == -1 && bytes_is(call->argv[i], "freq")) {
            if (!call_int(call, ++i, &o->frequency))
                return false;
            if (o->frequency < 0 || o->frequency > 255) {
                reply_errorf(call->reply, "ERR Invalid FREQ value, must be >= 0 and <= 255");
                return false;
            }
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* The time of expiry; 0: never. */
static bool parse_ttl(struct call *call, bool absolute, long long *at_ms)
{
    if (!call_int(call, 2, at_ms))
        return false;
    if (*at_ms < 0) {
        reply_errorf(call->reply, "ERR Invalid TTL value, must be >= 0");
        return false;
    }
    if (*at_ms && !absolute && !num_add(*at_ms, call->now_ms, at_ms))
        *at_ms = INT64_MAX;
    return true;
}

static bool read_value(struct call *call, struct entry **e)
{
    struct rdb_get_options values =
        rdb_get_options_from(call->engine->settings, call->store->streams);
    const char *what;
    char error[DUMP_ERROR];
    values.any_checksum = call->engine->debug.skip_checksums;
    switch (dump_read(call->argv[3], call->argv[1], &values, e, &what, error)) {
    case DUMP_GOOD:
        return true;
    case DUMP_BAD_FRAME:
        call_error(call, ERR_DUMP_FRAME);
        return false;
    case DUMP_FOREIGN:
        reply_errorf(call->reply, "ERR Bad data format: the payload holds %s", what);
        return false;
    default:
        log_line(LOG_WARNING, "RESTORE: invalid payload: %s", error);
        reply_errorf(call->reply, "ERR Bad data format");
        return false;
    }
}

/* since: see call_effect_since(). */
static void journal_restore(struct call *call, const char *since, struct bytes payload,
                            long long at_ms)
{
    char text[NUM_INT_MAX];
    const struct bytes argv[] = {
        BYTES("RESTORE"), call->argv[1],    bytes_of(text, num_print_int(text, at_ms)),
        payload,          BYTES("REPLACE"), BYTES("ABSTTL")};
    call_effect_since(call, since, argv, at_ms ? 6 : 5);
}

/* A payload that readers of stream and files do not support is converted to what they know; if that
 * loses something, the original follows, wrapped. */
static void effect(struct call *call, const struct entry *e, long long at_ms)
{
    const struct settings *s = call->engine->settings;
    const char *since = call->command->since;
    struct buf known = {0};
    if (!call->engine->journal->on)
        return;
    if (dump_is_for(call->argv[3], s->rdb_compat)) {
        journal_restore(call, since, call->argv[3], at_ms);
        return;
    }
    bool less = dump_write_for(&known, e, s->rdbcompression, s->rdb_compat);
    journal_restore(call, since, buf_bytes(&known), at_ms);
    if (less)
        journal_restore(call, WRAPPED_ALWAYS, call->argv[3], at_ms);
    buf_free(&known);
}

static void do_restore(struct call *call)
{
    struct restore_options o;
    struct bytes key = call->argv[1];
    struct entry *e;
    long long at_ms;
    if (!parse(call, &o))
        return;
    if (!o.replace && db_write(call->db, key)) {
        reply_errorf(call->reply, "BUSYKEY Target key name already exists.");
        return;
    }
    if (!parse_ttl(call, o.absolute, &at_ms) || !read_value(call, &e))
        return;
    if (!helpers_allows_value(call, e)) {
        value_free(e);
        return;
    }
    struct entry *old = db_write(call->db, key);
    enum value_type was = old ? value_type(old) : value_type(e);
    bool had = old;
    if (had)
        db_delete(call->db, key);
    if (at_ms && at_ms <= call->now_ms && !call_is_replay(call)) {
        /* It would expire at once, so it is not created. */
        value_free(e);
        if (had) {
            CALL_EFFECT(call, BYTES("DEL"), key);
            db_changed(call->db, key, DB_EVENT_GENERIC, "del");
            db_ready(call->db, key);
        }
        reply_ok(call->reply);
        return;
    }
    if (at_ms)
        e = entry_set_deadline(e, at_ms);
    db_add(call->db, e);
    if (had)
        db_overwritten(call->db, key, was, value_type(e));
    lru_set(&call->store->lru, e, o.idle_s, o.frequency);
    effect(call, e, at_ms);
    db_changed(call->db, key, DB_EVENT_GENERIC, "restore");
    db_ready(call->db, key);
    reply_ok(call->reply);
}

const struct command restore_command = {
    .name = "restore",
    .usage = "key:key ttl:int serialized-value:string [REPLACE] [ABSTTL] [IDLETIME seconds:int] "
             "[FREQ frequency:int]",
    .summary = "Creates a key from a serialized value.",
    .since = "2.6.0",
    .complexity = "O(N) with N what the value holds",
    .group = GROUP_GENERIC,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE | COMMAND_KEYSPACE | COMMAND_DANGEROUS,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_restore,
};

/* Sent by cluster nodes to each other: RESTORE and ASKING in one. */
const struct command restore_asking_command = {
    .name = "restore-asking",
    .usage = "key:key ttl:int serialized-value:string [REPLACE] [ABSTTL] [IDLETIME seconds:int] "
             "[FREQ frequency:int]",
    .summary = "Creates a key from a serialized value.",
    .since = "3.0.0",
    .complexity = "O(N) with N what the value holds",
    .group = GROUP_SERVER,
    .arity = -4,
    .flags =
        COMMAND_DENYOOM | COMMAND_WRITE | COMMAND_KEYSPACE | COMMAND_DANGEROUS | COMMAND_ASKING,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_restore,
};
