/* Reads the mapped file in one pass, in one of two ways.
 *
 * With frames (the file begins with our header): a frame's commands are parsed once only to find
 * the trailer after them; the trailer's checksum is verified; then the commands are parsed again
 * and applied, in batches of AOF_READ_AHEAD, each announced first so that the caller can prefetch
 * what it will access. So no part of a frame is applied before the whole frame is verified, at the
 * price of parsing twice (the second time from the CPU cache).
 *
 * A bad frame ends the reading. Whether it is a torn tail (a crash during the write) or damage
 * follows from the good frames: every trailer has the offset that was synced when it was written.
 * If any of them, before or after the bad frame, shows that more was synced than we have read,
 * bytes were lost from the disk: DAMAGED, and the start is refused. Otherwise no reply ever relied
 * on the bad bytes: TORN, and the caller may truncate the file to `good`. A good frame after a gap
 * is DAMAGED too, by the same comparison.
 *
 * Notes in a frame mark where stream and file differ (persist/journal.h). They do not affect what
 * is applied, only how far the offset moves, which history it belongs to, and what the end of the
 * stream is; the latter is passed on, if wanted, by a second pass over the last frames.
 *
 * Without frames (a file of Redis, or the commands after a snapshot): commands are applied one by
 * one. A command cut off by the end of the file, or a MULTI without its EXEC, is TORN after the
 * last complete command; other bytes are BAD_FORMAT.
 *
 * A file of ours with an unreadable header (it begins like one; or the caller knows it is ours, and
 * it begins like nothing that Redis writes) is DAMAGED if it has trailers, since frames were
 * written after a good header. Without trailers nothing in it was ever synced, and a power failure
 * may have left any content: TORN at its beginning.
 *
 * If apply() or progress() returns false, the result is REFUSED; if at_time() does, STOPPED. */
#include "persist/aof_read.h"

#include "base/assert.h"
#include "persist/aof_frame.h"
#include "persist/aof_parse.h"
#include "proto/request.h"

#include <stdio.h>

#define PROGRESS_EVERY (2u << 20)
#define SKIPPED_MOST   ((uint64_t)1 << 62) /* in one frame */
#define ARGS_POOL      512

/* Consecutive ordinary commands, parsed together. */
struct batch {
    size_t from, ends[AOF_READ_AHEAD];
    unsigned n;
    struct aof_read_command commands[AOF_READ_AHEAD];
    struct bytes args[ARGS_POOL];
};

/* The start of a frame, and the journal offset there. */
struct place {
    size_t at;
    uint64_t offset;
};

struct reader {
    struct bytes data;
    const struct aof_read_options *o;
    struct aof_read_result *result;
    struct aof_parse_room room; /* for commands outside of batches */
    struct batch batch;
    uint32_t salt;
    bool notes;                          /* frames may have notes: version 2 */
    char next_id[HISTORY_ID_LENGTH + 1]; /* of a history without bytes so far; "": none */
    uint64_t reported;
    /* Starts of frames for emit_tail(): near, which is replaced once stream_most bytes of stream
     * follow it, and its predecessor far. */
    struct place near, far;
};

/* The fast path: parses the complete, ordinary commands from `at` on. */
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

static void announce_ahead(struct reader *r)
{
    if (r->o->ahead && r->batch.n)
        r->o->ahead(r->o->context, r->batch.commands, r->batch.n);
}

/* Applies a frame's body, which read_body() has accepted. */
static bool apply_frame(struct reader *r, size_t at, size_t end)
{
    struct batch *b = &r->batch;
    while (at < end) {
        if (b->from != at)
            parse_batch(r, at);
        announce_ahead(r);
        for (unsigned i = 0; i < b->n && at < end; at = b->ends[i++])
            if (!apply(r, b->commands[i].argv, b->commands[i].argc, at))
                return false;
        if (b->n)
            continue;
        struct aof_parsed p = aof_parse(r->data, at, &r->room);
        ASSERT((p.item == AOF_PARSE_COMMAND || p.item == AOF_PARSE_LINE) && p.next <= end);
        if (p.item == AOF_PARSE_COMMAND && !apply(r, r->room.argv, p.argc, at))
            return false;
        at = p.next;
    }
    ASSERT(at == end);
    return true;
}

/* Skips commands from `at` on and returns the item after them, which begins at *end. */
static struct aof_parsed skip_commands(struct reader *r, size_t at, size_t *end)
{
    for (;;) {
        parse_batch(r, at);
        if (r->batch.n)
            at = r->batch.ends[r->batch.n - 1];
        if (r->batch.n == AOF_READ_AHEAD)
            continue;
        struct aof_parsed p = aof_parse(r->data, at, &r->room);
        if (p.item != AOF_PARSE_COMMAND) {
            *end = at;
            return p;
        }
        at = p.next;
    }
}

/* The stream of a frame's body, as far as it has been read. */
struct body {
    uint64_t stream, skipped;         /* its bytes; those not stored in the file */
    uint64_t only;                    /* this many of the next bytes are not part of it */
    bool continues;                   /* bytes precede the first ID note, if any */
    char id[HISTORY_ID_LENGTH + 1];   /* of the last bytes; "": as before the frame */
    char next[HISTORY_ID_LENGTH + 1]; /* of the last ID note, perhaps without bytes; "": none */
    uint64_t next_at;                 /* stream bytes before that note */
    bool wrong;                       /* the notes contradict each other or the commands */
};

/* Accounts for the commands between `from` and `to`. */
static void take_commands(struct reader *r, struct body *b, size_t from, size_t to, bool emit)
{
    size_t only = to - from < b->only ? to - from : (size_t)b->only;
    struct bytes kept = {r->data.p + from + only, to - from - only};
    b->only -= only;
    b->stream += kept.n;
    if (emit && kept.n)
        r->o->stream(r->o->context, kept, 0);
}

/* An ID made by a confirmation takes effect with its first byte (replica/confirm.h: STEPS), any
 * other at once. */
static void apply_next_id(struct body *b)
{
    if (b->next[0] && (b->stream > b->next_at || history_generation(b->next) == 0))
        memcpy(b->id, b->next, sizeof(b->id));
}

/* False: the line is not a note. */
static bool take_note(struct reader *r, struct body *b, struct bytes line, bool emit)
{
    struct aof_frame_note note;
    if (!r->notes || !aof_frame_parse_note(line, &note))
        return false;
    b->wrong = b->wrong || b->only;
    if (note.kind == JOURNAL_ONLY) {
        b->only = note.n;
    } else if (note.kind == JOURNAL_ID) {
        apply_next_id(b);
        b->continues = b->continues || (!b->next[0] && b->stream);
        memcpy(b->next, note.id, sizeof(b->next));
        b->next_at = b->stream;
    } else {
        b->wrong = b->wrong || note.n > SKIPPED_MOST - b->skipped;
        b->skipped += b->wrong ? 0 : note.n;
        b->stream += b->wrong ? 0 : note.n;
        if (emit && !b->wrong)
            r->o->stream(r->o->context, bytes_of(NULL, 0), note.n);
    }
    return true;
}

/* Reads a body up to a trailer or an item that does not belong in a frame, which is returned and
 * begins at *end. emit: passes the stream on. */
static struct aof_parsed read_body(struct reader *r, size_t at, struct body *b, size_t *end,
                                   bool emit)
{
    *b = (struct body){0};
    for (;;) {
        struct aof_parsed p = skip_commands(r, at, end);
        take_commands(r, b, at, *end, emit);
        if (p.item != AOF_PARSE_LINE || !take_note(r, b, p.line, emit)) {
            b->wrong = b->wrong || b->only;
            apply_next_id(b);
            b->continues = b->continues || (!b->next[0] && b->stream);
            return p;
        }
        at = p.next;
    }
}

/* False: the caller stops the reading. */
static bool report_time(struct reader *r, struct bytes line)
{
    long long seconds;
    if (!r->o->at_time || !aof_frame_parse_timestamp(line, &seconds) ||
        r->o->at_time(r->o->context, seconds))
        return true;
    r->result->status = AOF_READ_STOPPED;
    return false;
}

/* The highest `synced` of any good frame after the damage; 0: there is none. Frames are found by
 * their trailers, at any position. */
static uint64_t synced_after(struct reader *r, size_t from)
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
    uint64_t later = synced_after(r, at);
    if (later > synced)
        synced = later;
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

/* Moves near and far, when a frame begins at `good`. */
static void advance_tail_starts(struct reader *r)
{
    const struct aof_read_result *x = r->result;
    if (r->near.at && x->offset - r->near.offset < r->o->stream_most)
        return;
    r->far = r->near.at ? r->near : (struct place){x->good, x->offset};
    r->near = (struct place){x->good, x->offset};
}

/* One frame: its timestamp line or nothing, its body, its trailer line. */
struct frame {
    size_t begin, start, end, next; /* positions of timestamp, body, trailer, and what follows */
    struct bytes when;              /* the timestamp line; empty: none */
    struct body body;
    struct aof_parsed after; /* the item after the body: a trailer if the frame is good */
};

static void find_frame(struct reader *r, size_t at, struct frame *f, bool emit)
{
    long long seconds;
    struct aof_parsed p = aof_parse(r->data, at, &r->room);
    f->begin = f->start = at;
    f->when = bytes_of("", 0);
    if (p.item == AOF_PARSE_LINE && aof_frame_parse_timestamp(p.line, &seconds)) {
        f->when = p.line;
        f->start = p.next;
    }
    f->after = read_body(r, f->start, &f->body, &f->end, emit);
    f->next = f->after.next;
}

static bool is_whole(const struct reader *r, const struct frame *f, struct aof_frame_trailer *t)
{
    return f->after.item == AOF_PARSE_LINE &&
           aof_frame_is_sound(r->salt, r->data, f->end, f->after.line, t) &&
           t->bytes == f->end - f->start && !f->body.wrong;
}

static void frames_are_missing(struct aof_read_result *x, size_t at, uint64_t synced)
{
    x->status = AOF_READ_DAMAGED;
    snprintf(x->error, sizeof(x->error),
             "frames are missing in front of byte %zu (journal offset %llu, of which %llu "
             "was synced)",
             at, (unsigned long long)x->offset, (unsigned long long)synced);
}

/* Updates the result at the end of a good frame. */
static void take_frame(struct reader *r, const struct frame *f)
{
    struct aof_read_result *x = r->result;
    const struct body *b = &f->body;
    ASSERT(f->next > f->end);
    if (r->next_id[0] && b->continues)
        memcpy(x->replication_id, r->next_id, sizeof(x->replication_id));
    if (b->id[0])
        memcpy(x->replication_id, b->id, sizeof(x->replication_id));
    if (b->next[0] && strcmp(b->id, b->next) != 0)
        memcpy(r->next_id, b->next, sizeof(r->next_id));
    else if (b->next[0] || b->continues)
        r->next_id[0] = 0;
    x->offset += f->body.stream;
    x->skipped += f->body.skipped;
    x->good = f->next;
}

/* Reads all frames from `at` on. */
static void read_framed(struct reader *r, size_t at)
{
    struct aof_read_result *x = r->result;
    uint64_t synced = 0;
    struct frame f;
    x->good = at;
    for (;;) {
        struct aof_frame_trailer t;
        advance_tail_starts(r);
        find_frame(r, x->good, &f, false);
        if (f.after.item == AOF_PARSE_END && f.end == f.begin)
            return;
        if (!is_whole(r, &f, &t)) {
            damaged(r, f.begin, synced);
            return;
        }
        if (t.synced > x->offset) {
            frames_are_missing(x, f.begin, t.synced);
            return;
        }
        if (!report_time(r, f.when))
            return;
        if (t.synced > synced)
            synced = t.synced;
        if (!apply_frame(r, f.start, f.end))
            return;
        take_frame(r, &f);
        if (!progress(r, f.next))
            return;
    }
}

/* Passes on the end of the stream by reading the last frames again, without applying them. */
static void emit_tail(struct reader *r)
{
    const struct place *from =
        r->result->offset - r->near.offset >= r->o->stream_most ? &r->near : &r->far;
    struct frame f;
    for (size_t at = from->at; at < r->result->good; at = f.next)
        find_frame(r, at, &f, true);
}

static void header_is_damaged(struct aof_read_result *x)
{
    x->status = AOF_READ_DAMAGED;
    snprintf(x->error, sizeof(x->error), "the head of the segment is damaged");
}

/* The file begins with neither a command nor a timestamp, unlike any file of Redis. */
static bool begins_unlike_redis(struct reader *r)
{
    struct aof_parsed p = aof_parse(r->data, 0, &r->room);
    long long seconds;
    return p.item != AOF_PARSE_END && p.item != AOF_PARSE_COMMAND &&
           !(p.item == AOF_PARSE_LINE && aof_frame_parse_timestamp(p.line, &seconds));
}

/* Values in a file of Redis may look like trailers, so this is only asked if the start is not
 * Redis'. */
static bool has_trailers(struct bytes data)
{
    return memmem(data.p, data.n, "\n#CRC:", 6);
}

/* Begins with our header's first bytes, or as many of them as there are. */
static bool begins_as_ours(struct bytes data)
{
    return data.n && memcmp(data.p, "#MILLRACE", data.n < 9 ? data.n : 9) == 0;
}

/* The position in a file without frames, and the open transaction. */
struct plain {
    size_t at, multi_at;
    bool in_multi;
};

static bool advance(struct reader *r, struct plain *f, size_t next)
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
    return advance(r, f, next);
}

/* As Redis reads it: commands one by one; a transaction at the end counts only if complete. */
static void read_plain(struct reader *r, size_t start)
{
    struct aof_read_result *x = r->result;
    struct batch *b = &r->batch;
    struct plain f = {.at = start};
    for (;;) {
        parse_batch(r, f.at);
        announce_ahead(r);
        for (unsigned i = 0; i < b->n; i++)
            if (!plain_command(r, &f, b->commands[i].argv, b->commands[i].argc, b->ends[i]))
                return;
        struct aof_parsed p = aof_parse(r->data, f.at, &r->room);
        if (p.item == AOF_PARSE_END) {
            if (f.in_multi) {
                x->good = f.multi_at;
                x->status = AOF_READ_TORN;
                snprintf(x->error, sizeof(x->error), "ends inside a transaction");
            }
            return;
        }
        if (p.item == AOF_PARSE_CUT || p.item == AOF_PARSE_BAD) {
            x->good = f.in_multi ? f.multi_at : f.at;
            x->status = p.item == AOF_PARSE_CUT ? AOF_READ_TORN : AOF_READ_BAD_FORMAT;
            snprintf(x->error, sizeof(x->error),
                     p.item == AOF_PARSE_CUT ? "torn at byte %zu" : "bad file format at byte %zu",
                     f.at);
            return;
        }
        if (p.item == AOF_PARSE_LINE && bytes_has_prefix(p.line, "#CRC:")) {
            header_is_damaged(x);
            return;
        }
        if (p.item == AOF_PARSE_LINE ? !f.in_multi && !report_time(r, p.line)
                                     : !plain_command(r, &f, r->room.argv, p.argc, p.next))
            return;
        if (p.item == AOF_PARSE_LINE && !advance(r, &f, p.next))
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
        r.notes = header.version > 1;
        result->offset = header.offset;
        uint64_t generation;
        n += aof_frame_parse_generation(r.salt, bytes_of(data.p + n, data.n - n), &generation);
        read_framed(&r, n);
        if (o->stream && (result->status == AOF_READ_GOOD || result->status == AOF_READ_TORN))
            emit_tail(&r);
    } else if (begins_unlike_redis(&r) && has_trailers(data)) {
        header_is_damaged(result);
    } else if (begins_as_ours(data) || (o->ours && begins_unlike_redis(&r))) {
        result->status = AOF_READ_TORN;
        result->framed = true;
        snprintf(result->error, sizeof(result->error), "the head of the segment is torn");
    } else {
        read_plain(&r, 0);
    }
    aof_parse_free(&r.room);
}
