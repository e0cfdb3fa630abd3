#include "commands/stream/stream_args.h"

#include "base/mem.h"
#include "base/num.h"

bool stream_args_id(const struct call *call, struct bytes text, uint64_t missing_seq, bool strict,
                    struct stream_id *out)
{
    if (!strict && bytes_equal(text, BYTES("-"))) {
        *out = STREAM_ID_MIN;
        return true;
    }
    if (!strict && bytes_equal(text, BYTES("+"))) {
        *out = STREAM_ID_MAX;
        return true;
    }
    if (stream_id_parse(text, missing_seq, out))
        return true;
    call_error(call, ERR_STREAM_ID);
    return false;
}

bool stream_args_bound(const struct call *call, struct bytes text, bool is_start,
                       struct stream_id *out)
{
    bool excluded = text.n > 1 && text.p[0] == '(';
    if (excluded) {
        text.p++;
        text.n--;
    }
    if (!stream_args_id(call, text, is_start ? 0 : UINT64_MAX, excluded, out))
        return false;
    if (excluded && !(is_start ? stream_id_next(out) : stream_id_previous(out))) {
        reply_errorf(call->reply, "ERR invalid %s ID for the interval", is_start ? "start" : "end");
        return false;
    }
    return true;
}

bool stream_args_read(const struct call *call, struct bytes key, struct stream **out)
{
    struct entry *e;
    if (!call_read(call, key, TYPE_STREAM, &e))
        return false;
    *out = e ? value_object(e) : NULL;
    return true;
}

bool stream_args_write(const struct call *call, struct bytes key, struct stream **out)
{
    struct entry *e;
    if (!call_write(call, key, TYPE_STREAM, &e))
        return false;
    *out = e ? value_object(e) : NULL;
    return true;
}

struct stream *stream_args_create(const struct call *call, struct bytes key)
{
    const struct settings *s = call->engine->settings;
    struct stream *stream = stream_new(s->stream_idmp_duration, (uint64_t)s->stream_idmp_maxsize);
    db_add(call->db, entry_new_word(key, VALUE_STREAM, (uintptr_t)stream));
    return stream;
}

struct stream_log_policy stream_args_policy(const struct call *call)
{
    const struct settings *s = call->engine->settings;
    return (struct stream_log_policy){.node_entries = (uint64_t)s->stream_node_max_entries,
                                      .node_bytes = (uint64_t)s->stream_node_max_bytes,
                                      .raw_blocks = (size_t)s->stream_compress_depth};
}

void stream_args_no_group(const struct call *call, struct bytes key, struct bytes group)
{
    reply_errorf(call->reply, "NOGROUP No such key '%.*s' or consumer group '%.*s'", (int)key.n,
                 key.p, (int)group.n, group.p);
}

bool stream_args_strategy(struct bytes word, enum stream_strategy *out)
{
    if (bytes_is(word, "keepref"))
        *out = STREAM_KEEP_REFERENCES;
    else if (bytes_is(word, "delref"))
        *out = STREAM_DROP_REFERENCES;
    else if (bytes_is(word, "acked"))
        *out = STREAM_ACKNOWLEDGED;
    else
        return false;
    return true;
}

int stream_args_trim_option(const struct call *call, int *at, struct stream_args_trim *t)
{
    int i = *at;
    struct bytes word = call->argv[i];
    bool more = i + 1 < call->argc;
    bool by_id = bytes_is(word, "minid");
    if ((by_id || bytes_is(word, "maxlen")) && more) {
        if (t->given) {
            call_error(call, ERR_XADD_TRIM_BOTH);
            return -1;
        }
        t->trim.about = false;
        t->operator_at = 0;
        i++;
        if (i + 1 < call->argc && call->argv[i].n == 1 &&
            (call->argv[i].p[0] == '~' || call->argv[i].p[0] == '=')) {
            t->trim.about = call->argv[i].p[0] == '~';
            t->operator_at = i++;
        }
        t->given = true;
        t->trim.by_id = by_id;
        t->threshold_at = i;
        if (by_id) {
            if (!stream_args_id(call, call->argv[i], 0, true, &t->trim.min_id))
                return -1;
        } else {
            long long n;
            if (!call_int(call, i, &n))
                return -1;
            if (n < 0) {
                call_error(call, ERR_MAXLEN_NEGATIVE);
                return -1;
            }
            t->trim.max_length = (uint64_t)n;
        }
    } else if (bytes_is(word, "limit") && more) {
        long long n;
        if (!call_int(call, ++i, &n))
            return -1;
        if (n < 0) {
            call_error(call, ERR_LIMIT_NEGATIVE);
            return -1;
        }
        t->trim.limit = (uint64_t)n;
        t->limited = true;
        t->limit_at = i;
    } else if (!t->strategy_at && stream_args_strategy(word, &t->trim.strategy)) {
        t->strategy_at = i;
    } else {
        return 0;
    }
    *at = i;
    return 1;
}

bool stream_args_trim_check(const struct call *call, struct stream_args_trim *t)
{
    if (t->limited && !t->given) {
        call_error(call, ERR_LIMIT_ALONE);
        return false;
    }
    if (t->limited && !t->trim.about) {
        call_error(call, ERR_LIMIT_EXACT);
        return false;
    }
    if (t->trim.about && !t->limited) {
        long long n = 0;
        if (!num_mul(call->engine->settings->stream_node_max_entries, 100, &n) || n <= 0)
            n = 10000;
        t->trim.limit = n > 1000000 ? 1000000 : (uint64_t)n;
    }
    if (call_is_replay(call))
        t->trim.limit = 0;
    return true;
}

void stream_args_reply_id(struct reply *r, struct stream_id id)
{
    char text[STREAM_ID_TEXT_MAX];
    reply_bulk(r, bytes_of(text, stream_id_print(text, id)));
}

struct bytes stream_args_id_text(char *to, struct stream_id id)
{
    return bytes_of(to, stream_id_print(to, id));
}

static char *put_bulk(char *to, struct bytes x)
{
    to += reply_header(to, '$', x.n);
    if (x.n > 16) {
        memcpy(to, x.p, x.n);
    } else if (x.n >= 8) {
        /* Names and small values without a call. */
        memcpy(to, x.p, 8);
        memcpy(to + x.n - 8, x.p + x.n - 8, 8);
    } else {
        for (size_t i = 0; i < x.n; i++)
            to[i] = x.p[i];
    }
    to += x.n;
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

/* The head of an entry and its ID, which is printed where it belongs: lengths below 10 are rare. */
static char *put_id(char *to, struct stream_id id)
{
    size_t n = stream_id_print(to + 9, id);
    memcpy(to, "*2\r\n$", 5);
    if (n < 10) {
        memmove(to + 8, to + 9, n);
        to[5] = (char)('0' + n);
        to += 6;
    } else {
        to[5] = (char)('0' + n / 10);
        to[6] = (char)('0' + n % 10);
        to += 7;
    }
    memcpy(to, "\r\n", 2);
    memcpy(to + 2 + n, "\r\n", 2);
    return to + 4 + n;
}

#define ONE_PASS 8192

void stream_args_reply(struct reply *r, struct stream_entry *e)
{
    size_t most = e->bytes + (size_t)e->fields * 40 + 128;
    struct bytes name, value;
    if (most > ONE_PASS) {
        reply_array(r, 2);
        stream_args_reply_id(r, e->id);
        reply_array(r, (size_t)e->fields * 2);
        for (uint32_t i = 0; i < e->fields; i++) {
            stream_block_field(e, &name, &value);
            reply_bulk(r, name);
            reply_bulk(r, value);
        }
        return;
    }
    char *start = chain_reserve(r->out, most), *to = put_id(start, e->id);
    to += reply_header(to, '*', (uint64_t)e->fields * 2);
    for (uint32_t i = 0; i < e->fields; i++) {
        stream_block_field(e, &name, &value);
        to = put_bulk(to, name);
        to = put_bulk(to, value);
    }
    chain_commit(r->out, (size_t)(to - start));
}

void stream_args_claims_end(struct stream_args_claims *c)
{
    size_t n = c->ids.n / sizeof(struct stream_id);
    if (n == 0)
        return;
    const struct stream_id *ids = (const void *)c->ids.p;
    struct bytes *argv = mem_alloc((n + 13) * sizeof(*argv));
    char *texts = mem_alloc((n + 3) * STREAM_ID_TEXT_MAX), *to = texts;
    int argc = 0;
    argv[argc++] = BYTES("XCLAIM");
    argv[argc++] = c->key;
    argv[argc++] = c->group;
    argv[argc++] = c->consumer;
    argv[argc++] = BYTES("0");
    for (size_t i = 0; i < n; i++, to += STREAM_ID_TEXT_MAX)
        argv[argc++] = stream_args_id_text(to, ids[i]);
    argv[argc++] = BYTES("TIME");
    argv[argc++] = bytes_of(to, num_print_int(to, c->time_ms));
    to += STREAM_ID_TEXT_MAX;
    argv[argc++] = BYTES("RETRYCOUNT");
    argv[argc++] = bytes_of(to, num_print_uint(to, c->count));
    to += STREAM_ID_TEXT_MAX;
    argv[argc++] = BYTES("FORCE");
    argv[argc++] = BYTES("JUSTID");
    argv[argc++] = BYTES("LASTID");
    argv[argc++] = stream_args_id_text(to, c->last_id);
    call_effect(c->call, argv, argc);
    mem_free(argv);
    mem_free(texts);
    buf_free(&c->ids);
}

void stream_args_claims_add(struct stream_args_claims *c, struct stream_id id, int64_t time_ms,
                            uint64_t count)
{
    call_no_effect(c->call);
    if (!c->call->engine->journal->on)
        return;
    if (c->ids.n && (time_ms != c->time_ms || count != c->count))
        stream_args_claims_end(c);
    c->time_ms = time_ms;
    c->count = count;
    buf_add(&c->ids, bytes_of(&id, sizeof(id)));
}

void stream_args_effect_setid(struct call *call, struct bytes key, const struct stream_group *g)
{
    char id[STREAM_ID_TEXT_MAX], read[NUM_INT_MAX];
    call_no_effect(call);
    if (!call->engine->journal->on)
        return;
    CALL_EFFECT(call, BYTES("XGROUP"), BYTES("SETID"), key, str_bytes(g->name),
                stream_args_id_text(id, g->last_id), BYTES("ENTRIESREAD"),
                bytes_of(read, num_print_int(read, g->entries_read)));
}

void stream_args_effect_consumer(struct call *call, struct bytes key, struct bytes group,
                                 struct bytes consumer)
{
    CALL_EFFECT(call, BYTES("XGROUP"), BYTES("CREATECONSUMER"), key, group, consumer);
}

struct stream_consumer *stream_args_consumer(struct call *call, struct bytes key,
                                             struct stream_group *g, struct bytes name,
                                             bool journal)
{
    struct stream_consumer *c = stream_group_consumer(g, name);
    if (c)
        return c;
    c = stream_group_add_consumer(g, name, call->now_ms);
    if (journal)
        stream_args_effect_consumer(call, key, str_bytes(g->name), name);
    db_count_changes(call->store, 1);
    db_changed_quietly(call->db, key);
    db_notify(call->db, key, DB_EVENT_STREAM, "xgroup-createconsumer");
    return c;
}
