/* Reading happens in one pass over the mapped file, in one of two ways.
 *
 * With frames (the file begins with our header): a frame's commands are parsed once only to find
 * the trailer behind them; the trailer's checksum is compared; then the commands are parsed again
 * and applied, in batches of AOF_READ_AHEAD, each batch announced before it is applied so that the
 * caller can prefetch what it will touch. So nothing of a frame is applied before all of it is
 * known to be sound, at the price of parsing twice (the second time from the cache).
 *
 * A frame that is not sound ends the reading. Whether that is a torn tail (a crash while it was
 * written) or damage is decided by what the sound frames say: every trailer names the offset that
 * was synced when it was written. If any of them, in front of the bad frame or behind it, says that
 * more was synced than we have, bytes that were on the disk have been lost: DAMAGED, and the start
 * is refused. Otherwise the bad bytes were never promised to anybody: TORN, and the caller may cut
 * the file at `good`. A sound frame that follows a gap is DAMAGED too, by the same comparison.
 *
 * Without frames (a file of Redis, or the commands behind a snapshot): commands are applied as they
 * come. A command that the end of the file cuts off, or a MULTI without its EXEC, is TORN at the
 * last command in front of it; other bytes are BAD_FORMAT. A file with trailers but without a
 * readable header is DAMAGED: it is one of ours.
 *
 * apply() that fails and progress() that returns false end the reading as REFUSED, at_time() as
 * STOPPED. */
#include "persist/aof_read.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "persist/aof_frame.h"
#include "proto/request.h"

#include <stdio.h>

#define PROGRESS_EVERY (2u << 20)
#define ARGS_MAX       (1 << 20)
#define ARGS_POOL      512

/* Ordinary commands that lie one behind the other, parsed together. */
struct batch {
    size_t from, ends[AOF_READ_AHEAD];
    unsigned n;
    struct aof_read_command commands[AOF_READ_AHEAD];
    struct bytes args[ARGS_POOL];
};

struct reader {
    struct bytes data;
    const struct aof_read_options *o;
    struct aof_read_result *result;
    struct bytes *argv; /* of a command that no batch holds */
    int cap;
    struct batch batch;
    uint32_t salt;
    uint64_t reported;
};

/* What stands at a position. LINE: begins with #, a trailer, a timestamp or a comment. CUT: the
 * beginning of a command, then the end of the file. */
enum item { ITEM_COMMAND, ITEM_LINE, ITEM_END, ITEM_CUT, ITEM_BAD };

struct parsed {
    enum item item;
    size_t next; /* where the next one begins */
    int argc;
    struct bytes line; /* without its line end */
};

/* The kind and a number of a line; ITEM_COMMAND: it is good, and *at behind it. */
static enum item read_number(struct bytes data, size_t *at, char kind, long long *out)
{
    size_t end = *at + 1;
    if (*at >= data.n)
        return ITEM_CUT;
    if (data.p[*at] != kind)
        return ITEM_BAD;
    while (end < data.n && ((data.p[end] >= '0' && data.p[end] <= '9') || data.p[end] == '-'))
        end++;
    size_t left = data.n - end;
    if (left < 2 && (left == 0 || data.p[end] == '\r'))
        return ITEM_CUT;
    if (data.p[end] != '\r' || data.p[end + 1] != '\n' ||
        !num_parse_int(bytes_of(data.p + *at + 1, end - *at - 1), out))
        return ITEM_BAD;
    *at = end + 2;
    return ITEM_COMMAND;
}

/* An argument behind its length; ITEM_COMMAND: it is good, and *at behind it. */
static enum item read_argument(struct bytes d, size_t *at, struct bytes *out)
{
    long long n;
    enum item item = read_number(d, at, '$', &n);
    if (item != ITEM_COMMAND)
        return item;
    if (n < 0)
        return ITEM_BAD;
    size_t left = d.n - *at;
    if ((uint64_t)n > left)
        return ITEM_CUT;
    left -= (size_t)n;
    const char *end = d.p + *at + n;
    if ((left > 0 && end[0] != '\r') || (left > 1 && end[1] != '\n'))
        return ITEM_BAD;
    if (left < 2)
        return ITEM_CUT;
    *out = bytes_of(d.p + *at, (size_t)n);
    *at += (size_t)n + 2;
    return ITEM_COMMAND;
}

static struct parsed parse_at(struct reader *r, size_t at)
{
    struct parsed p = {.item = ITEM_END};
    struct bytes d = r->data;
    long long argc;
    if (at >= d.n)
        return p;
    if (d.p[at] == '#') {
        const char *newline = memchr(d.p + at, '\n', d.n - at);
        p.item = newline ? ITEM_LINE : ITEM_CUT;
        if (!newline)
            return p;
        size_t end = (size_t)(newline - d.p);
        p.next = end + 1;
        p.line = bytes_of(d.p + at, end - at);
        if (p.line.n && p.line.p[p.line.n - 1] == '\r')
            p.line.n--;
        return p;
    }
    p.item = read_number(d, &at, '*', &argc);
    if (p.item == ITEM_COMMAND && (argc < 1 || argc > ARGS_MAX))
        p.item = ITEM_BAD;
    for (int i = 0; p.item == ITEM_COMMAND && i < argc; i++) {
        if (i == r->cap) {
            r->cap = r->cap ? r->cap * 2 : 64;
            r->argv = mem_realloc(r->argv, (size_t)r->cap * sizeof(*r->argv));
        }
        p.item = read_argument(d, &at, &r->argv[i]);
    }
    if (p.item == ITEM_COMMAND) {
        p.next = at;
        p.argc = (int)argc;
    }
    return p;
}

/* The commands from `at` on, as many as are whole and ordinary: fast, for most of a file. */
static void parse_batch(struct reader *r, size_t at)
{
    struct batch *b = &r->batch;
    const char *end = r->data.p + r->data.n;
    struct bytes *args = b->args;
    b->from = at;
    for (b->n = 0; b->n < AOF_READ_AHEAD; b->n++) {
        struct aof_read_command *c = &b->commands[b->n];
        size_t n =
            request_quick(r->data.p + at, end, args, (int)(b->args + ARGS_POOL - args), &c->argc);
        if (n == 0)
            return;
        c->argv = args;
        args += c->argc;
        at += n;
        b->ends[b->n] = at;
    }
}

static bool progress(struct reader *r, size_t at)
{
    uint64_t every = r->o->progress_every ? r->o->progress_every : PROGRESS_EVERY;
    if (at - r->reported < every)
        return true;
    ASSERT(at >= r->reported && at <= r->data.n);
    r->reported = at;
    if (!r->o->progress || r->o->progress(r->o->context, at))
        return true;
    r->result->status = AOF_READ_REFUSED;
    snprintf(r->result->error, sizeof(r->result->error), "loading was stopped");
    return false;
}

static bool apply(struct reader *r, const struct bytes *argv, int argc, size_t at)
{
    r->result->commands++;
    if (r->o->apply(r->o->context, argv, argc))
        return true;
    r->result->status = AOF_READ_REFUSED;
    snprintf(r->result->error, sizeof(r->result->error),
             "command '%.*s' at offset %zu could not be applied",
             argv[0].n > 64 ? 64 : (int)argv[0].n, argv[0].p, at);
    return false;
}

static void tell_ahead(struct reader *r)
{
    if (r->o->ahead && r->batch.n)
        r->o->ahead(r->o->context, r->batch.commands, r->batch.n);
}

/* A frame's commands, which skip_commands() has accepted before. */
static bool apply_frame(struct reader *r, size_t at, size_t end)
{
    struct batch *b = &r->batch;
    while (at < end) {
        if (b->from != at)
            parse_batch(r, at);
        tell_ahead(r);
        for (unsigned i = 0; i < b->n && at < end; at = b->ends[i++])
            if (!apply(r, b->commands[i].argv, b->commands[i].argc, at))
                return false;
        if (b->n)
            continue;
        struct parsed p = parse_at(r, at);
        ASSERT(p.item == ITEM_COMMAND && p.next <= end);
        if (!apply(r, r->argv, p.argc, at))
            return false;
        at = p.next;
    }
    ASSERT(at == end);
    return true;
}

/* What stands behind the commands from `at` on; *end: where it begins. */
static struct parsed skip_commands(struct reader *r, size_t at, size_t *end)
{
    for (;;) {
        parse_batch(r, at);
        if (r->batch.n)
            at = r->batch.ends[r->batch.n - 1];
        if (r->batch.n == AOF_READ_AHEAD)
            continue;
        struct parsed p = parse_at(r, at);
        if (p.item != ITEM_COMMAND) {
            *end = at;
            return p;
        }
        at = p.next;
    }
}

/* False: it is enough. */
static bool tell_time(struct reader *r, struct bytes line)
{
    long long seconds;
    if (!r->o->at_time || !aof_frame_parse_timestamp(line, &seconds) ||
        r->o->at_time(r->o->context, seconds))
        return true;
    r->result->status = AOF_READ_STOPPED;
    return false;
}

/* The highest `synced` of any sound frame behind the damage; 0: there is none. Frames are found by
 * their trailers, wherever these stand. */
static uint64_t synced_behind(struct reader *r, size_t from)
{
    uint64_t most = 0;
    while (from < r->data.n) {
        const char *at = memmem(r->data.p + from, r->data.n - from, "#CRC:", 5);
        if (!at)
            break;
        size_t start = (size_t)(at - r->data.p);
        const char *newline = memchr(at, '\n', r->data.n - start);
        if (!newline)
            break;
        struct bytes line = {at, (size_t)(newline - at)};
        if (line.p[line.n - 1] == '\r')
            line.n--;
        struct aof_frame_trailer t;
        if (aof_frame_is_sound(r->salt, r->data, start, line, &t) && t.synced > most)
            most = t.synced;
        from = start + 5;
    }
    return most;
}

static void damaged(struct reader *r, size_t at, uint64_t synced)
{
    struct aof_read_result *x = r->result;
    ASSERT(x->good <= at);
    uint64_t behind = synced_behind(r, at);
    if (behind > synced)
        synced = behind;
    if (x->offset < synced) {
        x->status = AOF_READ_DAMAGED;
        snprintf(x->error, sizeof(x->error),
                 "damaged at byte %llu (journal offset %llu, of which %llu was synced)",
                 (unsigned long long)x->good, (unsigned long long)x->offset,
                 (unsigned long long)synced);
    } else {
        x->status = AOF_READ_TORN;
        snprintf(x->error, sizeof(x->error), "torn at byte %llu", (unsigned long long)x->good);
    }
}

/* All frames from `at` on. */
static void read_framed(struct reader *r, size_t at)
{
    struct aof_read_result *x = r->result;
    uint64_t synced = 0;
    x->good = at;
    for (;;) {
        size_t start = at, begin = at; /* of the effects, of the timestamp in front of them */
        struct parsed p = parse_at(r, at);
        struct bytes when = bytes_of("", 0);
        long long seconds;
        if (p.item == ITEM_LINE && aof_frame_parse_timestamp(p.line, &seconds)) {
            when = p.line;
            start = at = p.next;
        }
        p = skip_commands(r, at, &at);
        if (p.item == ITEM_END && at == begin)
            return;
        struct aof_frame_trailer t;
        if (p.item != ITEM_LINE || !aof_frame_is_sound(r->salt, r->data, at, p.line, &t) ||
            t.bytes != at - start) {
            damaged(r, begin, synced);
            return;
        }
        if (t.synced > x->offset) {
            x->status = AOF_READ_DAMAGED;
            snprintf(x->error, sizeof(x->error),
                     "frames are missing in front of byte %zu (journal offset %llu, of which %llu "
                     "was synced)",
                     begin, (unsigned long long)x->offset, (unsigned long long)t.synced);
            return;
        }
        if (!tell_time(r, when))
            return;
        if (t.synced > synced)
            synced = t.synced;
        if (!apply_frame(r, start, at))
            return;
        x->offset += t.bytes;
        ASSERT(p.next > at);
        at = p.next;
        x->good = at;
        if (!progress(r, at))
            return;
    }
}

static void header_is_damaged(struct aof_read_result *x)
{
    x->status = AOF_READ_DAMAGED;
    snprintf(x->error, sizeof(x->error), "the head of the segment is damaged");
}

/* Looks like one of our increments whose header was lost: no command and no timestamp at the start,
 * but trailers inside. The values in a file of Redis may look like trailers, its start does not. */
static bool lost_its_header(struct reader *r)
{
    struct parsed p = parse_at(r, 0);
    long long seconds;
    return p.item != ITEM_COMMAND &&
           !(p.item == ITEM_LINE && aof_frame_parse_timestamp(p.line, &seconds)) &&
           memmem(r->data.p, r->data.n, "\n#CRC:", 6);
}

/* Where a file without frames is being read, and in which transaction. */
struct plain {
    size_t at, multi_at;
    bool in_multi;
};

static bool go_on(struct reader *r, struct plain *f, size_t next)
{
    ASSERT(next > f->at && next <= r->data.n);
    f->at = next;
    if (!f->in_multi)
        r->result->good = next;
    return progress(r, next);
}

static bool plain_command(struct reader *r, struct plain *f, const struct bytes *argv, int argc,
                          size_t next)
{
    if (bytes_is(argv[0], "multi")) {
        f->in_multi = true;
        f->multi_at = f->at;
    }
    if (!apply(r, argv, argc, f->at))
        return false;
    if (bytes_is(argv[0], "exec"))
        f->in_multi = false;
    return go_on(r, f, next);
}

/* Redis' own rules: commands one after another; a transaction at the end counts only when whole. */
static void read_plain(struct reader *r, size_t start)
{
    struct aof_read_result *x = r->result;
    struct batch *b = &r->batch;
    struct plain f = {.at = start};
    for (;;) {
        parse_batch(r, f.at);
        tell_ahead(r);
        for (unsigned i = 0; i < b->n; i++)
            if (!plain_command(r, &f, b->commands[i].argv, b->commands[i].argc, b->ends[i]))
                return;
        struct parsed p = parse_at(r, f.at);
        if (p.item == ITEM_END) {
            if (f.in_multi) {
                x->good = f.multi_at;
                x->status = AOF_READ_TORN;
                snprintf(x->error, sizeof(x->error), "ends inside a transaction");
            }
            return;
        }
        if (p.item == ITEM_CUT || p.item == ITEM_BAD) {
            x->good = f.in_multi ? f.multi_at : f.at;
            x->status = p.item == ITEM_CUT ? AOF_READ_TORN : AOF_READ_BAD_FORMAT;
            snprintf(x->error, sizeof(x->error),
                     p.item == ITEM_CUT ? "torn at byte %zu" : "bad file format at byte %zu", f.at);
            return;
        }
        if (p.item == ITEM_LINE && bytes_has_prefix(p.line, "#CRC:")) {
            header_is_damaged(x);
            return;
        }
        if (p.item == ITEM_LINE ? !f.in_multi && !tell_time(r, p.line)
                                : !plain_command(r, &f, r->argv, p.argc, p.next))
            return;
        if (p.item == ITEM_LINE && !go_on(r, &f, p.next))
            return;
    }
}

void aof_read(struct bytes data, const struct aof_read_options *o, struct aof_read_result *result)
{
    struct reader r = {.data = data, .o = o, .result = result};
    *result = (struct aof_read_result){.status = AOF_READ_GOOD};
    size_t n;
    struct aof_frame_header header;
    if (aof_frame_parse_header(data, &header, &n)) {
        result->framed = true;
        memcpy(result->replication_id, header.replication_id, sizeof(header.replication_id));
        r.salt = header.salt;
        result->offset = header.offset;
        uint64_t generation;
        n += aof_frame_parse_generation(r.salt, bytes_of(data.p + n, data.n - n), &generation);
        read_framed(&r, n);
    } else if (lost_its_header(&r)) {
        header_is_damaged(result);
    } else if (data.n && data.n < AOF_FRAME_HEADER_MAX &&
               memcmp(data.p, "#MILLRACE", data.n < 9 ? data.n : 9) == 0) {
        result->status = AOF_READ_TORN;
        result->framed = true;
        snprintf(result->error, sizeof(result->error), "the head of the segment is torn");
    } else {
        read_plain(&r, 0);
    }
    mem_free(r.argv);
}
