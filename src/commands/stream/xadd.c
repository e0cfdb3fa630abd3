/* XADD, XTRIM, XDEL and their kin: entries come and go. */
#include "commands/index.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "commands/stream/stream_args.h"

#define ENTRY_MOST ((size_t)1 << 30) /* bytes of one entry; a block's lengths are 32 bits */

enum id_form { ID_GIVEN, ID_AUTO, ID_AUTO_SEQ };

struct xadd {
    struct stream_args_trim trim;
    bool no_create;
    bool dedup, dedup_auto;
    struct bytes producer, iid;
    enum id_form form;
    struct stream_id id;
    int id_at;      /* argument of the ID; the fields follow */
    int durable_at; /* argument DURABLE; 0: not given */
};

static bool parse_dedup(struct call *call, int *i, struct xadd *x)
{
    bool is_auto = bytes_is(call->argv[*i], "idmpauto");
    const char *word = is_auto ? "IDMPAUTO" : "IDMP";
    if (x->dedup) {
        reply_errorf(call->reply, "ERR syntax error, IDMP/IDMPAUTO specified multiple times");
        return false;
    }
    x->dedup = true;
    x->dedup_auto = is_auto;
    x->producer = call->argv[++*i];
    if (x->producer.n == 0) {
        reply_errorf(call->reply, "ERR syntax error, %s requires a non-empty producer ID", word);
        return false;
    }
    if (is_auto)
        return true;
    x->iid = call->argv[++*i];
    if (x->iid.n)
        return true;
    reply_errorf(call->reply, "ERR syntax error, IDMP requires a non-empty idempotent ID");
    return false;
}

static bool parse_id(struct call *call, int i, struct xadd *x)
{
    struct bytes text = call->argv[i];
    x->id_at = i;
    if (text.n == 1 && text.p[0] == '*') {
        x->form = ID_AUTO;
        return true;
    }
    if (text.n > 2 && text.p[text.n - 1] == '*' && text.p[text.n - 2] == '-') {
        x->form = ID_AUTO_SEQ;
        text.n -= 2;
        if (!memchr(text.p, '-', text.n))
            return stream_args_id(call, text, 0, true, &x->id);
        call_error(call, ERR_STREAM_ID);
        return false;
    }
    x->form = ID_GIVEN;
    return stream_args_id(call, text, 0, true, &x->id);
}

static bool parse(struct call *call, struct xadd *x)
{
    *x = (struct xadd){0};
    int i = 2;
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        int left = call->argc - i - 1;
        if (word.n == 1 && word.p[0] == '*')
            break;
        int taken = stream_args_trim_option(call, &i, &x->trim);
        if (taken < 0)
            return false;
        if (taken)
            continue;
        if (bytes_is(word, "nomkstream"))
            x->no_create = true;
        else if (bytes_is(word, "durable"))
            x->durable_at = i;
        else if ((bytes_is(word, "idmp") && left >= 2) ||
                 (bytes_is(word, "idmpauto") && left >= 1)) {
            if (!parse_dedup(call, &i, x))
                return false;
        } else
            break;
    }
    if (i < call->argc && !parse_id(call, i, x))
        return false;
    if (!stream_args_trim_check(call, &x->trim))
        return false;
    if (x->durable_at) {
        if (!call->engine->gate.promise.open && !call_is_replay(call)) {
            call_error(call, ERR_NOT_DURABLE);
            return false;
        }
        call->durable = true;
    }
    int fields = call->argc - i - 1;
    if (fields < 2 || fields % 2) {
        reply_errorf(call->reply, "ERR wrong number of arguments for 'xadd' command");
        return false;
    }
    size_t bytes = 0;
    for (int f = i + 1; f < call->argc; f++)
        bytes += call->argv[f].n;
    if (bytes > ENTRY_MOST) {
        call_error(call, ERR_STREAM_TOO_LARGE);
        return false;
    }
    if (x->dedup && x->form != ID_AUTO && !call_is_replay(call)) {
        reply_errorf(call->reply,
                     "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs");
        return false;
    }
    if (x->form == ID_GIVEN && stream_id_is_zero(x->id)) {
        call_error(call, ERR_STREAM_ZERO_ID);
        return false;
    }
    return true;
}

/* A hash of all pairs that does not depend on their order (the form Redis uses). */
static struct bytes content_iid(const struct call *call, int at, char *to)
{
    uint64_t sum_low = 0, sum_high = 0, xor_low = 0, xor_high = 0;
    struct buf b = {0};
    for (int i = at; i < call->argc; i += 2) {
        uint64_t low, high, n = call->argv[i].n;
        b.n = 0;
        buf_add(&b, call->argv[i]);
        buf_add(&b, bytes_of(&n, sizeof(n)));
        buf_add(&b, call->argv[i + 1]);
        hash_xxh3_128(buf_bytes(&b), &low, &high);
        sum_low += low;
        sum_high += high;
        xor_low ^= low;
        xor_high ^= high;
    }
    buf_free(&b);
    uint64_t low = sum_low ^ (xor_high << 1 | xor_high >> 63);
    uint64_t high = sum_high ^ (xor_low << 1 | xor_low >> 63);
    memcpy(to, &low, 8);
    memcpy(to + 8, &high, 8);
    return bytes_of(to, 16);
}

/* The entry's ID; false after the error reply. */
static bool choose_id(struct call *call, const struct stream *s, struct xadd *x)
{
    struct stream_id last = s ? s->last_id : STREAM_ID_MIN;
    if (stream_id_compare(last, STREAM_ID_MAX) == 0) {
        call_error(call, ERR_STREAM_EXHAUSTED);
        return false;
    }
    if (x->form == ID_AUTO) {
        struct stream none = {0};
        if (stream_next_id(s ? s : &none, (uint64_t)call->now_ms, &x->id))
            return true;
        call_error(call, ERR_STREAM_EXHAUSTED);
        return false;
    }
    if (x->form == ID_AUTO_SEQ) {
        bool fits = true;
        if (x->id.ms == last.ms && (s || x->id.ms == 0)) {
            fits = last.seq != UINT64_MAX;
            x->id.seq = last.seq + 1;
        } else {
            x->id.seq = 0;
            fits = x->id.ms > last.ms;
        }
        if (fits)
            return true;
        call_error(call, ERR_STREAM_SMALL_ID);
        return false;
    }
    if (stream_id_compare(x->id, last) > 0)
        return true;
    call_error(call, ERR_STREAM_SMALL_ID);
    return false;
}

/* An approximate trim as what it came to: the first ID that is left, or how many entries are. Only
 * a length tells it when nothing is left, or when ACKED left entries in front of deleted ones. */
static bool is_told_by_id(const struct stream *s, const struct stream_trim *t)
{
    return t->by_id && s->log.length && t->strategy != STREAM_ACKNOWLEDGED;
}

static struct bytes trim_word(const struct stream *s, const struct stream_trim *t)
{
    return is_told_by_id(s, t) ? BYTES("MINID") : BYTES("MAXLEN");
}

static struct bytes trim_threshold(char *text, const struct stream *s, const struct stream_trim *t)
{
    return is_told_by_id(s, t) ? stream_args_id_text(text, stream_first_id(s))
                               : bytes_of(text, num_print_uint(text, s->log.length));
}

/* The journal gets what happened: the ID that was given, and what trimming came to. */
static void effect(struct call *call, const struct stream *s, const struct xadd *x)
{
    bool as_it_came = x->form == ID_GIVEN && !x->trim.trim.about && !x->durable_at;
    if (!call->engine->journal->on || as_it_came)
        return;
    struct bytes few[32],
        *argv = call->argc <= 32 ? few : mem_alloc((size_t)call->argc * sizeof(*argv));
    char id[STREAM_ID_TEXT_MAX], threshold[STREAM_ID_TEXT_MAX];
    int argc = 0;
    for (int i = 0; i < call->argc; i++) {
        const struct stream_args_trim *t = &x->trim;
        struct bytes a = call->argv[i];
        if (i == x->id_at)
            a = stream_args_id_text(id, x->id);
        else if (t->trim.about && i == t->operator_at - 1)
            a = trim_word(s, &t->trim);
        else if (t->trim.about && i == t->operator_at)
            a = BYTES("=");
        else if (t->trim.about && i == t->threshold_at)
            a = trim_threshold(threshold, s, &t->trim);
        else if ((x->durable_at && i == x->durable_at) ||
                 (t->limited && (i == t->limit_at || i == t->limit_at - 1)))
            continue;
        argv[argc++] = a;
    }
    call_effect(call, argv, argc);
    if (argv != few)
        mem_free(argv);
}

static void do_xadd(struct call *call)
{
    struct xadd x;
    struct bytes key = call->argv[1];
    struct stream *s;
    char iid[16];
    if (!parse(call, &x) || !stream_args_write(call, key, &s))
        return;
    if (!s && x.no_create) {
        reply_null(call->reply);
        return;
    }
    if (x.dedup_auto)
        x.iid = content_iid(call, x.id_at + 1, iid);
    if (x.dedup && s && x.form == ID_AUTO) {
        stream_dedup_expire(&s->dedup, call->now_ms);
        const struct stream_dedup_record *seen = stream_dedup_find(&s->dedup, x.producer, x.iid);
        if (seen && num_minus(call->now_ms, seen->at_ms) < num_times(s->dedup.duration_s, 1000)) {
            s->dedup.duplicates++;
            stream_args_reply_id(call->reply, seen->id);
            return;
        }
    }
    if (!choose_id(call, s, &x))
        return;
    if (!s)
        s = stream_args_create(call, key);
    struct stream_log_policy policy = stream_args_policy(call);
    stream_append(s, x.id, call->argv + x.id_at + 1, (size_t)(call->argc - x.id_at - 1) / 2,
                  &policy);
    if (x.dedup) {
        stream_dedup_record(&s->dedup, x.producer, x.iid, x.id, call->now_ms);
        s->dedup.added++;
    }
    uint64_t dropped, trimmed = x.trim.given ? stream_trim(s, &x.trim.trim, &dropped) : 0;
    effect(call, s, &x);
    db_changed(call->db, key, DB_EVENT_STREAM, "xadd");
    if (trimmed)
        db_notify(call->db, key, DB_EVENT_STREAM, "xtrim");
    db_ready(call->db, key);
    stream_args_reply_id(call->reply, x.id);
}

const struct command xadd_command = {
    .name = "xadd",
    .usage = "key:key [NOMKSTREAM] [DURABLE] [<KEEPREF | DELREF | ACKED>] [<IDMPAUTO "
             "producer:string | IDMP "
             "producer:string iid:string>] [<MAXLEN | MINID> [<'=' | '~'>] threshold:string [LIMIT "
             "count:int]] <'*' | id:string> (field:string value:string)...",
    .summary = "Appends an entry to a stream, made when absent.",
    .since = "5.0.0",
    .complexity = "O(1), plus O(N) for N trimmed entries",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xadd,
};

static void do_xtrim(struct call *call)
{
    struct stream_args_trim t = {0};
    struct bytes key = call->argv[1];
    struct stream *s;
    for (int i = 2; i < call->argc; i++) {
        int taken = stream_args_trim_option(call, &i, &t);
        if (taken < 0)
            return;
        if (!taken) {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    if (!t.given) {
        call_error(call, t.limited ? ERR_LIMIT_ALONE : ERR_XTRIM_STRATEGY);
        return;
    }
    if (!stream_args_trim_check(call, &t) || !stream_args_write(call, key, &s))
        return;
    uint64_t dropped = 0, n = s ? stream_trim(s, &t.trim, &dropped) : 0;
    if (n || dropped) {
        if (t.trim.about && call->engine->journal->on) {
            char text[STREAM_ID_TEXT_MAX];
            struct bytes threshold = trim_threshold(text, s, &t.trim);
            struct bytes how = call->argv[t.strategy_at ? t.strategy_at : 0];
            struct bytes what = trim_word(s, &t.trim);
            if (t.strategy_at)
                CALL_EFFECT(call, BYTES("XTRIM"), key, what, BYTES("="), threshold, how);
            else
                CALL_EFFECT(call, BYTES("XTRIM"), key, what, BYTES("="), threshold);
        }
        db_count_changes(call->store, n);
        db_changed(call->db, key, DB_EVENT_STREAM, n ? "xtrim" : NULL);
    }
    reply_int(call->reply, (long long)n);
}

const struct command xtrim_command = {
    .name = "xtrim",
    .usage = "key:key <MAXLEN | MINID> [<'=' | '~'>] threshold:string [LIMIT count:int] [<KEEPREF "
             "| DELREF | ACKED>]",
    .summary = "Takes the oldest entries away.",
    .since = "5.0.0",
    .complexity = "O(N) with N the trimmed entries",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xtrim,
};

/* All IDs from argument `from` on; NULL after the error reply. The array belongs to the caller. */
static struct stream_id *parse_ids(struct call *call, int from, int n)
{
    struct stream_id *ids = mem_alloc((size_t)n * sizeof(*ids) + 1);
    for (int i = 0; i < n; i++)
        if (!stream_args_id(call, call->argv[from + i], 0, true, &ids[i])) {
            mem_free(ids);
            return NULL;
        }
    return ids;
}

static void do_xdel(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    long long deleted = 0;
    if (!stream_args_write(call, key, &s))
        return;
    if (!s) {
        reply_int(call->reply, 0);
        return;
    }
    int n = call->argc - 2;
    struct stream_id *ids = parse_ids(call, 2, n);
    if (!ids)
        return;
    for (int i = 0; i < n; i++)
        deleted += stream_delete(s, ids[i]);
    mem_free(ids);
    if (deleted) {
        db_count_changes(call->store, (uint64_t)deleted);
        db_changed(call->db, key, DB_EVENT_STREAM, "xdel");
    }
    reply_int(call->reply, deleted);
}

const struct command xdel_command = {
    .name = "xdel",
    .usage = "key:key id:string...",
    .summary = "Deletes entries.",
    .since = "5.0.0",
    .complexity = "O(1) for each entry",
    .group = GROUP_STREAM,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xdel,
};

/* [strategy] IDS numids id..., in either order, from argument `at` on. False after the error reply.
 */
static bool parse_id_block(struct call *call, int at, enum stream_strategy *strategy, int *first,
                           int *count)
{
    bool have_strategy = false;
    *first = 0;
    *strategy = STREAM_KEEP_REFERENCES;
    for (int i = at; i < call->argc; i++) {
        if (!have_strategy && stream_args_strategy(call->argv[i], strategy)) {
            have_strategy = true;
        } else if (!*first && bytes_is(call->argv[i], "ids")) {
            long long n;
            if (i + 1 >= call->argc || !num_parse_int(call->argv[i + 1], &n) || n < 1) {
                reply_errorf(call->reply, "ERR Number of IDs must be a positive integer");
                return false;
            }
            if (n > call->argc - i - 2) {
                reply_errorf(call->reply,
                             "ERR The `numids` parameter must match the number of arguments");
                return false;
            }
            *first = i + 2;
            *count = (int)n;
            i += (int)n + 1;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    if (*first)
        return true;
    reply_errorf(call->reply, "ERR IDS option is required");
    return false;
}

static void reply_absent(struct call *call, int n)
{
    reply_array(call->reply, (size_t)n);
    for (int i = 0; i < n; i++)
        reply_int(call->reply, -1);
}

static void do_xdelex(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    enum stream_strategy strategy;
    int first, n;
    if (!stream_args_write(call, key, &s) || !parse_id_block(call, 2, &strategy, &first, &n))
        return;
    if (!s) {
        reply_absent(call, n);
        return;
    }
    struct stream_id *ids = parse_ids(call, first, n);
    if (!ids)
        return;
    uint64_t deleted = 0, dropped = 0;
    reply_array(call->reply, (size_t)n);
    for (int i = 0; i < n; i++) {
        int result = stream_delete_by(s, ids[i], strategy, &dropped);
        deleted += result == 1;
        reply_int(call->reply, result);
    }
    mem_free(ids);
    if (deleted || dropped) {
        db_count_changes(call->store, deleted);
        db_changed(call->db, key, DB_EVENT_STREAM, deleted ? "xdel" : NULL);
    }
}

const struct command xdelex_command = {
    .name = "xdelex",
    .usage = "key:key [<KEEPREF | DELREF | ACKED>] IDS numids:int id:string...",
    .summary =
        "Deletes entries and says what became of each, with regard to groups that need them.",
    .since = "8.2.0",
    .complexity = "O(1) for each entry and group",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xdelex,
};

static void do_xack(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    long long acked = 0;
    if (!stream_args_read(call, key, &s))
        return;
    struct stream_group *g = s ? stream_find_group(s, call->argv[2]) : NULL;
    if (!g) {
        reply_int(call->reply, 0);
        return;
    }
    int n = call->argc - 3;
    struct stream_id few[128], *ids = few;
    if (n > 128) {
        ids = parse_ids(call, 3, n);
        if (!ids)
            return;
    } else {
        for (int i = 0; i < n; i++)
            if (!stream_args_id(call, call->argv[3 + i], 0, true, &ids[i]))
                return;
    }
    for (int i = 0; i < n; i++)
        acked += stream_group_ack(g, ids[i]);
    if (ids != few)
        mem_free(ids);
    if (acked) {
        db_count_changes(call->store, (uint64_t)acked);
        db_changed_quietly(call->db, key);
    }
    reply_int(call->reply, acked);
}

const struct command xack_command = {
    .name = "xack",
    .usage = "key:key group:string id:string...",
    .summary = "Acknowledges entries: they are no longer pending in the group.",
    .since = "5.0.0",
    .complexity = "O(1) for each entry",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xack,
};

static void do_xackdel(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    enum stream_strategy strategy;
    int first, n;
    if (!stream_args_write(call, key, &s) || !parse_id_block(call, 3, &strategy, &first, &n))
        return;
    struct stream_group *g = s ? stream_find_group(s, call->argv[2]) : NULL;
    if (!g) {
        reply_absent(call, n);
        return;
    }
    struct stream_id *ids = parse_ids(call, first, n);
    if (!ids)
        return;
    /* In commands of Redis 7.0: what was acknowledged here, what elsewhere, what was deleted. */
    struct bytes *acks = mem_alloc(((size_t)n + 3) * sizeof(*acks) * 2);
    struct bytes *dels = acks + n + 3;
    int ack_n = 3, del_n = 2;
    uint64_t dropped = 0;
    bool deleted_any = false;
    reply_array(call->reply, (size_t)n);
    for (int i = 0; i < n; i++) {
        int result = -1;
        if (stream_group_ack(g, ids[i])) {
            acks[ack_n++] = call->argv[first + i];
            int r = stream_delete_by(s, ids[i], strategy, &dropped);
            if (r == 1) {
                dels[del_n++] = call->argv[first + i];
                deleted_any = true;
            }
            result = r == 2 ? 2 : 1;
        }
        reply_int(call->reply, result);
    }
    if (ack_n > 3 && !dropped) {
        acks[0] = BYTES("XACK");
        acks[1] = key;
        acks[2] = call->argv[2];
        call_effect(call, acks, ack_n);
        dels[0] = BYTES("XDEL");
        dels[1] = key;
        if (del_n > 2)
            call_effect(call, dels, del_n);
    }
    mem_free(acks);
    mem_free(ids);
    if (ack_n > 3) {
        db_count_changes(call->store, (uint64_t)ack_n - 3);
        db_changed(call->db, key, DB_EVENT_STREAM, deleted_any ? "xdel" : NULL);
    }
}

const struct command xackdel_command = {
    .name = "xackdel",
    .usage = "key:key group:string [<KEEPREF | DELREF | ACKED>] IDS numids:int id:string...",
    .summary = "Acknowledges entries and deletes them.",
    .since = "8.2.0",
    .complexity = "O(1) for each entry and group",
    .group = GROUP_STREAM,
    .arity = -6,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xackdel,
};

static void do_xlen(struct call *call)
{
    struct stream *s;
    if (stream_args_read(call, call->argv[1], &s))
        reply_int(call->reply, s ? (long long)s->log.length : 0);
}

const struct command xlen_command = {
    .name = "xlen",
    .usage = "key:key",
    .summary = "Answers how many entries a stream holds.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_xlen,
};

static void do_xsetid(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream_id id, max_deleted = STREAM_ID_MIN;
    long long added = -1;
    struct stream *s;
    if (!stream_args_id(call, call->argv[2], 0, true, &id))
        return;
    for (int i = 3; i < call->argc; i += 2) {
        bool more = i + 1 < call->argc;
        if (more && bytes_is(call->argv[i], "entriesadded")) {
            if (!call_int(call, i + 1, &added))
                return;
            if (added < 0) {
                reply_errorf(call->reply, "ERR entries_added must be positive");
                return;
            }
        } else if (more && bytes_is(call->argv[i], "maxdeletedid")) {
            if (!stream_args_id(call, call->argv[i + 1], 0, true, &max_deleted))
                return;
            if (stream_id_compare(id, max_deleted) < 0) {
                reply_errorf(call->reply, "ERR The ID specified in XSETID is smaller than the "
                                          "provided max_deleted_entry_id");
                return;
            }
        } else {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    struct entry *e = db_write(call->db, key);
    if (!e) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (!stream_args_write(call, key, &s))
        return;
    struct stream_id newest;
    if (stream_id_compare(id, s->max_deleted) < 0) {
        reply_errorf(call->reply, "ERR The ID specified in XSETID is smaller than current "
                                  "max_deleted_entry_id");
        return;
    }
    if (stream_log_newest(&s->log, &newest)) {
        if (stream_id_compare(id, newest) < 0) {
            reply_errorf(call->reply, "ERR The ID specified in XSETID is smaller than the target "
                                      "stream top item");
            return;
        }
        if (added != -1 && (uint64_t)added < s->log.length) {
            reply_errorf(call->reply, "ERR The entries_added specified in XSETID is smaller than "
                                      "the target stream length");
            return;
        }
    }
    s->last_id = id;
    if (added != -1)
        s->added = (uint64_t)added;
    if (!stream_id_is_zero(max_deleted))
        s->max_deleted = max_deleted;
    db_changed(call->db, key, DB_EVENT_STREAM, "xsetid");
    reply_ok(call->reply);
}

const struct command xsetid_command = {
    .name = "xsetid",
    .usage = "key:key last-id:string [ENTRIESADDED entries-added:int] [MAXDELETEDID "
             "max-deleted-id:string]",
    .summary = "Sets the counters of a stream; made for files and replicas.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xsetid,
};

static void do_xcfgset(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    long long duration = -1, size = -1;
    struct entry *e = db_write(call->db, key);
    for (int i = 2; i < call->argc; i += 2) {
        bool is_duration = bytes_is(call->argv[i], "idmp-duration");
        if ((!is_duration && !bytes_is(call->argv[i], "idmp-maxsize")) || i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        long long *to = is_duration ? &duration : &size, v;
        if (*to != -1) {
            reply_errorf(call->reply, "ERR %s specified multiple times",
                         is_duration ? "IDMP-DURATION" : "IDMP-MAXSIZE");
            return;
        }
        if (!num_parse_int(call->argv[i + 1], &v) || v < 1 || v > (is_duration ? 86400 : 10000)) {
            reply_errorf(call->reply, is_duration
                                          ? "ERR IDMP-DURATION must be between 1 and 86400 seconds"
                                          : "ERR IDMP-MAXSIZE must be between 1 and 10000 entries");
            return;
        }
        *to = v;
    }
    if (duration == -1 && size == -1) {
        reply_errorf(call->reply, "ERR At least one parameter must be specified");
        return;
    }
    if (!e) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (!stream_args_write(call, key, &s))
        return;
    bool differs = (duration != -1 && duration != s->dedup.duration_s) ||
                   (size != -1 && (uint64_t)size != s->dedup.max_size);
    if (differs) {
        if (duration != -1)
            s->dedup.duration_s = duration;
        if (size != -1)
            s->dedup.max_size = (uint64_t)size;
        stream_dedup_clear(&s->dedup);
        db_changed_quietly(call->db, key);
    }
    reply_ok(call->reply);
}

const struct command xcfgset_command = {
    .name = "xcfgset",
    .usage = "key:key [IDMP-DURATION seconds:int] [IDMP-MAXSIZE count:int]",
    .summary = "Sets how long and how many producers' message ids a stream remembers.",
    .since = "8.6.0",
    .complexity = "O(1), or O(N) with N the ids forgotten",
    .group = GROUP_STREAM,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xcfgset,
};

static void do_xidmprecord(struct call *call)
{
    struct bytes key = call->argv[1], producer = call->argv[2], iid = call->argv[3];
    struct stream_id id;
    struct stream *s;
    if (producer.n == 0 || iid.n == 0) {
        reply_errorf(call->reply, producer.n == 0 ? "ERR producer ID must be non-empty"
                                                  : "ERR idempotent ID must be non-empty");
        return;
    }
    if (!stream_args_id(call, call->argv[4], 0, true, &id))
        return;
    if (!stream_args_write(call, key, &s))
        return;
    if (!s) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    const struct stream_dedup_record *seen = stream_dedup_find(&s->dedup, producer, iid);
    if (seen && stream_id_compare(seen->id, id) != 0) {
        reply_errorf(call->reply,
                     "ERR IID already exists for this producer with a different stream ID");
        return;
    }
    if (!seen) {
        if (!stream_log_has(&s->log, id)) {
            reply_errorf(call->reply, "ERR No such message in stream");
            return;
        }
        stream_dedup_record(&s->dedup, producer, iid, id, call->now_ms);
        db_changed_quietly(call->db, key);
    }
    reply_ok(call->reply);
}

const struct command xidmprecord_command = {
    .name = "xidmprecord",
    .usage = "key:key producer:string iid:string id:string",
    .summary = "Records a producer's message id; made for files and replicas.",
    .since = "8.8.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 5,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xidmprecord,
};
