/* Replies of entries are the hot path of every read. A small entry is written in one pass into
 * memory that is reserved at its greatest possible size, headers included; larger ones go through
 * the functions of reply, which send long values by reference. */
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

bool stream_args_read(const struct call *call, struct bytes key, const struct stream **out)
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
    *out = e ? value_to_change(e) : NULL;
    return true;
}

bool stream_args_write_counted(const struct call *call, struct bytes key, struct stream **out)
{
    struct entry *e;
    if (!call_write_counted(call, key, TYPE_STREAM, &e))
        return false;
    *out = e ? value_to_change(e) : NULL;
    return true;
}

bool stream_args_group(const struct call *call, struct stream **s, struct stream_group **g)
{
    if (!stream_args_write_counted(call, call->argv[1], s))
        return false;
    *g = *s ? stream_find_group(*s, call->argv[2]) : NULL;
    if (*g)
        return true;
    stream_args_no_group(call, call->argv[1], call->argv[2]);
    return false;
}

struct stream *stream_args_create(const struct call *call, struct bytes key)
{
    const struct settings *s = call->engine->settings;
    struct stream *stream =
        stream_new(call->store->streams, s->stream_idmp_duration, (uint64_t)s->stream_idmp_maxsize);
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

void stream_args_no_such_group(const struct call *call, struct bytes key, struct bytes group)
{
    reply_errorf(call->reply, "NOGROUP No such consumer group '%.*s' for key name '%.*s'",
                 (int)group.n, group.p, (int)key.n, key.p);
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

struct stream_id *stream_args_ids(const struct call *call, int from, int n)
{
    struct stream_id *ids = mem_alloc((size_t)n * sizeof(*ids));
    for (int i = 0; i < n; i++)
        if (!stream_args_id(call, call->argv[from + i], 0, true, &ids[i])) {
            mem_free(ids);
            return NULL;
        }
    return ids;
}

bool stream_args_id_block(const struct call *call, int at, struct stream_args_id_block *out)
{
    bool have_strategy = false;
    *out = (struct stream_args_id_block){.strategy = STREAM_KEEP_REFERENCES};
    for (int i = at; i < call->argc; i++) {
        if (!have_strategy && stream_args_strategy(call->argv[i], &out->strategy)) {
            have_strategy = true;
        } else if (!out->first && bytes_is(call->argv[i], "ids")) {
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
            out->first = i + 2;
            out->n = (int)n;
            i += (int)n + 1;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    if (out->first)
        return true;
    reply_errorf(call->reply, "ERR IDS option is required");
    return false;
}

struct bytes stream_args_id_text(const struct call *call, char *to, struct stream_id id)
{
    return bytes_of(to, stream_id_print_near(&call->store->streams->printed, to, id));
}

void stream_args_reply_absent(struct reply *r, int n)
{
    reply_array(r, (size_t)n);
    for (int i = 0; i < n; i++)
        reply_int(r, -1);
}

void stream_args_reply_id(const struct call *call, struct stream_id id)
{
    char text[STREAM_ID_TEXT_MAX];
    reply_bulk(call->reply, stream_args_id_text(call, text, id));
}

static char *put_bulk(char *to, struct bytes x)
{
    to += reply_header(to, '$', x.n);
    if (x.n > 16) {
        memcpy(to, x.p, x.n);
    } else if (x.n >= 8) {
        /* Names and small values are copied without a call. */
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

/* The head of an entry and its ID, printed in place: lengths below 10 are rare. */
static char *put_id(const struct call *call, char *to, struct stream_id id)
{
    size_t n = stream_id_print_near(&call->store->streams->printed, to + 9, id);
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

#define ONE_PASS 8192 /* bytes up to which an entry is written in one pass */

void stream_args_reply(const struct call *call, struct stream_entry *e)
{
    struct reply *r = call->reply;
    size_t most = e->bytes + (size_t)e->fields * 40 + 128;
    struct bytes name, value;
    if (most > ONE_PASS) {
        reply_array(r, 2);
        stream_args_reply_id(call, e->id);
        reply_array(r, (size_t)e->fields * 2);
        for (uint32_t i = 0; i < e->fields; i++) {
            stream_block_field(e, &name, &value);
            reply_bulk(r, name);
            reply_bulk(r, value);
        }
        return;
    }
    char *start = chain_reserve(r->out, most), *to = put_id(call, start, e->id);
    to += reply_header(to, '*', (uint64_t)e->fields * 2);
    for (uint32_t i = 0; i < e->fields; i++) {
        stream_block_field(e, &name, &value);
        to = put_bulk(to, name);
        to = put_bulk(to, value);
    }
    chain_commit(r->out, (size_t)(to - start));
}
