/* RESTORE: a value from the bytes that DUMP made. */
#include "commands/index.h"

#include "base/log.h"
#include "base/num.h"
#include "persist/dump.h"
#include "store/lru.h"

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

static void do_restore(struct call *call)
{
    struct restore_options o;
    struct bytes key = call->argv[1];
    struct entry *e;
    long long ttl;
    char text[NUM_INT_MAX];
    struct rdb_get_options values = rdb_get_options_from(call->engine->settings);
    values.any_checksum = call->engine->debug.skip_checksums;
    if (!parse(call, &o))
        return;
    if (!o.replace && db_write(call->db, key)) {
        reply_errorf(call->reply, "BUSYKEY Target key name already exists.");
        return;
    }
    if (!call_int(call, 2, &ttl))
        return;
    if (ttl < 0) {
        reply_errorf(call->reply, "ERR Invalid TTL value, must be >= 0");
        return;
    }
    const char *what;
    char error[DUMP_ERROR];
    switch (dump_read(call->argv[3], key, &values, &e, &what, error)) {
    case DUMP_BAD_FRAME:
        reply_errorf(call->reply, "ERR DUMP payload version or checksum are wrong");
        return;
    case DUMP_FOREIGN:
        reply_errorf(call->reply, "ERR Bad data format: the payload holds %s", what);
        return;
    case DUMP_BAD_DATA:
    case DUMP_STOPPED:
        log_line(LOG_WARNING, "RESTORE of a bad payload: %s", error);
        reply_errorf(call->reply, "ERR Bad data format");
        return;
    case DUMP_GOOD:
        break;
    }
    struct entry *old = db_write(call->db, key);
    enum value_type was = old ? value_type(old) : value_type(e);
    bool had = old;
    if (had)
        db_delete(call->db, key);
    if (ttl && !o.absolute && !num_add(ttl, call->now_ms, &ttl))
        ttl = INT64_MAX;
    if (ttl && ttl <= call->now_ms && !call_is_replay(call)) {
        value_free(e);
        if (had) {
            CALL_EFFECT(call, BYTES("DEL"), key);
            db_changed(call->db, key, DB_EVENT_GENERIC, "del");
            db_ready(call->db, key);
        }
        reply_ok(call->reply);
        return;
    }
    if (ttl)
        e = entry_set_deadline(e, ttl);
    db_add(call->db, e);
    if (had)
        db_overwritten(call->db, key, was, value_type(e));
    lru_set(&call->store->lru, e, o.idle_s, o.frequency);
    if (ttl)
        CALL_EFFECT(call, BYTES("RESTORE"), key, bytes_of(text, num_print_int(text, ttl)),
                    call->argv[3], BYTES("ABSTTL"), BYTES("REPLACE"));
    else
        CALL_EFFECT(call, BYTES("RESTORE"), key, BYTES("0"), call->argv[3], BYTES("REPLACE"));
    db_changed(call->db, key, DB_EVENT_GENERIC, "restore");
    db_ready(call->db, key);
    reply_ok(call->reply);
}

const struct command restore_command = {
    .name = "restore",
    .usage = "key:key ttl:int serialized-value:string [REPLACE] [ABSTTL] [IDLETIME seconds:int] "
             "[FREQ frequency:int]",
    .summary = "Makes a key from the bytes that DUMP gave.",
    .since = "2.6.0",
    .complexity = "O(N) with N what the value holds",
    .group = GROUP_GENERIC,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE | COMMAND_KEYSPACE | COMMAND_DANGEROUS,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_restore,
};

/* What a cluster's nodes send one another: RESTORE and ASKING in one. */
const struct command restore_asking_command = {
    .name = "restore-asking",
    .usage = "key:key ttl:int serialized-value:string [REPLACE] [ABSTTL] [IDLETIME seconds:int] "
             "[FREQ frequency:int]",
    .summary = "Makes a key from the bytes that DUMP gave.",
    .since = "3.0.0",
    .complexity = "O(N) with N what the value holds",
    .group = GROUP_SERVER,
    .arity = -4,
    .flags =
        COMMAND_DENYOOM | COMMAND_WRITE | COMMAND_KEYSPACE | COMMAND_DANGEROUS | COMMAND_ASKING,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_restore,
};
