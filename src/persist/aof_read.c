#include "persist/aof_read.h"

#include "base/buf.h"
#include "base/crc.h"
#include "base/mem.h"
#include "base/num.h"
#include "proto/request.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define PROGRESS_EVERY (2u << 20)
#define ARGS_MAX       (1 << 20)
#define ARGS_POOL      512

/* Ordinary commands that lie one behind the other, understood together. */
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

/* What stands at a position. CUT: the beginning of a command, and the end of the file. */
enum item { ITEM_COMMAND, ITEM_NOTE, ITEM_END, ITEM_CUT, ITEM_BAD };

struct parsed {
    enum item item;
    size_t next; /* where the next one begins */
    int argc;
    struct bytes note;
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
        p.item = newline ? ITEM_NOTE : ITEM_CUT;
        if (!newline)
            return p;
        size_t end = (size_t)(newline - d.p);
        p.next = end + 1;
        p.note = bytes_of(d.p + at, end - at);
        if (p.note.n && p.note.p[p.note.n - 1] == '\r')
            p.note.n--;
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

/* The commands from `at` on, as many as are whole and ordinary. */
static void gather(struct reader *r, size_t at)
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

/* A frame's commands, all understood before. */
static bool apply_frame(struct reader *r, size_t at, size_t end)
{
    struct batch *b = &r->batch;
    while (at < end) {
        if (b->from != at)
            gather(r, at);
        tell_ahead(r);
        for (unsigned i = 0; i < b->n && at < end; at = b->ends[i++])
            if (!apply(r, b->commands[i].argv, b->commands[i].argc, at))
                return false;
        if (b->n)
            continue;
        struct parsed p = parse_at(r, at);
        if (!apply(r, r->argv, p.argc, at))
            return false;
        at = p.next;
    }
    return true;
}

/* What stands behind the commands from `at` on; *end: where it begins. */
static struct parsed skip_commands(struct reader *r, size_t at, size_t *end)
{
    for (;;) {
        gather(r, at);
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

size_t aof_read_print_generation(uint32_t salt, uint64_t generation, char *to)
{
    size_t n =
        (size_t)snprintf(to, AOF_READ_NOTE_MAX, "#GENERATION:%llu", (unsigned long long)generation);
    return n + (size_t)snprintf(to + n, AOF_READ_NOTE_MAX - n, ":%08x\r\n", crc_32c(salt, to, n));
}

size_t aof_read_generation(uint32_t salt, struct bytes data, uint64_t *generation)
{
    static const char name[] = "#GENERATION:";
    char text[AOF_READ_NOTE_MAX], expected[AOF_READ_NOTE_MAX];
    if (!bytes_has_prefix(data, name))
        return 0;
    size_t n = data.n < sizeof(text) ? data.n : sizeof(text) - 1;
    memcpy(text, data.p, n);
    text[n] = 0;
    *generation = strtoull(text + sizeof(name) - 1, NULL, 10);
    size_t len = aof_read_print_generation(salt, *generation, expected);
    return len <= n && memcmp(text, expected, len) == 0 ? len : 0;
}

size_t aof_read_print_time(int64_t seconds, char *to)
{
    return (size_t)snprintf(to, AOF_READ_NOTE_MAX, "#TS:%lld\r\n", (long long)seconds);
}

/* The time in a note; false: it is none. */
static bool time_of(struct bytes note, long long *seconds)
{
    return bytes_has_prefix(note, "#TS:") &&
           num_parse_int(bytes_of(note.p + 4, note.n - 4), seconds);
}

/* The line of a time that ends at `end`; empty: another line, or none, stands there. */
static struct bytes time_line(struct bytes data, size_t end)
{
    if (end < 7 || data.p[end - 1] != '\n')
        return bytes_of("", 0);
    size_t start = end - 1;
    while (start && data.p[start - 1] != '\n' && end - start < 32)
        start--;
    struct bytes line = {data.p + start, end - start};
    return bytes_has_prefix(line, "#TS:") ? line : bytes_of("", 0);
}

/* False: it is enough. */
static bool tell_time(struct reader *r, struct bytes note)
{
    long long seconds;
    if (!r->o->at_time || !time_of(note, &seconds) || r->o->at_time(r->o->context, seconds))
        return true;
    r->result->status = AOF_READ_STOPPED;
    return false;
}

size_t aof_read_print_note(uint32_t salt, struct bytes time, struct bytes effects, uint64_t synced,
                           char *to)
{
    char numbers[64];
    size_t n = (size_t)snprintf(numbers, sizeof(numbers), "%zu:%llu", effects.n,
                                (unsigned long long)synced);
    uint32_t crc = crc_32c(crc_32c(salt, time.p, time.n), effects.p, effects.n);
    crc = crc_32c(crc, numbers, n);
    return (size_t)snprintf(to, AOF_READ_NOTE_MAX, "#CRC:%zu:%08x:%llu\r\n", effects.n, crc,
                            (unsigned long long)synced);
}

/* The frame whose note is given ends at `end` (where the note begins): are both sound, to the bit?
 */
static bool frame_is_sound(struct reader *r, size_t end, struct bytes note, uint64_t *n,
                           uint64_t *synced)
{
    char text[AOF_READ_NOTE_MAX], expected[AOF_READ_NOTE_MAX], *at;
    if (!bytes_has_prefix(note, "#CRC:") || note.n + 2 >= sizeof(text))
        return false;
    memcpy(text, note.p, note.n);
    text[note.n] = 0;
    *n = strtoull(text + 5, &at, 10);
    at = *at == ':' ? strchr(at + 1, ':') : NULL;
    if (!at || *n > end)
        return false;
    *synced = strtoull(at + 1, NULL, 10);
    size_t len = aof_read_print_note(r->salt, time_line(r->data, end - (size_t)*n),
                                     bytes_of(r->data.p + end - *n, (size_t)*n), *synced, expected);
    return len == note.n + 2 && memcmp(expected, note.p, note.n) == 0 && note.p[note.n] == '\r';
}

/* The highest `synced` of any sound frame behind the damage. */
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
        struct bytes note = {at, (size_t)(newline - at)};
        if (note.n && note.p[note.n - 1] == '\r')
            note.n--;
        uint64_t n, synced;
        if (frame_is_sound(r, start, note, &n, &synced) && synced > most)
            most = synced;
        from = start + 5;
    }
    return most;
}

static void damaged(struct reader *r, size_t at, uint64_t synced)
{
    struct aof_read_result *x = r->result;
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
        size_t start = at, begin = at; /* of the frame, of its time */
        struct parsed p = parse_at(r, at);
        struct bytes when = bytes_of("", 0);
        long long seconds;
        if (p.item == ITEM_NOTE && time_of(p.note, &seconds)) {
            when = p.note;
            start = at = p.next;
        }
        p = skip_commands(r, at, &at);
        if (p.item == ITEM_END && at == begin)
            return;
        uint64_t n, frame_synced;
        if (p.item != ITEM_NOTE || !frame_is_sound(r, at, p.note, &n, &frame_synced) ||
            n != at - start) {
            damaged(r, begin, synced);
            return;
        }
        if (frame_synced > x->offset) {
            x->status = AOF_READ_DAMAGED;
            snprintf(x->error, sizeof(x->error),
                     "frames are missing in front of byte %zu (journal offset %llu, of which %llu "
                     "was synced)",
                     begin, (unsigned long long)x->offset, (unsigned long long)frame_synced);
            return;
        }
        if (!tell_time(r, when))
            return;
        if (frame_synced > synced)
            synced = frame_synced;
        if (!apply_frame(r, start, at))
            return;
        x->offset += n;
        at = p.next;
        x->good = at;
        if (!progress(r, at))
            return;
    }
}

static void head_is_damaged(struct aof_read_result *x)
{
    x->status = AOF_READ_DAMAGED;
    snprintf(x->error, sizeof(x->error), "the head of the segment is damaged");
}

/* A file that does not begin as a foreign one does, and has the notes of ours. Values of foreign
 * files may look like notes. */
static bool lost_its_head(struct reader *r)
{
    struct parsed p = parse_at(r, 0);
    long long seconds;
    return p.item != ITEM_COMMAND && !(p.item == ITEM_NOTE && time_of(p.note, &seconds)) &&
           memmem(r->data.p, r->data.n, "\n#CRC:", 6);
}

/* Where a file without frames is being read, and in which transaction. */
struct plain {
    size_t at, multi_at;
    bool in_multi;
};

static bool go_on(struct reader *r, struct plain *f, size_t next)
{
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
        gather(r, f.at);
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
        if (p.item == ITEM_NOTE && bytes_has_prefix(p.note, "#CRC:")) {
            head_is_damaged(x);
            return;
        }
        if (p.item == ITEM_NOTE ? !f.in_multi && !tell_time(r, p.note)
                                : !plain_command(r, &f, r->argv, p.argc, p.next))
            return;
        if (p.item == ITEM_NOTE && !go_on(r, &f, p.next))
            return;
    }
}

size_t aof_read_print_head(const struct aof_read_head *h, char *to)
{
    size_t n = (size_t)snprintf(to, AOF_READ_HEAD_MAX, "#MILLRACE:1:%08x:%llu:%s", h->salt,
                                (unsigned long long)h->offset, h->replication_id);
    return n + (size_t)snprintf(to + n, AOF_READ_HEAD_MAX - n, ":%08x\r\n", crc_32c(0, to, n));
}

bool aof_read_head(struct bytes data, struct aof_read_head *out, size_t *n)
{
    unsigned salt, crc;
    unsigned long long offset;
    char head[AOF_READ_HEAD_MAX];
    const char *newline =
        data.n ? memchr(data.p, '\n', data.n < sizeof(head) ? data.n : sizeof(head) - 1) : NULL;
    size_t len = newline ? (size_t)(newline - data.p) : 0;
    memcpy(head, data.p, len);
    head[len] = 0;
    if (sscanf(head, "#MILLRACE:1:%8x:%llu:%40[^:]:%8x", &salt, &offset, out->replication_id,
               &crc) != 4)
        return false;
    out->salt = salt;
    out->offset = offset;
    *n = len + 1;
    /* To the byte, as it would be printed: the checksum too. */
    char expected[AOF_READ_HEAD_MAX];
    return aof_read_print_head(out, expected) == *n && memcmp(expected, data.p, *n) == 0;
}

void aof_read(struct bytes data, const struct aof_read_options *o, struct aof_read_result *result)
{
    struct reader r = {.data = data, .o = o, .result = result};
    *result = (struct aof_read_result){.status = AOF_READ_GOOD};
    size_t head_n;
    struct aof_read_head head;
    if (aof_read_head(data, &head, &head_n)) {
        result->framed = true;
        memcpy(result->replication_id, head.replication_id, sizeof(head.replication_id));
        r.salt = head.salt;
        result->offset = head.offset;
        uint64_t generation;
        head_n +=
            aof_read_generation(head.salt, bytes_of(data.p + head_n, data.n - head_n), &generation);
        read_framed(&r, head_n);
    } else if (lost_its_head(&r)) {
        head_is_damaged(result);
    } else if (data.n && data.n < AOF_READ_HEAD_MAX &&
               memcmp(data.p, "#MILLRACE", data.n < 9 ? data.n : 9) == 0) {
        result->status = AOF_READ_TORN;
        result->framed = true;
        snprintf(result->error, sizeof(result->error), "the head of the segment is torn");
    } else {
        read_plain(&r, 0);
    }
    mem_free(r.argv);
}
