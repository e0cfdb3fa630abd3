/* What goes from the journal into a file comes back out of it: the same commands, and the same
 * stream but for the bytes that are not kept. */
#include "persist/aof_batch.h"

#include "base/crc.h"
#include "base/rng.h"
#include "persist/aof_frame.h"
#include "persist/aof_read.h"
#include "unit.h"

#include <stdlib.h>

#define PING "*1\r\n$4\r\nPING\r\n"
#define SALT 9

static struct journal *j;
static struct journal_reader file, stream;
static struct buf written, sent; /* the file; what a replica got */

static void begin(void)
{
    struct aof_frame_header head = {.version = AOF_FRAME_VERSION, .salt = SALT, .offset = 500};
    crc_init();
    j = journal_new();
    journal_continue(j, "0123456789012345678901234567890123456789", 500);
    memcpy(head.replication_id, j->history.id, sizeof(head.replication_id));
    journal_attach(j, &file);
    journal_attach_stream(j, &stream);
    written.n = sent.n = 0;
    written.n += aof_frame_print_header(&head, buf_room(&written, AOF_FRAME_HEADER_MAX));
}

static void end(void)
{
    journal_detach(&file);
    journal_detach(&stream);
    journal_free(j);
    buf_free(&written);
    buf_free(&sent);
}

/* As the file's writer does. */
static void write_frame(void)
{
    struct journal_batch b = journal_batch(&file);
    size_t start = written.n;
    if (journal_batch_is_empty(&b))
        return;
    aof_batch_print(&b, file.offset, &written);
    struct bytes body = {written.p + start, written.n - start};
    char line[AOF_FRAME_LINE_MAX];
    size_t n = aof_frame_print_trailer(SALT, bytes_of("", 0), body, 500, line);
    buf_add(&written, bytes_of(line, n));
    journal_take_batch(&file, b.stream.n, b.note_n);
}

static void send_all(void)
{
    struct bytes data = journal_unread(&stream);
    buf_add(&sent, data);
    journal_take(&stream, data.n);
}

static void effect(int db, const char *key)
{
    struct bytes argv[] = {BYTES("DEL"), bytes_text(key)};
    journal_add(j, db, argv, 2, bytes_of(NULL, 0));
}

static bool show(void *context, const struct bytes *argv, int argc)
{
    struct buf *to = context;
    for (int i = 0; i < argc; i++)
        buf_printf(to, "%s%.*s", i ? " " : "", (int)argv[i].n, argv[i].p);
    buf_add_text(to, "\n");
    return true;
}

struct heard {
    struct buf commands, stream;
};

static bool hear_command(void *context, const struct bytes *argv, int argc)
{
    struct heard *h = context;
    return show(&h->commands, argv, argc);
}

static void hear_stream(void *context, struct bytes kept, uint64_t skipped)
{
    struct heard *h = context;
    buf_add(&h->stream, kept);
    while (skipped--)
        buf_add_text(&h->stream, "\n");
}

static struct aof_read_result read_back(struct heard *h, uint64_t most)
{
    struct aof_read_options o = {
        .apply = hear_command, .stream = hear_stream, .stream_most = most, .context = h};
    struct aof_read_result r;
    aof_read(buf_bytes(&written), &o, &r);
    return r;
}

static void forget(struct heard *h)
{
    buf_free(&h->commands);
    buf_free(&h->stream);
}

TEST(notes_stand_where_they_belong)
{
    begin();
    struct heard h = {0};
    journal_group_begin(j);
    effect(3, "a");
    journal_stream_only(j, BYTES(PING));
    effect(3, "b");
    journal_group_end(j);
    journal_stream_only(j, BYTES(PING));
    journal_shift(j, "ffff567890123456789012345678901234567890");
    struct journal_batch b = journal_batch(&file);
    CHECK(aof_batch_is_kept(&b));
    write_frame();
    static const char body[] =
        "*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
        "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n#SKIP:14\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n"
        "*1\r\n$4\r\nEXEC\r\n#SKIP:14\r\n"
        "#ID:ffff567890123456789012345678901234567890\r\n#CRC:";
    CHECK(memmem(written.p, written.n, body, sizeof(body) - 1));
    struct aof_read_result r = read_back(&h, 1 << 20);
    CHECK(r.status == AOF_READ_GOOD && r.offset == j->offset && r.skipped == 28);
    CHECK(strcmp(r.replication_id, j->history.id) == 0);
    CHECK(bytes_is(buf_bytes(&h.commands), "MULTI\nSELECT 3\nDEL a\nDEL b\nEXEC\n"));
    forget(&h);
    end();
}

TEST(nothing_but_gaps_is_not_kept)
{
    begin();
    journal_stream_only(j, BYTES(PING));
    struct journal_batch b = journal_batch(&file);
    CHECK(!aof_batch_is_kept(&b));
    journal_shift(j, NULL);
    b = journal_batch(&file);
    CHECK(aof_batch_is_kept(&b));
    write_frame();
    effect(0, "a");
    b = journal_batch(&file);
    CHECK(b.note_n == 0 && aof_batch_is_kept(&b));
    end();
}

/* The first frame of a replica's file. */
TEST(the_database_is_named_beside_the_stream)
{
    begin();
    struct heard h = {0};
    size_t start = written.n;
    aof_batch_print_select(12, &written);
    CHECK(bytes_is(bytes_of(written.p + start, written.n - start),
                   "#ONLY:24\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n"));
    char line[AOF_FRAME_LINE_MAX];
    size_t n = aof_frame_print_trailer(SALT, bytes_of("", 0),
                                       bytes_of(written.p + start, written.n - start), 500, line);
    buf_add(&written, bytes_of(line, n));
    struct aof_read_result r = read_back(&h, 100);
    CHECK(r.status == AOF_READ_GOOD && r.offset == 500 && h.stream.n == 0);
    CHECK(bytes_is(buf_bytes(&h.commands), "SELECT 12\n"));
    forget(&h);
    end();
}

static void one_group(struct rng *rng)
{
    journal_group_begin(j);
    for (uint64_t i = rng_below(rng, 4); i > 0; i--) {
        if (rng_below(rng, 3) == 0)
            journal_stream_only(j, BYTES(PING));
        else
            effect((int)rng_below(rng, 3), "key");
    }
    journal_group_end(j);
}

static void one_piece_of_a_primary(struct rng *rng)
{
    bool kept = rng_below(rng, 3) > 0;
    struct bytes piece = kept ? BYTES("*2\r\n$3\r\nDEL\r\n$1\r\nx\r\n") : BYTES(PING);
    journal_raw_begin(j, piece, 1, kept);
    journal_raw_end(j);
    if (rng_below(rng, 3) == 0)
        effect((int)rng_below(rng, 3), "local");
}

/* Groups, a primary's stream, local writes, changes of role, batches of any size; then the file is
 * played against what a replica was sent. */
TEST(file_and_stream_agree_after_any_history)
{
    struct rng rng;
    rng_seed(&rng, 21);
    for (int round = 0; round < 30; round++) {
        begin();
        for (int step = 0; step < 300; step++) {
            if (rng_below(&rng, 40) == 0) {
                journal_set_mode(j, j->mode == JOURNAL_RAW ? JOURNAL_EFFECTS : JOURNAL_RAW);
                journal_shift(j, NULL);
            }
            if (j->mode == JOURNAL_RAW)
                one_piece_of_a_primary(&rng);
            else
                one_group(&rng);
            if (rng_below(&rng, 3) == 0)
                write_frame();
            send_all();
        }
        write_frame();
        struct heard h = {0};
        uint64_t most = rng_below(&rng, sent.n * 2);
        struct aof_read_result r = read_back(&h, most);
        CHECK(r.status == AOF_READ_GOOD && r.offset == j->offset);
        CHECK(r.offset == 500 + sent.n && strcmp(r.replication_id, j->history.id) == 0);
        CHECK(h.stream.n >= (most < sent.n ? most : sent.n) && h.stream.n <= sent.n);
        size_t gaps = 0, at = sent.n - h.stream.n;
        for (size_t i = 0; i < h.stream.n; i++) {
            bool same = h.stream.p[i] == sent.p[at + i];
            gaps += !same;
            CHECK(same || h.stream.p[i] == '\n');
        }
        CHECK(at > 0 || gaps <= r.skipped);
        forget(&h);
        end();
    }
}

UNIT_MAIN(T(notes_stand_where_they_belong), T(nothing_but_gaps_is_not_kept),
          T(the_database_is_named_beside_the_stream), T(file_and_stream_agree_after_any_history))
