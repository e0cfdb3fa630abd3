/* One buffer; offsets correspond to positions in it like this:
 *
 *         start               whole end       offset
 *           v                     v             v
 *   pending |  groups that ended  | open group  |
 *           ^           ^         ^
 *       slowest      a reader    the fastest reader
 *       reader
 *
 * start is offset - pending.n. When the slowest reader moves, the bytes before it are dropped, so
 * start is always its position. When the outermost group ends with more than one effect, MULTI is
 * inserted before it, which moves its bytes: no reader may be within it, so a group becomes visible
 * only when it has ended.
 *
 * Notes (journal.h) are in a separate array, ordered by offset; those that the file has taken are
 * dropped. group_notes is the first one of the open group: MULTI moves them too, and a group of
 * only stream-only commands becomes a single SKIP that includes MULTI and EXEC. */
#include "persist/journal.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"

static const char multi_text[] = "*1\r\n$5\r\nMULTI\r\n";
static const char exec_text[] = "*1\r\n$4\r\nEXEC\r\n";

#define KEPT ((size_t)4 << 20) /* an empty buffer larger than this is freed */

/* "*<n>" or "$<n>", and the line's end. */
static size_t header(char *to, char kind, size_t n)
{
    to[0] = kind;
    size_t len = 1 + num_print_uint(to + 1, n);
    memcpy(to + len, "\r\n", 2);
    return len + 2;
}

void journal_format(struct buf *out, const struct bytes *argv, int argc)
{
    size_t need = 24; /* bytes of a header; the buffer grows once */
    for (int i = 0; i < argc; i++)
        need += argv[i].n + 26;
    char *start = buf_room(out, need), *at = start;
    at += header(at, '*', (size_t)argc);
    for (int i = 0; i < argc; i++) {
        at += header(at, '$', argv[i].n);
        if (argv[i].n)
            memcpy(at, argv[i].p, argv[i].n);
        at += argv[i].n;
        memcpy(at, "\r\n", 2);
        at += 2;
    }
    out->n += (size_t)(at - start);
}

/* Offset before the first pending byte. */
static uint64_t start(const struct journal *j)
{
    return j->offset - j->pending.n;
}

/* ---- Notes */

static struct journal_note *note(struct journal *j, uint64_t offset, enum journal_note_kind kind,
                                 size_t n)
{
    if (j->note_n == j->note_cap) {
        j->note_cap = j->note_cap ? j->note_cap * 2 : 16;
        j->notes = mem_realloc(j->notes, j->note_cap * sizeof(*j->notes));
    }
    struct journal_note *x = &j->notes[j->note_n++];
    *x = (struct journal_note){.offset = offset, .kind = kind, .n = n};
    return x;
}

/* Marks the last n stream bytes as not stored in the file. Adjacent notes are merged. */
static void note_skip(struct journal *j, size_t n)
{
    if (!j->filed)
        return;
    size_t least = j->depth ? j->group_notes : 0;
    struct journal_note *last = j->note_n > least ? &j->notes[j->note_n - 1] : NULL;
    uint64_t offset = j->offset - n;
    if (last && last->kind == JOURNAL_SKIP && last->offset + last->n == offset)
        last->n += n;
    else
        note(j, offset, JOURNAL_SKIP, n);
}

/* Notes that the file has the bytes of `text` from `at` on here, and the stream does not. */
static void note_text(struct journal *j, enum journal_note_kind kind, size_t at)
{
    ASSERT(j->filed && at <= j->text.n);
    note(j, j->offset, kind, j->text.n - at)->at = at;
    j->locals += kind == JOURNAL_ONLY;
}

/* Drops the first n notes, which the file has taken or does not want. */
static void drop_notes(struct journal *j, size_t n)
{
    ASSERT(n <= j->note_n);
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        j->locals_taken += j->notes[i].kind == JOURNAL_ONLY;
    j->note_n -= n;
    memmove(j->notes, j->notes + n, j->note_n * sizeof(*j->notes));
    j->group_notes = j->group_notes > n ? j->group_notes - n : 0;
    size_t gone = j->text.n;
    for (size_t i = 0; i < j->note_n; i++)
        if (j->notes[i].kind != JOURNAL_SKIP && j->notes[i].at < gone)
            gone = j->notes[i].at;
    if (gone == 0)
        return;
    buf_consume(&j->text, gone);
    for (size_t i = 0; i < j->note_n; i++)
        if (j->notes[i].kind != JOURNAL_SKIP)
            j->notes[i].at -= gone;
}

/* ---- Effects */

void journal_group_wrap(struct journal *j)
{
    ASSERT(j->group_start <= j->pending.n && j->group_effects > 1);
    size_t n = sizeof(multi_text) - 1, body = j->pending.n - j->group_start;
    buf_room(&j->pending, n);
    char *at = j->pending.p + j->group_start;
    memmove(at + n, at, body);
    memcpy(at, multi_text, n);
    j->pending.n += n;
    buf_add_text(&j->pending, exec_text);
    j->offset += n + sizeof(exec_text) - 1;
    if (j->group_kept) {
        for (size_t i = j->group_notes; i < j->note_n; i++)
            j->notes[i].offset += n;
        j->effects_end = j->offset;
    } else if (j->note_n > j->group_notes) {
        j->note_n = j->group_notes;
        note(j, start(j) + j->group_start, JOURNAL_SKIP, j->pending.n - j->group_start);
    }
}

static void format_select(struct buf *out, int db)
{
    char text[NUM_INT_MAX];
    struct bytes select[] = {BYTES("SELECT"), bytes_of(text, num_print_int(text, db))};
    journal_format(out, select, 2);
}

static void format_effect(struct buf *out, const struct bytes *argv, int argc, struct bytes raw)
{
    if (raw.n)
        buf_add(out, raw);
    else
        journal_format(out, argv, argc);
}

/* Adds a write of a replica's own client: to the file only, which is in the stream's database
 * before and after it. */
static void put_local(struct journal *j, int db, const struct bytes *argv, int argc,
                      struct bytes raw)
{
    if (!j->filed)
        return;
    size_t at = j->text.n;
    if (j->db != db)
        format_select(&j->text, db);
    format_effect(&j->text, argv, argc, raw);
    if (j->db != db)
        format_select(&j->text, j->db < 0 ? 0 : j->db);
    note_text(j, JOURNAL_ONLY, at);
}

void journal_put(struct journal *j, int db, const struct bytes *argv, int argc, struct bytes raw)
{
    if (j->mode == JOURNAL_RAW) {
        if (!j->applying || !j->kept)
            put_local(j, db, argv, argc, raw);
        return;
    }
    size_t before = j->pending.n;
    if (j->db != db) {
        format_select(&j->pending, db);
        j->db = j->stream_db = db;
    }
    format_effect(&j->pending, argv, argc, raw);
    j->offset += j->pending.n - before;
    j->effects_end = j->offset;
    j->group_effects++;
    j->group_kept++;
}

void journal_file_only(struct journal *j, int db, const struct bytes *argv, int argc)
{
    if (j->on)
        put_local(j, db, argv, argc, bytes_of(NULL, 0));
}

void journal_stream_only(struct journal *j, struct bytes command)
{
    if (!j->on || !j->streamed || j->mode == JOURNAL_RAW)
        return;
    buf_add(&j->pending, command);
    j->offset += command.n;
    note_skip(j, command.n);
    j->group_effects += j->depth > 0;
}

void journal_raw_begin(struct journal *j, struct bytes stream, int db, bool kept)
{
    ASSERT(j->mode == JOURNAL_RAW && !j->applying && j->depth == 0);
    bool moves = db != (j->db < 0 ? 0 : j->db);
    journal_group_begin(j);
    j->applying = true;
    j->kept = kept;
    j->before_raw = j->effects_end;
    j->db = j->stream_db = db;
    j->offset += stream.n;
    if (j->on)
        buf_add(&j->pending, stream);
    if (kept)
        j->effects_end = j->offset;
    else
        note_skip(j, stream.n);
    if (!kept && moves && j->filed) { /* the next stored effect is for that database */
        size_t at = j->text.n;
        format_select(&j->text, db);
        note_text(j, JOURNAL_ONLY, at);
    }
}

void journal_raw_skip(struct journal *j, size_t from, size_t n)
{
    size_t all = j->pending.n - j->group_start;
    ASSERT(j->applying && j->depth == 1);
    if (!j->kept || !j->filed)
        return;
    ASSERT(from + n <= all);
    note(j, start(j) + j->group_start + from, JOURNAL_SKIP, n);
    if (n == all)
        j->effects_end = j->before_raw;
}

void journal_raw_end(struct journal *j)
{
    ASSERT(j->applying && j->depth == 1);
    j->applying = false;
    journal_group_end(j);
}

void journal_forget_db(struct journal *j)
{
    if (j->mode == JOURNAL_EFFECTS)
        j->db = -1;
}

void journal_stream_in(struct journal *j, int db)
{
    ASSERT(j->depth == 0 && db >= -1);
    j->stream_db = db;
    j->db = j->mode == JOURNAL_RAW ? db : -1;
}

struct journal *journal_new(void)
{
    struct journal *j = mem_zalloc(sizeof(*j));
    j->db = j->stream_db = -1;
    history_begin(&j->history);
    return j;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    ASSERT(!j->readers);
    buf_free(&j->pending);
    buf_free(&j->text);
    mem_free(j->notes);
    mem_free(j);
}

void journal_continue(struct journal *j, const char *id, uint64_t offset)
{
    if (!history_is_id(id) || j->readers || j->paused)
        return;
    ASSERT(j->pending.n == 0);
    history_adopt(&j->history, id);
    j->offset = j->effects_end = offset;
}

/* Drops everything pending. An open group starts over with its next effect. */
static void drop_all(struct journal *j)
{
    j->pending.n = 0;
    j->group_start = 0;
    j->group_effects = j->group_kept = 0;
}

/* Notes the ID of the present history for the file. */
static void note_id(struct journal *j)
{
    size_t at = j->text.n;
    if (!j->filed)
        return;
    buf_add_text(&j->text, j->history.id);
    note_text(j, JOURNAL_ID, at);
}

void journal_begin_history(struct journal *j)
{
    ASSERT(!j->depth || j->group_start == j->pending.n);
    history_begin(&j->history);
    note_id(j);
}

void journal_shift(struct journal *j, const char *id)
{
    ASSERT(j->depth == 0 || j->group_start == j->pending.n);
    history_shift(&j->history, id, j->offset);
    note_id(j);
}

void journal_adopt(struct journal *j, const char *id, uint64_t offset)
{
    ASSERT(j->depth == 0 && !j->paused);
    drop_all(j);
    drop_notes(j, j->note_n);
    history_adopt(&j->history, id);
    j->offset = j->effects_end = offset;
    for (struct journal_reader *r = j->readers; r; r = r->next)
        r->offset = offset;
    ASSERT(journal_is_sound(j));
}

void journal_set_mode(struct journal *j, enum journal_mode mode)
{
    ASSERT(!j->applying && (j->depth == 0 || j->group_start == j->pending.n));
    j->mode = mode;
    j->db = mode == JOURNAL_EFFECTS ? -1 : j->stream_db;
}

static void turn_on_or_off(struct journal *j)
{
    j->on = j->readers && !j->paused;
    j->streamed = j->filed = false;
    for (const struct journal_reader *r = j->readers; r; r = r->next)
        *(r->stream ? &j->streamed : &j->filed) = true;
}

void journal_pause(struct journal *j)
{
    j->paused = true;
    turn_on_or_off(j);
}

void journal_resume(struct journal *j)
{
    j->paused = false;
    turn_on_or_off(j);
}

/* ---- Readers */

size_t journal_whole(const struct journal *j)
{
    return j->depth ? j->group_start : j->pending.n;
}

/* Offset up to which groups have ended. */
static uint64_t whole_end(const struct journal *j)
{
    return start(j) + journal_whole(j);
}

static bool notes_are_sound(const struct journal *j)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < j->note_n; i++) {
        const struct journal_note *x = &j->notes[i];
        bool skip = x->kind == JOURNAL_SKIP;
        if (x->offset < offset || x->offset > j->offset || x->n == 0 ||
            (skip ? x->offset + x->n > j->offset : x->at + x->n > j->text.n))
            return false;
        offset = x->offset + (skip ? x->n : 0);
    }
    return (j->filed || j->note_n == 0) && (!j->depth || j->group_notes <= j->note_n);
}

bool journal_is_sound(const struct journal *j)
{
    uint64_t slowest = j->offset;
    for (const struct journal_reader *r = j->readers; r; r = r->next) {
        if (r->journal != j || r->offset < start(j) || r->offset > whole_end(j))
            return false;
        if (r->offset < slowest)
            slowest = r->offset;
    }
    return (!j->on || j->readers || j->paused) && j->depth >= 0 && j->pending.n <= j->offset &&
           (!j->depth || j->group_start <= j->pending.n) && notes_are_sound(j) &&
           j->effects_end <= j->offset && j->locals_taken <= j->locals &&
           (j->readers ? slowest == start(j) : j->pending.n == 0);
}

/* Drops what all readers have taken. */
static void trim(struct journal *j)
{
    uint64_t slowest = j->readers->offset;
    for (const struct journal_reader *r = j->readers->next; r; r = r->next)
        if (r->offset < slowest)
            slowest = r->offset;
    size_t n = (size_t)(slowest - start(j));
    ASSERT(n <= journal_whole(j));
    if (n == 0)
        return;
    buf_consume(&j->pending, n);
    if (j->depth)
        j->group_start -= n;
    if (j->pending.n == 0 && j->pending.cap > KEPT)
        buf_free(&j->pending);
}

static void attach(struct journal *j, struct journal_reader *r, bool stream)
{
    ASSERT(!r->journal);
    ASSERT(!j->depth || j->group_start == j->pending.n);
    *r = (struct journal_reader){
        .journal = j, .next = j->readers, .offset = j->offset, .stream = stream};
    j->readers = r;
    turn_on_or_off(j);
}

void journal_attach(struct journal *j, struct journal_reader *r)
{
    ASSERT(!j->filed);
    attach(j, r, false);
}

void journal_attach_stream(struct journal *j, struct journal_reader *r)
{
    attach(j, r, true);
}

void journal_detach(struct journal_reader *r)
{
    struct journal *j = r->journal;
    if (!j)
        return;
    struct journal_reader **at = &j->readers;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    if (!r->stream)
        drop_notes(j, j->note_n);
    *r = (struct journal_reader){0};
    turn_on_or_off(j);
    if (j->readers) {
        trim(j);
    } else {
        drop_all(j);
        history_begin(&j->history);
    }
}

struct bytes journal_unread(const struct journal_reader *r)
{
    const struct journal *j = r->journal;
    size_t from = (size_t)(r->offset - start(j));
    return bytes_of(from ? j->pending.p + from : j->pending.p, journal_whole(j) - from);
}

uint64_t journal_filed(const struct journal *j)
{
    const struct journal_reader *r = j->readers;
    while (r && r->stream)
        r = r->next;
    return r ? r->offset : j->offset;
}

char *journal_room_behind(struct journal_reader *r, size_t n)
{
    struct journal *j = r->journal;
    return journal_whole(j) == j->pending.n ? buf_room(&j->pending, n) : NULL;
}

/* Notes of groups that have ended. */
static size_t whole_notes(const struct journal *j)
{
    return j->depth ? j->group_notes : j->note_n;
}

struct journal_batch journal_batch(const struct journal_reader *r)
{
    const struct journal *j = r->journal;
    ASSERT(!r->stream);
    return (struct journal_batch){.stream = journal_unread(r),
                                  .notes = j->notes,
                                  .note_n = whole_notes(j),
                                  .text = j->text.p};
}

void journal_take_batch(struct journal_reader *r, size_t bytes, size_t notes)
{
    struct journal *j = r->journal;
    ASSERT(bytes <= whole_end(j) - r->offset && notes <= whole_notes(j));
    r->offset += bytes;
    /* A SKIP may have grown since the batch was returned: the rest of it stays. */
    struct journal_note *last = notes ? &j->notes[notes - 1] : NULL;
    if (last && last->kind == JOURNAL_SKIP && last->offset + last->n > r->offset) {
        last->n -= (size_t)(r->offset - last->offset);
        last->offset = r->offset;
        notes--;
    }
    drop_notes(j, notes);
    trim(j);
    ASSERT(!j->note_n || j->notes[0].offset >= r->offset);
}

void journal_take(struct journal_reader *r, size_t n)
{
    struct journal *j = r->journal;
    size_t notes = 0;
    if (!r->stream)
        while (notes < whole_notes(j) && j->notes[notes].offset < r->offset + n)
            notes++;
    if (notes) {
        journal_take_batch(r, n, notes);
        return;
    }
    ASSERT(n <= whole_end(j) - r->offset);
    r->offset += n;
    trim(j);
}

void journal_skip(struct journal_reader *r)
{
    struct journal *j = r->journal;
    bool alone = j->readers == r && !r->next;
    ASSERT(alone || !j->depth || j->group_start == j->pending.n);
    r->offset = j->offset;
    if (!r->stream)
        drop_notes(j, j->note_n);
    if (alone)
        drop_all(j);
    else
        trim(j);
}
