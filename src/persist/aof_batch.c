#include "persist/aof_batch.h"

#include "base/assert.h"
#include "base/num.h"
#include "persist/aof_frame.h"

#include <string.h>

bool aof_batch_is_kept(const struct journal_batch *b)
{
    size_t skipped = 0;
    ASSERT(!journal_batch_is_empty(b));
    for (size_t i = 0; i < b->note_n; i++) {
        if (b->notes[i].kind != JOURNAL_SKIP)
            return true;
        skipped += b->notes[i].n;
    }
    ASSERT(skipped <= b->stream.n);
    return skipped < b->stream.n;
}

static void print_note(const struct aof_frame_note *note, struct buf *out)
{
    out->n += aof_frame_print_note(note, buf_room(out, AOF_FRAME_LINE_MAX));
}

void aof_batch_print(const struct journal_batch *b, uint64_t from, struct buf *out)
{
    size_t at = 0; /* in the stream */
    for (size_t i = 0; i < b->note_n; i++) {
        const struct journal_note *note = &b->notes[i];
        struct aof_frame_note line = {.kind = note->kind, .n = note->n};
        size_t place = (size_t)(note->offset - from);
        ASSERT(note->offset >= from && place >= at && place <= b->stream.n);
        buf_add(out, bytes_of(b->stream.p + at, place - at));
        at = place;
        if (note->kind == JOURNAL_ID)
            memcpy(line.id, b->text + note->at, HISTORY_ID_LENGTH);
        print_note(&line, out);
        if (note->kind == JOURNAL_ONLY)
            buf_add(out, bytes_of(b->text + note->at, note->n));
        if (note->kind == JOURNAL_SKIP)
            at += note->n;
        ASSERT(at <= b->stream.n);
    }
    buf_add(out, bytes_of(b->stream.p + at, b->stream.n - at));
}

void aof_batch_print_select(int db, struct buf *out)
{
    char number[NUM_INT_MAX];
    struct buf select = {0};
    struct bytes argv[] = {BYTES("SELECT"), bytes_of(number, num_print_int(number, db))};
    journal_format(&select, argv, 2);
    print_note(&(struct aof_frame_note){.kind = JOURNAL_ONLY, .n = select.n}, out);
    buf_add(out, buf_bytes(&select));
    buf_free(&select);
}
