#include "commands/hash/field_ttl.h"

#include "base/num.h"
#include "commands/expiry_arg.h"
#include "commands/hash/field_effect.h"
#include "commands/hash/hash_args.h"

/* GT treats no TTL as infinitely late, so it never holds; LT always does. */
static bool condition_holds(enum field_ttl_condition c, int64_t had_ms, int64_t at_ms)
{
    switch (c) {
    case FIELD_TTL_NX:
        return had_ms < 0;
    case FIELD_TTL_XX:
        return had_ms >= 0;
    case FIELD_TTL_GT:
        return had_ms >= 0 && at_ms > had_ms;
    case FIELD_TTL_LT:
        return had_ms < 0 || at_ms < had_ms;
    default:
        return true;
    }
}

/* Returns the reply for the field. */
static int set_one(struct call *call, struct entry *e, struct bytes name,
                   enum field_ttl_condition c, int64_t at_ms)
{
    struct hash *h = value_to_change(e);
    struct hash_field f;
    int result = 1;
    if (!hash_args_find(call, h, name, &f))
        return -2;
    if (!condition_holds(c, f.deadline_ms, at_ms))
        return 0;
    if (at_ms <= call->now_ms && !call_is_replay(call)) {
        hash_remove(&h, name);
        result = 2;
    } else {
        hash_set_deadline(&h, name, at_ms);
    }
    value_moved(e, h);
    return result;
}

bool field_ttl_parse(struct call *call, int i, bool seconds, bool absolute, int64_t *out)
{
    long long v;
    if (!call_int(call, i, &v))
        return false;
    if (v < 0) {
        reply_errorf(call->reply, "ERR invalid expire time, must be >= 0");
        return false;
    }
    if ((seconds && !num_mul(v, 1000, &v)) || (!absolute && !num_add(v, call->now_ms, &v)) ||
        v >= INT64_MAX / 2)
        return expiry_arg_refuse(call);
    *out = v;
    return true;
}

void field_ttl_set(struct call *call, struct entry *e, const struct hash_args_fields *fields,
                   enum field_ttl_condition c, int64_t at_ms, bool answers)
{
    struct field_effect kept, dropped;
    char text[NUM_INT_MAX], count[NUM_INT_MAX];
    struct bytes at = {text, num_print_int(text, at_ms)};
    struct bytes expire_head[] = {BYTES("HPEXPIREAT"), call->argv[1], at, BYTES("FIELDS"),
                                  BYTES("")};
    struct bytes delete_head[] = {BYTES("HDEL"), call->argv[1]};
    field_effect_begin(&kept, fields->n, expire_head, 5);
    field_effect_begin(&dropped, fields->n, delete_head, 2);
    kept.since = FIELD_TTL_SINCE;
    for (int i = 0; i < fields->n; i++) {
        struct bytes name = call->argv[fields->first + i * fields->width];
        int result = set_one(call, e, name, c, at_ms);
        if (answers)
            reply_int(call->reply, result);
        if (result == 1)
            field_effect_add(&kept, name);
        else if (result == 2)
            field_effect_add(&dropped, name);
    }
    /* Two effects: for fields that got a TTL, and for those deleted at once. */
    struct db_fields set = field_effect_journal(call, &kept, count);
    struct db_fields gone = field_effect_journal(call, &dropped, NULL);
    if (set.n || gone.n)
        db_note_fields(call->db, e);
    if (set.n)
        db_note_own(call->db, entry_key(e));
    if (set.n)
        hash_args_grown(call, e, "hexpire", set);
    if (gone.n)
        hash_args_shrunk(call, e, "hdel", gone);
    field_effect_end(&kept);
    field_effect_end(&dropped);
}

void field_ttl_tell(struct call *call, struct bytes field, int64_t deadline_ms)
{
    char at[NUM_INT_MAX];
    CALL_EFFECT_SINCE(call, FIELD_TTL_SINCE, BYTES("HPEXPIREAT"), call->argv[1],
                      bytes_of(at, num_print_int(at, deadline_ms)), BYTES("FIELDS"), BYTES("1"),
                      field);
}

void field_ttl_clear(struct call *call, struct entry *e, const struct hash_args_fields *fields,
                     bool answers)
{
    struct field_effect kept;
    struct hash_field f;
    char count[NUM_INT_MAX];
    struct bytes head[] = {BYTES("HPERSIST"), call->argv[1], BYTES("FIELDS"), BYTES("")};
    field_effect_begin(&kept, fields->n, head, 4);
    kept.since = FIELD_TTL_SINCE;
    for (int i = fields->first; i < fields->first + fields->n; i++) {
        int result = !e || !hash_args_find(call, value_object(e), call->argv[i], &f) ? -2
                     : f.deadline_ms < 0                                             ? -1
                                                                                     : 1;
        if (result == 1) {
            struct hash *h = value_to_change(e);
            hash_set_deadline(&h, call->argv[i], HASH_NO_TTL);
            value_moved(e, h);
            field_effect_add(&kept, call->argv[i]);
        }
        if (answers)
            reply_int(call->reply, result);
    }
    struct db_fields any = field_effect_journal(call, &kept, count);
    if (any.n) {
        db_note_fields(call->db, e);
        hash_args_grown(call, e, "hpersist", any);
    }
    field_effect_end(&kept);
}

bool field_ttl_parse_options(struct call *call, int *i, bool sets, struct field_ttl_options *o)
{
    *o = (struct field_ttl_options){0};
    for (; *i < call->argc && !bytes_is(call->argv[*i], "fields"); ++*i) {
        struct bytes word = call->argv[*i];
        struct expiry_arg d;
        bool free_ = !o->timed && !o->keep && !o->persist;
        if (free_ && expiry_arg_word(word, &d) && *i + 1 < call->argc) {
            if (!field_ttl_parse(call, ++*i, d.seconds, d.absolute, &o->at_ms))
                return false;
            o->timed = true;
        } else if (free_ && sets && bytes_is(word, "keepttl")) {
            o->keep = true;
        } else if (free_ && !sets && bytes_is(word, "persist")) {
            o->persist = true;
        } else if (sets && bytes_is(word, "fnx") && !o->only_old && !o->only_new) {
            o->only_new = true;
        } else if (sets && bytes_is(word, "fxx") && !o->only_old && !o->only_new) {
            o->only_old = true;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}
