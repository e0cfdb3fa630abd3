#include "persist/journal.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

#include <stdlib.h>

static void add(struct journal *j, int db, const char *a, const char *b)
{
    struct bytes argv[] = {bytes_text(a), bytes_text(b)};
    journal_add(j, db, argv, 2, bytes_of(NULL, 0));
}

static void group(struct journal *j, int db, const char *a, const char *b)
{
    journal_group_begin(j);
    add(j, db, a, b);
    journal_group_end(j);
}

TEST(without_readers_nothing_is_formatted)
{
    struct journal j = {.db = -1};
    group(&j, 0, "DEL", "a");
    CHECK(j.offset == 0 && j.pending.n == 0 && journal_is_sound(&j));
}

TEST(one_effect_stands_alone_and_several_in_a_transaction)
{
    struct journal j = {.db = -1};
    struct journal_reader r = {0};
    journal_attach(&j, &r);
    group(&j, 3, "DEL", "a");
    CHECK(bytes_is(journal_unread(&r),
                   "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"));
    CHECK(j.offset == j.pending.n);
    journal_take(&r, j.pending.n);
    journal_group_begin(&j);
    journal_group_begin(&j); /* EXEC, and a command in it */
    add(&j, 3, "DEL", "a");
    journal_group_end(&j);
    add(&j, 3, "DEL", "b");
    uint64_t before = j.offset;
    CHECK(journal_unread(&r).n == 0 && journal_lag(&r) > 0);
    journal_group_end(&j);
    CHECK(bytes_is(journal_unread(&r), "*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"
                                       "*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n*1\r\n$4\r\nEXEC\r\n"));
    CHECK(j.offset > before && journal_is_sound(&j));
    uint64_t end = j.offset;
    journal_take(&r, j.pending.n);
    journal_forget_db(&j);
    group(&j, 3, "DEL", "c");
    CHECK(memcmp(j.pending.p, "*2\r\n$6\r\nSELECT", 14) == 0 && j.offset == end + j.pending.n);
    journal_detach(&r);
    CHECK(!j.on && j.pending.n == 0);
    buf_free(&j.pending);
}

TEST(an_open_group_stays_when_the_rest_is_taken)
{
    struct journal j = {.db = 0};
    struct journal_reader r = {0};
    journal_attach(&j, &r);
    group(&j, 0, "DEL", "a");
    size_t whole = j.pending.n;
    CHECK(journal_room_behind(&r, 10));
    journal_group_begin(&j);
    add(&j, 0, "DEL", "b");
    CHECK(journal_whole(&j) == whole && journal_unread(&r).n == whole);
    CHECK(!journal_room_behind(&r, 10));
    journal_take(&r, whole);
    CHECK(journal_whole(&j) == 0 && j.pending.n == whole && journal_is_sound(&j));
    add(&j, 0, "DEL", "c");
    journal_group_end(&j);
    CHECK(bytes_is(journal_unread(&r), "*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n"
                                       "*2\r\n$3\r\nDEL\r\n$1\r\nc\r\n*1\r\n$4\r\nEXEC\r\n"));
    journal_group_begin(&j);
    add(&j, 0, "DEL", "d");
    journal_skip(&r);
    journal_group_end(&j);
    CHECK(j.pending.n == 0 && journal_unread(&r).n == 0 && journal_is_sound(&j));
    journal_detach(&r);
    buf_free(&j.pending);
}

/* What could not be written comes again, with what has come since. */
TEST(what_is_not_taken_is_given_again)
{
    struct journal j = {.db = 0};
    struct journal_reader r = {0};
    journal_attach(&j, &r);
    group(&j, 0, "DEL", "a");
    size_t n = journal_unread(&r).n;
    char *behind = journal_room_behind(&r, 8);
    memcpy(behind, "trailer!", 8); /* and then the write failed */
    group(&j, 0, "DEL", "b");
    CHECK(bytes_is(journal_unread(&r),
                   "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n"));
    journal_take(&r, n);
    CHECK(bytes_is(journal_unread(&r), "*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n"));
    CHECK(r.offset == n && j.offset == 2 * n && journal_is_sound(&j));
    journal_detach(&r);
    buf_free(&j.pending);
}

/* faults B14 */
TEST(goes_on_under_the_id_of_the_files_and_under_no_other)
{
    static const char id[] = "abcdef7890123456789012345678901234567890";
    struct journal *j = journal_new();
    struct journal_reader r = {0};
    char own[41];
    memcpy(own, j->history.id, sizeof(own));
    CHECK(strlen(own) == 40 && j->offset == 0);
    static const char *const none[] = {"", "short", "0123456789012345678901234567890123456:\n9",
                                       "01234567890123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        journal_continue(j, none[i], 77);
        CHECK(strcmp(j->history.id, own) == 0 && j->offset == 0);
    }
    journal_pause(j);
    journal_continue(j, id, 77);
    CHECK(strcmp(j->history.id, own) == 0 && j->offset == 0);
    journal_resume(j);
    journal_continue(j, id, 77);
    CHECK(strcmp(j->history.id, id) == 0 && j->offset == 77);
    journal_attach(j, &r);
    journal_continue(j, own, 5);
    CHECK(strcmp(j->history.id, id) == 0 && j->offset == 77 && r.offset == 77);
    journal_detach(&r);
    journal_free(j);
}

TEST(nothing_is_gathered_in_a_pause)
{
    struct journal j = {.db = 0};
    struct journal_reader r = {0};
    journal_attach(&j, &r);
    group(&j, 0, "DEL", "a");
    uint64_t end = j.offset;
    journal_pause(&j);
    CHECK(!j.on && journal_is_sound(&j));
    group(&j, 0, "DEL", "b");
    CHECK(j.offset == end && journal_unread(&r).n == end);
    journal_resume(&j);
    group(&j, 0, "DEL", "c");
    CHECK(j.offset == 2 * end && journal_is_sound(&j));
    journal_detach(&r);
    journal_pause(&j);
    journal_resume(&j);
    CHECK(!j.on);
    buf_free(&j.pending);
}

/* ---- Several readers */

TEST(bytes_stay_until_the_slowest_has_taken_them)
{
    struct journal j = {.db = 0};
    struct journal_reader file = {0}, backlog = {0};
    journal_attach(&j, &file);
    group(&j, 0, "DEL", "a");
    size_t n = journal_unread(&file).n;
    journal_attach_stream(&j, &backlog); /* from here on */
    CHECK(journal_unread(&backlog).n == 0 && backlog.offset == n && journal_is_sound(&j));
    group(&j, 0, "DEL", "b");
    CHECK(journal_unread(&file).n == 2 * n && journal_unread(&backlog).n == n);
    journal_take(&file, 2 * n);
    CHECK(j.pending.n == n && journal_is_sound(&j));
    CHECK(bytes_is(journal_unread(&backlog), "*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n"));
    CHECK(journal_unread(&file).n == 0 && journal_lag(&file) == 0);
    /* The other one may be the slow one as well. */
    group(&j, 0, "DEL", "c");
    journal_take(&backlog, 2 * n);
    CHECK(j.pending.n == n && bytes_is(journal_unread(&file), "*2\r\n$3\r\nDEL\r\n$1\r\nc\r\n"));
    /* Who is gone is not waited for. */
    group(&j, 0, "DEL", "d");
    journal_detach(&file);
    CHECK(j.on && j.pending.n == n && journal_is_sound(&j));
    CHECK(bytes_is(journal_unread(&backlog), "*2\r\n$3\r\nDEL\r\n$1\r\nd\r\n"));
    journal_skip(&backlog);
    CHECK(j.pending.n == 0 && backlog.offset == j.offset);
    journal_detach(&backlog);
    journal_detach(&backlog); /* does nothing */
    CHECK(!j.on && journal_is_sound(&j));
    buf_free(&j.pending);
}

TEST(skipping_affects_one_reader_only)
{
    struct journal j = {.db = 0};
    struct journal_reader file = {0}, backlog = {0};
    journal_attach(&j, &file);
    journal_attach_stream(&j, &backlog);
    group(&j, 0, "DEL", "a");
    size_t n = journal_unread(&file).n;
    journal_skip(&file);
    CHECK(journal_unread(&file).n == 0 && file.offset == n);
    CHECK(journal_unread(&backlog).n == n && journal_is_sound(&j));
    journal_detach(&backlog);
    journal_detach(&file);
    buf_free(&j.pending);
}

#define READERS 3

struct copy {
    struct journal_reader reader;
    struct buf text; /* what it has read */
    uint64_t from;   /* offset of its first byte */
};

static void read_some(struct copy *c, struct rng *rng)
{
    struct bytes b = journal_unread(&c->reader);
    size_t n = rng_below(rng, 3) ? (size_t)rng_below(rng, b.n + 1) : b.n;
    buf_add(&c->text, bytes_of(b.p, n));
    journal_take(&c->reader, n);
}

static unsigned count(struct bytes text, const char *word)
{
    unsigned n = 0;
    const char *at = text.p, *end = text.p + text.n;
    while ((at = memmem(at, (size_t)(end - at), word, strlen(word)))) {
        n++;
        at++;
    }
    return n;
}

/* Three readers at different speeds, come and go; each gets what the offset counts, to the byte,
 * and never the beginning of a group without its end. */
TEST(readers_at_different_speeds_read_the_same)
{
    static const unsigned speeds[READERS] = {1, 7, 90}; /* reads at one step of so many */
    struct journal *j = journal_new();
    struct copy all = {0}, c[READERS] = {{.from = 0}};
    struct rng rng;
    rng_seed(&rng, 7);
    journal_attach_stream(j, &all.reader);
    for (int step = 0; step < 30000; step++) {
        unsigned effects = (unsigned)rng_below(&rng, 4);
        journal_group_begin(j);
        for (unsigned i = 0; i < effects; i++) {
            char value[24];
            snprintf(value, sizeof(value), "%d.%u", step, i);
            add(j, (int)rng_below(&rng, 2), "DEL", value);
            /* Within a group nobody gets a part of it. */
            CHECK(journal_unread(&all.reader).n == 0);
            for (int k = 0; k < READERS; k++)
                if (c[k].reader.journal && rng_below(&rng, speeds[k]) == 0)
                    read_some(&c[k], &rng);
        }
        journal_group_end(j);
        CHECK(journal_is_sound(j));
        for (int k = 0; k < READERS; k++) {
            if (!c[k].reader.journal && rng_below(&rng, 50) == 0) {
                journal_attach_stream(j, &c[k].reader);
                c[k].from = j->offset;
                c[k].text.n = 0;
            } else if (c[k].reader.journal && rng_below(&rng, 2000) == 0) {
                journal_detach(&c[k].reader);
            } else if (c[k].reader.journal && rng_below(&rng, speeds[k]) == 0) {
                read_some(&c[k], &rng);
            }
            if (c[k].reader.journal)
                CHECK(c[k].reader.offset == c[k].from + c[k].text.n);
        }
        struct bytes rest = journal_unread(&all.reader);
        buf_add(&all.text, rest);
        journal_take(&all.reader, rest.n);
        CHECK(all.text.n == j->offset);
    }
    for (int k = 0; k < READERS; k++) {
        if (c[k].reader.journal)
            CHECK(memcmp(all.text.p + c[k].from, c[k].text.p, c[k].text.n) == 0);
        journal_detach(&c[k].reader);
        buf_free(&c[k].text);
    }
    CHECK(count(buf_bytes(&all.text), "MULTI") == count(buf_bytes(&all.text), "EXEC"));
    journal_detach(&all.reader);
    buf_free(&all.text);
    journal_free(j);
}

/* ---- Where stream and file differ */

/* The file's part of a batch as text: {n} skipped, <...> only here, [...] an ID. */
static void render(struct buf *out, const struct journal_batch *b, uint64_t from)
{
    size_t at = 0;
    for (size_t i = 0; i < b->note_n; i++) {
        const struct journal_note *x = &b->notes[i];
        size_t to = (size_t)(x->offset - from);
        buf_add(out, bytes_of(b->stream.p + at, to - at));
        at = to;
        if (x->kind == JOURNAL_SKIP) {
            buf_printf(out, "{%zu}", x->n);
            at += x->n;
        } else {
            buf_printf(out, x->kind == JOURNAL_ID ? "[%.*s]" : "<%.*s>", (int)x->n,
                       b->text + x->at);
        }
    }
    buf_add(out, bytes_of(b->stream.p + at, b->stream.n - at));
}

/* Takes a whole batch and tells whether the file's part is this. */
static bool file_gets(struct journal_reader *r, const char *text)
{
    struct buf out = {0};
    struct journal_batch b = journal_batch(r);
    render(&out, &b, r->offset);
    bool same = bytes_is(buf_bytes(&out), text);
    if (!same)
        printf("# %.*s\n", (int)out.n, out.p);
    buf_free(&out);
    journal_take_batch(r, b.stream.n, b.note_n);
    return same && journal_is_sound(r->journal);
}

#define PING   "*1\r\n$4\r\nPING\r\n"
#define DEL(k) "*2\r\n$3\r\nDEL\r\n$1\r\n" k "\r\n"
#define MULTI  "*1\r\n$5\r\nMULTI\r\n"
#define EXEC   "*1\r\n$4\r\nEXEC\r\n"

TEST(what_is_for_the_stream_alone_is_a_gap_in_the_file)
{
    struct journal *j = journal_new();
    struct journal_reader file = {0}, stream = {0};
    j->db = 0;
    journal_stream_only(j, BYTES(PING)); /* for nobody */
    journal_attach(j, &file);
    journal_stream_only(j, BYTES(PING)); /* no one wants the stream */
    CHECK(j->offset == 0);
    journal_attach_stream(j, &stream);
    group(j, 0, "DEL", "a");
    uint64_t end = j->offset;
    journal_stream_only(j, BYTES(PING));
    journal_stream_only(j, BYTES(PING));
    CHECK(j->effects_end == end && j->offset == end + 28);
    CHECK(bytes_is(journal_unread(&stream), DEL("a") PING PING));
    group(j, 0, "DEL", "b");
    CHECK(j->effects_end == j->offset);
    CHECK(file_gets(&file, DEL("a") "{28}" DEL("b")));
    /* Beside an effect in a group, and without one. */
    journal_group_begin(j);
    add(j, 0, "DEL", "c");
    journal_stream_only(j, BYTES(PING));
    CHECK(journal_batch(&file).note_n == 0);
    journal_group_end(j);
    CHECK(file_gets(&file, MULTI DEL("c") "{14}" EXEC) && j->effects_end == j->offset);
    end = j->effects_end;
    journal_group_begin(j);
    journal_stream_only(j, BYTES(PING));
    journal_stream_only(j, BYTES(PING));
    journal_group_end(j);
    CHECK(j->effects_end == end && file_gets(&file, "{57}"));
    journal_detach(&file);
    journal_stream_only(j, BYTES(PING));
    CHECK(j->note_n == 0 && journal_is_sound(j));
    journal_detach(&stream);
    journal_free(j);
}

TEST(a_gap_that_grows_while_it_is_written_is_not_lost)
{
    struct journal *j = journal_new();
    struct journal_reader file = {0}, stream = {0};
    j->db = 0;
    journal_attach(j, &file);
    journal_attach_stream(j, &stream);
    group(j, 0, "DEL", "a");
    journal_stream_only(j, BYTES(PING));
    struct journal_batch b = journal_batch(&file);
    size_t bytes = b.stream.n, notes = b.note_n;
    CHECK(notes == 1 && !journal_batch_is_empty(&b));
    journal_stream_only(j, BYTES(PING));
    journal_take_batch(&file, bytes, notes);
    CHECK(file_gets(&file, "{14}"));
    /* Not taken: all of it comes again. */
    journal_stream_only(j, BYTES(PING));
    group(j, 0, "DEL", "b");
    journal_take(&file, 14);
    CHECK(file_gets(&file, DEL("b")));
    journal_stream_only(j, BYTES(PING));
    journal_skip(&file);
    b = journal_batch(&file);
    CHECK(journal_batch_is_empty(&b));
    journal_detach(&stream);
    journal_detach(&file);
    journal_free(j);
}

TEST(a_replica_passes_on_what_came_and_keeps_its_own_writes_apart)
{
    struct journal *j = journal_new();
    struct journal_reader file = {0}, stream = {0};
    journal_attach(j, &file);
    journal_attach_stream(j, &stream);
    journal_adopt(j, "abcdef7890123456789012345678901234567890", 1000);
    CHECK(j->offset == 1000 && file.offset == 1000 && stream.offset == 1000);
    journal_set_mode(j, JOURNAL_RAW);
    journal_raw_begin(j, BYTES(DEL("x")), 5, true);
    add(j, 5, "DEL", "never"); /* the handler's own report */
    CHECK(journal_unread(&stream).n == 0);
    journal_raw_end(j);
    journal_raw_begin(j, BYTES(PING), 5, false);
    journal_raw_end(j);
    CHECK(j->offset == 1000 + 20 + 14 && j->effects_end == j->offset - 14);
    /* Something in it must not be in a file: the file gets the effects of the rest. */
    journal_raw_begin(j, BYTES("*1\r\n$3\r\nBAD\r\n"), 5, false);
    add(j, 5, "DEL", "k");
    journal_raw_end(j);
    group(j, 5, "DEL", "l"); /* of a client of ours */
    group(j, 2, "DEL", "m");
    journal_stream_only(j, BYTES(PING));
    CHECK(bytes_is(journal_unread(&stream), DEL("x") PING "*1\r\n$3\r\nBAD\r\n"));
    CHECK(file_gets(
        &file,
        DEL("x") "{14}{13}<" DEL("k") "><" DEL("l") "><*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n" DEL(
            "m") "*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n>"));
    /* It takes over: the file names the new history, and the stream a database. */
    char before[41];
    memcpy(before, j->history.id, sizeof(before));
    journal_set_mode(j, JOURNAL_EFFECTS);
    journal_shift(j, "ffffff7890123456789012345678901234567890");
    group(j, 5, "DEL", "y");
    CHECK(strcmp(j->history.id2, before) == 0 && j->history.second_offset == 1048);
    CHECK(file_gets(&file, "[ffffff7890123456789012345678901234567890]*2\r\n$6\r\nSELECT\r\n$1\r\n5"
                           "\r\n" DEL("y")));
    journal_detach(&stream);
    journal_detach(&file);
    journal_free(j);
}

/* Commands that have failed: replicas get them, the file does not. */
TEST(what_failed_is_taken_out_of_a_group)
{
    struct journal *j = journal_new();
    struct journal_reader file = {0}, stream = {0};
    journal_attach(j, &file);
    journal_attach_stream(j, &stream);
    journal_set_mode(j, JOURNAL_RAW);
    journal_raw_begin(j, BYTES(DEL("x")), 0, true);
    journal_raw_end(j);
    uint64_t end = j->effects_end;
    journal_raw_begin(j, BYTES(DEL("y")), 0, true);
    journal_raw_skip(j, 0, 20);
    journal_raw_end(j);
    CHECK(j->effects_end == end && j->offset == end + 20);
    journal_raw_begin(j, BYTES(DEL("a") DEL("b") DEL("c") DEL("d")), 0, true);
    journal_raw_skip(j, 20, 20);
    journal_raw_skip(j, 60, 20);
    journal_raw_end(j);
    CHECK(j->effects_end == j->offset && j->offset == end + 100);
    CHECK(bytes_is(journal_unread(&stream), DEL("x") DEL("y") DEL("a") DEL("b") DEL("c") DEL("d")));
    CHECK(file_gets(&file, DEL("x") "{20}" DEL("a") "{20}" DEL("c") "{20}"));
    /* What the file is not given anyway. */
    journal_raw_begin(j, BYTES(DEL("z")), 0, false);
    journal_raw_skip(j, 0, 20);
    journal_raw_end(j);
    CHECK(file_gets(&file, "{20}"));
    journal_detach(&file);
    journal_raw_begin(j, BYTES(DEL("z")), 0, true);
    journal_raw_skip(j, 0, 20);
    journal_raw_end(j);
    CHECK(journal_is_sound(j));
    journal_detach(&stream);
    journal_free(j);
}

/* Whoever waits for what the file alone keeps counts all of it. */
TEST(all_that_the_file_alone_keeps_is_counted)
{
    struct journal *j = journal_new();
    struct journal_reader file = {0};
    journal_attach(j, &file);
    journal_set_mode(j, JOURNAL_RAW);
    group(j, 0, "DEL", "of a client of ours");
    journal_raw_begin(j, BYTES("*1\r\n$3\r\nBAD\r\n"), 5, false); /* the file follows to 5 */
    journal_raw_end(j);
    CHECK(j->locals == 2 && j->locals_taken == 0);
    struct journal_batch b = journal_batch(&file);
    journal_take_batch(&file, b.stream.n, b.note_n);
    CHECK(j->locals_taken == 2 && journal_is_sound(j));
    journal_detach(&file);
    journal_free(j);
}

/* The stream of a replica is not ours to add a SELECT to. */
TEST(a_new_file_of_a_replica_changes_nothing_in_the_stream)
{
    struct journal *j = journal_new();
    struct journal_reader stream = {0};
    journal_attach_stream(j, &stream);
    journal_set_mode(j, JOURNAL_RAW);
    journal_stream_in(j, 4);
    journal_forget_db(j);
    CHECK(j->db == 4);
    journal_set_mode(j, JOURNAL_EFFECTS);
    CHECK(j->db == -1);
    journal_detach(&stream);
    journal_free(j);
}

/* Whoever writes something of its own says SELECT; who then follows another that goes on from the
 * same place does not hear it. */
TEST(the_database_of_the_stream_outlives_a_change_of_roles)
{
    struct journal *j = journal_new();
    struct journal_reader stream = {0};
    journal_attach_stream(j, &stream);
    CHECK(j->stream_db == -1);
    journal_stream_in(j, 4); /* loaded by a primary */
    CHECK(j->db == -1 && j->stream_db == 4);
    journal_set_mode(j, JOURNAL_RAW);
    CHECK(j->db == 4);
    journal_raw_begin(j, bytes_text(PING), 7, false);
    journal_raw_end(j);
    journal_set_mode(j, JOURNAL_EFFECTS);
    CHECK(j->db == -1 && j->stream_db == 7);
    journal_set_mode(j, JOURNAL_RAW);
    CHECK(j->db == 7);
    journal_set_mode(j, JOURNAL_EFFECTS);
    group(j, 5, "DEL", "y");
    CHECK(j->db == 5 && j->stream_db == 5);
    journal_forget_db(j);
    CHECK(j->db == -1 && j->stream_db == 5);
    journal_detach(&stream);
    journal_free(j);
}

/* Random bytes of all kinds, batches that are taken late or not at all: what the file gets is the
 * stream with the gaps, to the byte. */
TEST(file_and_stream_agree_whatever_comes)
{
    struct journal *j = journal_new();
    struct copy all = {0};
    struct journal_reader file = {0};
    struct buf kept = {0};
    struct rng rng;
    rng_seed(&rng, 77);
    journal_attach(j, &file);
    journal_attach_stream(j, &all.reader);
    for (int step = 0; step < 20000; step++) {
        journal_group_begin(j);
        for (uint64_t i = rng_below(&rng, 4); i > 0; i--) {
            if (rng_below(&rng, 2))
                journal_stream_only(j, BYTES(PING));
            else
                add(j, (int)rng_below(&rng, 2), "DEL", "k");
        }
        if (rng_below(&rng, 3) == 0) {
            struct journal_batch b = journal_batch(&file);
            if (rng_below(&rng, 2)) {
                render(&kept, &b, file.offset);
                journal_take_batch(&file, b.stream.n, b.note_n);
            }
        }
        journal_group_end(j);
        CHECK(journal_is_sound(j));
        struct bytes rest = journal_unread(&all.reader);
        buf_add(&all.text, rest);
        journal_take(&all.reader, rest.n);
    }
    struct journal_batch b = journal_batch(&file);
    render(&kept, &b, file.offset);
    /* Play the file against the stream. */
    size_t at = 0;
    for (size_t i = 0; i < kept.n;) {
        if (kept.p[i] == '{') {
            size_t n = strtoul(kept.p + i + 1, NULL, 10);
            at += n;
            i = (size_t)((char *)memchr(kept.p + i, '}', kept.n - i) - kept.p) + 1;
        } else {
            CHECK(kept.p[i++] == all.text.p[at++]);
        }
    }
    CHECK(at == all.text.n && at == j->offset);
    CHECK(count(buf_bytes(&kept), "PING") == 0 && count(buf_bytes(&kept), "DEL") > 9000);
    CHECK(count(buf_bytes(&kept), "MULTI") == count(buf_bytes(&kept), "EXEC"));
    buf_free(&kept);
    buf_free(&all.text);
    journal_detach(&all.reader);
    journal_detach(&file);
    journal_free(j);
}

TEST(another_history_begins_at_the_same_offset)
{
    struct journal *j = journal_new();
    struct journal_reader file = {0};
    char before[HISTORY_ID_LENGTH + 1];
    journal_attach(j, &file);
    journal_add(j, 0, (struct bytes[]){BYTES("A")}, 1, bytes_of(NULL, 0));
    journal_shift(j, NULL);
    uint64_t offset = j->offset;
    memcpy(before, j->history.id, sizeof(before));
    journal_begin_history(j);
    CHECK(strcmp(before, j->history.id) != 0 && j->history.second_offset == 0);
    CHECK(j->offset == offset && journal_is_sound(j));
    struct journal_batch batch = journal_batch(&file); /* the file hears of both */
    CHECK(batch.note_n == 2 && batch.notes[1].kind == JOURNAL_ID &&
          batch.notes[1].offset == offset);
    CHECK(memcmp(batch.text + batch.notes[1].at, j->history.id, HISTORY_ID_LENGTH) == 0);
    journal_detach(&file);
    journal_free(j);
}

TEST(what_is_for_the_file_alone_is_not_counted)
{
    struct journal *j = journal_new();
    struct journal_reader file = {0}, stream = {0};
    struct bytes one[] = {BYTES("A")}, alone[] = {BYTES("B")};
    journal_file_only(j, 0, alone, 1); /* for nobody */
    journal_attach(j, &file);
    journal_attach_stream(j, &stream);
    journal_add(j, 0, one, 1, bytes_of(NULL, 0));
    uint64_t offset = j->offset;
    journal_file_only(j, 0, alone, 1);
    CHECK(j->offset == offset && journal_is_sound(j));
    struct journal_batch batch = journal_batch(&file);
    CHECK(batch.note_n == 1 && batch.notes[0].kind == JOURNAL_ONLY && batch.notes[0].n == 11);
    CHECK(memcmp(batch.text + batch.notes[0].at, "*1\r\n$1\r\nB\r\n", 11) == 0);
    journal_detach(&stream);
    journal_detach(&file);
    journal_free(j);
}

UNIT_MAIN(T(another_history_begins_at_the_same_offset),
          T(what_is_for_the_file_alone_is_not_counted),
          T(goes_on_under_the_id_of_the_files_and_under_no_other),
          T(without_readers_nothing_is_formatted),
          T(one_effect_stands_alone_and_several_in_a_transaction),
          T(an_open_group_stays_when_the_rest_is_taken), T(what_is_not_taken_is_given_again),
          T(nothing_is_gathered_in_a_pause), T(bytes_stay_until_the_slowest_has_taken_them),
          T(skipping_affects_one_reader_only), T(readers_at_different_speeds_read_the_same),
          T(what_is_for_the_stream_alone_is_a_gap_in_the_file),
          T(a_gap_that_grows_while_it_is_written_is_not_lost),
          T(a_replica_passes_on_what_came_and_keeps_its_own_writes_apart),
          T(what_failed_is_taken_out_of_a_group), T(all_that_the_file_alone_keeps_is_counted),
          T(a_new_file_of_a_replica_changes_nothing_in_the_stream),
          T(the_database_of_the_stream_outlives_a_change_of_roles),
          T(file_and_stream_agree_whatever_comes))
