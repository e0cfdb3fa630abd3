#include "base/buf.h"
#include "base/crc.h"
#include "base/mem.h"
#include "base/rng.h"
#include "flip.h"
#include "persist/aof_frame.h"
#include "persist/aof_read.h"
#include "persist/journal.h"
#include "unit.h"

#include <stdlib.h>

#define FRAMES 40

static struct buf file;
static size_t ends[FRAMES + 1]; /* where frame i begins */
static uint64_t offsets[FRAMES + 1];
static unsigned applied, per_frame[FRAMES];

static uint64_t gaps[FRAMES + 1]; /* bytes that are not kept, up to there */
static const char ids[2][HISTORY_ID_LENGTH + 1] = {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                                   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"};

static void add_set(struct buf *to, int i, unsigned k)
{
    char value[32];
    struct bytes argv[] = {BYTES("SET"), BYTES("key"),
                           bytes_of(value, (size_t)sprintf(value, "%d-%u", i, k))};
    journal_format(to, argv, 3);
}

static void add_note(struct buf *to, struct aof_frame_note note)
{
    to->n += aof_frame_print_note(&note, buf_room(to, AOF_FRAME_LINE_MAX));
}

/* Of four frames one has a gap, one commands that are not part of the stream, one another id.
 * Returns how far the offset moves less the bytes. */
static long notes_of(int i, struct buf *batch, unsigned *commands)
{
    struct buf only = {0};
    long moves = 0;
    size_t before = batch->n;
    if (i % 4 == 1) {
        add_note(batch, (struct aof_frame_note){.kind = JOURNAL_SKIP, .n = (uint64_t)i});
        moves = i - (long)(batch->n - before);
    } else if (i % 4 == 2) {
        add_set(&only, i, 77);
        add_note(batch, (struct aof_frame_note){.kind = JOURNAL_ONLY, .n = only.n});
        buf_add(batch, buf_bytes(&only));
        ++*commands;
        moves = -(long)(batch->n - before);
    } else if (i % 4 == 3) {
        struct aof_frame_note note = {.kind = JOURNAL_ID};
        memcpy(note.id, ids[i / 4 % 2], sizeof(note.id));
        add_note(batch, note);
        moves = -(long)(batch->n - before);
    }
    buf_free(&only);
    return moves;
}

/* Every fifth frame has a line in front that says when. Every frame holds i%3+1 commands that carry
 * its number; `synced` lags two frames behind. */
static void make_version(unsigned version)
{
    struct aof_frame_header head = {.version = version, .salt = 0x1234abcd, .offset = 1000};
    char text[AOF_FRAME_HEADER_MAX];
    crc_init();
    memset(head.replication_id, 'a', 40);
    head.replication_id[40] = 0;
    buf_free(&file);
    buf_add(&file, bytes_of(text, aof_frame_print_header(&head, text)));
    uint64_t offset = 1000;
    for (int i = 0; i < FRAMES; i++) {
        ends[i] = file.n;
        offsets[i] = offset;
        struct buf batch = {0};
        long moves = 0;
        per_frame[i] = (unsigned)i % 3 + 1;
        for (unsigned k = 0, n = per_frame[i]; k < n; k++) {
            add_set(&batch, i, k);
            if (k == 0 && version > 1)
                moves = notes_of(i, &batch, &per_frame[i]);
        }
        char note[AOF_FRAME_LINE_MAX], time[AOF_FRAME_LINE_MAX];
        size_t time_n = i % 5 ? 0 : aof_frame_print_timestamp(1700000000 + i, time);
        buf_add(&file, bytes_of(time, time_n));
        buf_add(&file, buf_bytes(&batch));
        buf_add(&file, bytes_of(note, aof_frame_print_trailer(
                                          head.salt, bytes_of(time, time_n), buf_bytes(&batch),
                                          i > 2 ? offsets[i - 2] : 1000, note)));
        offset += batch.n + (uint64_t)moves;
        gaps[i + 1] = gaps[i] + (version > 1 && i % 4 == 1 ? (uint64_t)i : 0);
        buf_free(&batch);
    }
    ends[FRAMES] = file.n;
    offsets[FRAMES] = offset;
}

static void make(void)
{
    make_version(2);
}

static bool apply(void *context, const struct bytes *argv, int argc)
{
    (void)context;
    CHECK(argc == 3 && bytes_equal(argv[0], BYTES("SET")));
    applied++;
    return true;
}

static struct aof_read_result read_copy(const char *p, size_t n)
{
    struct aof_read_options o = {.apply = apply};
    struct aof_read_result r;
    char *exact = mem_alloc(n ? n : 1);
    memcpy(exact, p, n);
    applied = 0;
    aof_read(bytes_of(exact, n), &o, &r);
    mem_free(exact);
    return r;
}

static unsigned commands_of(int frames)
{
    unsigned n = 0;
    for (int i = 0; i < frames; i++)
        n += per_frame[i];
    return n;
}

TEST(a_whole_file_is_good)
{
    make();
    struct aof_read_result r = read_copy(file.p, file.n);
    CHECK(r.status == AOF_READ_GOOD && r.framed && r.offset == offsets[FRAMES] &&
          applied == commands_of(FRAMES));
    CHECK(r.skipped == gaps[FRAMES] && strcmp(r.replication_id, ids[1]) == 0);
}

/* A frame may lack commands, or all but a note. */
TEST(frames_of_notes_alone)
{
    struct aof_frame_header head = {.version = 2, .salt = 3, .offset = 10};
    struct aof_frame_note notes[] = {{.kind = JOURNAL_SKIP, .n = 5}, {.kind = JOURNAL_ID}};
    crc_init();
    memcpy(head.replication_id, ids[0], sizeof(head.replication_id));
    memcpy(notes[1].id, ids[1], sizeof(notes[1].id));
    buf_free(&file);
    file.n = aof_frame_print_header(&head, buf_room(&file, AOF_FRAME_HEADER_MAX));
    for (int i = 0; i < 2; i++) {
        size_t start = file.n;
        char line[AOF_FRAME_LINE_MAX];
        add_note(&file, notes[i]);
        size_t n = aof_frame_print_trailer(3, bytes_of("", 0),
                                           bytes_of(file.p + start, file.n - start), 10, line);
        buf_add(&file, bytes_of(line, n));
    }
    struct aof_read_result r = read_copy(file.p, file.n);
    CHECK(r.status == AOF_READ_GOOD && applied == 0 && r.offset == 15 && r.skipped == 5);
    CHECK(strcmp(r.replication_id, ids[1]) == 0 && r.good == file.n);
}

/* IDs of confirmations. */
#define G1      "6d696c6c00000001aaaaaaaa1111111111111111"
#define G2      "6d696c6c00000002aaaaaaaa2222222222222222"
#define IS(id)  "#ID:" id "\r\n"
#define GO      "*1\r\n$4\r\nPING\r\n"
#define SKIP    "#SKIP:14\r\n"
#define ONLY_GO "#ONLY:14\r\n" GO

static bool take_any(void *context, const struct bytes *argv, int argc)
{
    (void)context;
    applied++;
    return argc == 1 && bytes_is(argv[0], "ping");
}

/* The ID that a file has whose header names ids[0] and whose frames are these bodies, up to NULL;
 * less: so many bytes of the file's end are torn off. */
static bool has_id(const char *const *bodies, size_t less, const char *want)
{
    struct aof_frame_header head = {.version = 2, .salt = 3, .offset = 10};
    struct aof_read_options o = {.apply = take_any};
    struct aof_read_result r;
    crc_init();
    memcpy(head.replication_id, ids[0], sizeof(head.replication_id));
    buf_free(&file);
    file.n = aof_frame_print_header(&head, buf_room(&file, AOF_FRAME_HEADER_MAX));
    for (; *bodies; bodies++) {
        char line[AOF_FRAME_LINE_MAX];
        buf_add(&file, bytes_text(*bodies));
        size_t n = aof_frame_print_trailer(3, bytes_of("", 0), bytes_text(*bodies), 10, line);
        buf_add(&file, bytes_of(line, n));
    }
    aof_read(bytes_of(file.p, file.n - less), &o, &r);
    bool good =
        r.status == (less ? AOF_READ_TORN : AOF_READ_GOOD) && strcmp(r.replication_id, want) == 0;
    if (!good)
        printf("# %s, %d\n", r.replication_id, (int)r.status);
    buf_free(&file);
    return good;
}

#define HAS_ID(want, ...) has_id((const char *const[]){__VA_ARGS__, NULL}, 0, want)

/* STEPS of docs/decisions/0039. */
TEST(an_id_of_a_confirmation_is_the_files_from_its_first_byte_on)
{
    CHECK(HAS_ID(ids[0], IS(G1)) && HAS_ID(ids[0], GO IS(G1)) && HAS_ID(G1, IS(G1) GO));
    CHECK(HAS_ID(G1, GO IS(G1) GO GO) && HAS_ID(G1, IS(G1) GO IS(G1)));
    /* Bytes that are not kept are bytes of the stream, commands of the file alone are none. */
    CHECK(HAS_ID(G1, IS(G1) SKIP) && HAS_ID(ids[0], SKIP IS(G1)) && HAS_ID(ids[0], IS(G1) ONLY_GO));
    CHECK(HAS_ID(G1, IS(G1) ONLY_GO SKIP));
    /* The byte may come frames later. */
    CHECK(HAS_ID(G1, GO IS(G1), GO) && HAS_ID(ids[0], IS(G1), ONLY_GO));
    CHECK(HAS_ID(G1, IS(G1), ONLY_GO, SKIP) && HAS_ID(G1, IS(G1), ONLY_GO, GO, GO));
    /* One that is torn off has not come. */
    static const char *const torn[] = {IS(G1), GO, NULL};
    CHECK(has_id(torn, 1, ids[0]));
}

TEST(of_several_ids_the_last_with_a_byte_is_the_files)
{
    CHECK(HAS_ID(ids[0], IS(G1) IS(G2)) && HAS_ID(G2, IS(G1) IS(G2) GO));
    CHECK(HAS_ID(G1, IS(G1) GO IS(G2)) && HAS_ID(G2, IS(G1) GO IS(G2) GO));
    CHECK(HAS_ID(ids[0], IS(G1), IS(G2)) && HAS_ID(G2, IS(G1), IS(G2), GO));
    CHECK(HAS_ID(G1, IS(G1), GO IS(G2)) && HAS_ID(G2, IS(G1), GO IS(G2), GO));
    CHECK(HAS_ID(G2, IS(G1), GO IS(G2) GO) && HAS_ID(G1, IS(G1), SKIP IS(G2)));
    CHECK(HAS_ID(G1, IS(G1) GO IS(G2), IS(G1) GO));
    /* No generation is greater to a file than the one that came later. */
    CHECK(HAS_ID(G1, IS(G2) GO IS(G1) GO) && HAS_ID(G2, IS(G2) GO IS(G1)));
}

TEST(a_random_id_is_the_files_at_once)
{
    CHECK(HAS_ID(ids[1], IS("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")));
    CHECK(HAS_ID(ids[1], IS(G1) GO IS("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")));
    CHECK(HAS_ID(ids[1], IS(G1), IS("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"), GO));
    CHECK(HAS_ID(ids[1], IS(G1) IS("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb") GO));
    CHECK(HAS_ID(ids[1], IS("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb") IS(G1)));
    CHECK(HAS_ID(G1, IS("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb") IS(G1), GO));
    /* Of a generation that is none, too. */
    CHECK(HAS_ID("6d696c6c00000000aaaaaaaa1111111111111111",
                 IS("6d696c6c00000000aaaaaaaa1111111111111111")));
}

/* Their checksum is right, and they say what cannot be. */
TEST(notes_that_contradict_the_commands_are_refused)
{
    static const char *const bodies[] = {
        "#ONLY:15\r\n*1\r\n$4\r\nPING\r\n", /* more than there is */
        "#ONLY:14\r\n#SKIP:1\r\n*1\r\n$4\r\nPING\r\n",
        "#ONLY:14\r\n",
        "#SKIP:9223372036854775807\r\n",
        "#SKIP:4611686018427387904\r\n#SKIP:1\r\n",
        "#SKIP:0\r\n",
        "#TS:1700000000\r\n#TS:1700000000\r\n",
    };
    struct aof_frame_header head = {.version = 2, .salt = 3, .offset = 10};
    crc_init();
    memcpy(head.replication_id, ids[0], sizeof(head.replication_id));
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        char line[AOF_FRAME_LINE_MAX];
        struct bytes body = bytes_text(bodies[i]);
        buf_free(&file);
        file.n = aof_frame_print_header(&head, buf_room(&file, AOF_FRAME_HEADER_MAX));
        size_t start = file.n;
        buf_add(&file, body);
        size_t n = aof_frame_print_trailer(3, bytes_of("", 0), body, 10, line);
        buf_add(&file, bytes_of(line, n));
        struct aof_read_result r = read_copy(file.p, file.n);
        CHECK(r.status == AOF_READ_TORN && applied == 0 && r.good == start && r.offset == 10);
    }
}

TEST(version_1_is_read_as_before_and_has_no_notes)
{
    make_version(1);
    struct aof_read_result r = read_copy(file.p, file.n);
    CHECK(r.status == AOF_READ_GOOD && r.offset == offsets[FRAMES] && r.skipped == 0);
    CHECK(applied == commands_of(FRAMES));
    for (size_t n = ends[0]; n < file.n; n++) {
        r = read_copy(file.p, n);
        int whole = 0;
        while (whole < FRAMES && ends[whole + 1] <= n)
            whole++;
        CHECK(applied == commands_of(whole) && r.good == ends[whole] && r.offset == offsets[whole]);
    }
    char line[AOF_FRAME_LINE_MAX];
    struct bytes body = BYTES("#SKIP:7\r\n");
    buf_add(&file, body);
    size_t n = aof_frame_print_trailer(0x1234abcd, bytes_of("", 0), body, 1000, line);
    buf_add(&file, bytes_of(line, n));
    r = read_copy(file.p, file.n);
    CHECK(r.status == AOF_READ_TORN && r.good == ends[FRAMES]);
}

struct told {
    uint64_t kept, skipped;
};

static bool pass(void *context, const struct bytes *argv, int argc)
{
    (void)context;
    (void)argv;
    return argc > 0;
}

static void tell(void *context, struct bytes kept, uint64_t skipped)
{
    struct told *t = context;
    CHECK((kept.n == 0) == (skipped > 0) && !(kept.n && memmem(kept.p, kept.n, "-77", 3)));
    t->kept += kept.n;
    t->skipped += skipped;
}

/* As much as is wanted, and at most twice as much and a frame; also of a file that is torn. */
TEST(the_end_of_the_stream_is_told)
{
    make();
    for (int whole = 1; whole <= FRAMES; whole++) {
        for (uint64_t most = 1; most < 3000; most += 100) {
            struct told t = {0};
            struct aof_read_options o = {
                .apply = pass, .stream = tell, .stream_most = most, .context = &t};
            struct aof_read_result r;
            aof_read(bytes_of(file.p, ends[whole] - (size_t)(whole % 2)), &o, &r);
            uint64_t all = r.offset - 1000, got = t.kept + t.skipped;
            CHECK(r.status == (whole % 2 ? AOF_READ_TORN : AOF_READ_GOOD));
            CHECK(got >= (most < all ? most : all) && got <= all && got <= 2 * most + 400);
        }
    }
}

/* Cut anywhere: whole frames are applied, never a part of one. */
TEST(a_torn_tail_is_cut_at_a_frame)
{
    make();
    for (size_t n = ends[0]; n < file.n; n++) {
        struct aof_read_result r = read_copy(file.p, n);
        int whole = 0;
        while (whole < FRAMES && ends[whole + 1] <= n)
            whole++;
        CHECK(applied == commands_of(whole) && r.good == ends[whole] && r.offset == offsets[whole]);
        CHECK(r.status == (n == ends[whole] ? AOF_READ_GOOD : AOF_READ_TORN));
    }
}

/* Bits flipped anywhere behind the head: never applied; refused below what was synced, cut above
 * it. */
TEST(flipped_bits_are_never_applied)
{
    struct rng rng;
    make();
    rng_seed(&rng, 5 + unit_share());
    for (int round = 0; round < 40000 / UNIT_SHARES; round++) {
        size_t at = ends[0] + (size_t)rng_below(&rng, file.n - ends[0]);
        unsigned bit = (unsigned)rng_below(&rng, 8);
        file.p[at] = (char)(file.p[at] ^ (1 << bit));
        struct aof_read_result r = read_copy(file.p, file.n);
        file.p[at] = (char)(file.p[at] ^ (1 << bit));
        int frame = 0;
        while (ends[frame + 1] <= at)
            frame++;
        CHECK(r.status != AOF_READ_GOOD && applied == commands_of(frame) && r.good == ends[frame]);
        if (frame < FRAMES - 3)
            CHECK(r.status == AOF_READ_DAMAGED);
    }
}

/* Several at once, anywhere. */
TEST(more_flipped_bits_are_never_applied)
{
    struct rng rng;
    make();
    rng_seed(&rng, 6 + unit_share());
    char *whole = mem_copy_text(file.p, file.n);
    for (int round = 0; round < 20000 / UNIT_SHARES; round++) {
        size_t first = file.n;
        flip_bits(&rng, file.p, file.n);
        while (first && memcmp(file.p, whole, first) != 0)
            first = first / 2;
        while (first < file.n && file.p[first] == whole[first])
            first++;
        if (first == file.n)
            continue; /* one flip took another back */
        struct aof_read_result r = read_copy(file.p, file.n);
        memcpy(file.p, whole, file.n);
        int frame = 0;
        while (ends[frame + 1] <= first)
            frame++;
        bool head = first < ends[0];
        CHECK(r.status != AOF_READ_GOOD && applied == (head ? 0 : commands_of(frame)));
        if (!head && frame < FRAMES - 3 && r.status != AOF_READ_DAMAGED)
            /* All frames that said so are damaged as well. */
            CHECK(r.status == AOF_READ_TORN);
    }
    mem_free(whole);
}

struct clock {
    int64_t until, seen;
};

static bool tick(void *context, int64_t seconds)
{
    struct clock *c = context;
    CHECK(seconds > c->seen);
    c->seen = seconds;
    return seconds <= c->until;
}

/* A file that somebody shortened while it was written to: all frames are sound, some are not there.
 */
TEST(missing_frames_are_noticed)
{
    make();
    for (int from = 0; from < FRAMES - 7; from++) {
        for (int n = 3; n <= 4; n++) {
            struct buf less = {0};
            buf_add(&less, bytes_of(file.p, ends[from]));
            buf_add(&less, bytes_of(file.p + ends[from + n], file.n - ends[from + n]));
            struct aof_read_result r = read_copy(less.p, less.n);
            CHECK(r.status == AOF_READ_DAMAGED && strstr(r.error, "frames are missing"));
            buf_free(&less);
        }
    }
}

TEST(reading_stops_at_a_time)
{
    make();
    struct clock c = {.until = 1700000012};
    struct aof_read_options o = {.apply = apply, .at_time = tick, .context = &c};
    struct aof_read_result r;
    applied = 0;
    aof_read(buf_bytes(&file), &o, &r);
    CHECK(r.status == AOF_READ_STOPPED && c.seen == 1700000015);
    CHECK(applied == commands_of(15) && r.good == ends[15] && r.offset == offsets[15]);
}

TEST(a_damaged_head_is_refused)
{
    make();
    for (size_t at = 0; at < ends[0]; at++) {
        file.p[at] ^= 1;
        struct aof_read_result r = read_copy(file.p, file.n);
        file.p[at] ^= 1;
        CHECK(r.status == AOF_READ_DAMAGED && applied == 0);
        CHECK(strcmp(r.error, "the head of the segment is damaged") == 0);
    }
}

/* A power cut before anything of an increment was synced leaves any bytes. */
TEST(a_head_that_was_never_synced_is_torn)
{
    struct rng rng;
    make();
    rng_seed(&rng, 5);
    for (int round = 0; round < 3000; round++) {
        size_t n = 1 + rng_below(&rng, ends[2] - 1), from = rng_below(&rng, ends[0]);
        struct buf torn = {0};
        buf_add(&torn, bytes_of(file.p, n));
        for (size_t i = from; i < n; i++)
            torn.p[i] = (char)(round % 3 ? rng_next(&rng) : 0);
        if (from == 0 && n && torn.p[0] == '*')
            torn.p[0] = '!';
        struct aof_read_options o = {.apply = pass, .ours = from < 9 || round % 2, .context = NULL};
        struct aof_read_result r;
        aof_read(buf_bytes(&torn), &o, &r);
        CHECK(r.status == AOF_READ_TORN && r.good == 0 && r.framed);
        buf_free(&torn);
    }
}

/* What Redis has written stays Redis' file, whatever the caller thinks. */
TEST(a_file_that_begins_with_a_command_is_not_ours)
{
    struct bytes argv[] = {BYTES("SET"), BYTES("key"), BYTES("v")};
    struct buf plain = {0};
    buf_add(&plain, BYTES("#TS:1700000000\r\n"));
    for (int skip = 16; skip >= 0; skip -= 16) {
        struct aof_read_options o = {.apply = pass, .ours = true};
        struct aof_read_result r;
        plain.n = 16;
        journal_format(&plain, argv, 3);
        aof_read(bytes_of(plain.p + skip, plain.n - (size_t)skip), &o, &r);
        CHECK(r.status == AOF_READ_GOOD && r.commands == 1 && !r.framed);
    }
    buf_free(&plain);
}

TEST(plain_files_follow_the_old_rules)
{
    struct aof_read_result r = {0};
    make();
    struct buf plain = {0};
    struct bytes argv[] = {BYTES("SET"), BYTES("key"), BYTES("v")};
    for (int i = 0; i < 3; i++)
        journal_format(&plain, argv, 3);
    r = read_copy(plain.p, plain.n);
    CHECK(r.status == AOF_READ_GOOD && !r.framed && applied == 3);
    r = read_copy(plain.p, plain.n - 4);
    CHECK(r.status == AOF_READ_TORN && applied == 2 && r.good == plain.n / 3 * 2);
    buf_free(&plain);
}

/* Section 14: cut off wherever it may be, a file without frames is torn; anything else in it is no
 * format. */
TEST(a_plain_file_is_torn_or_no_format)
{
    struct bytes argv[] = {BYTES("SET"), BYTES("key"), BYTES("value\r\n7")};
    struct buf one = {0}, bad = {0};
    journal_format(&one, argv, 3);
    for (size_t n = 0; n <= one.n; n++) {
        buf_free(&bad);
        buf_add(&bad, buf_bytes(&one));
        buf_add(&bad, bytes_of(one.p, n));
        struct aof_read_result r = read_copy(bad.p, bad.n);
        CHECK(r.status == (n == 0 || n == one.n ? AOF_READ_GOOD : AOF_READ_TORN));
        CHECK(r.good == (n == one.n ? 2 * one.n : one.n));
    }
    static const char *const nonsense[] = {"!!!",
                                           "\r\n",
                                           "*x",
                                           "*1\n",
                                           "*0\r\n",
                                           "*-1\r\n",
                                           "*2000000\r\n",
                                           "*1\r\n+a",
                                           "*1\r\n$-1\r\n",
                                           "*1\r\n$1\r\nab",
                                           "*1\r\n$1\r\na\rb",
                                           "*1\r\nx",
                                           "*1\r\n$1x",
                                           "*1-\r\n",
                                           "*12345678901234567890\r\n"};
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(*nonsense); i++) {
        buf_free(&bad);
        buf_add(&bad, buf_bytes(&one));
        buf_add_text(&bad, nonsense[i]);
        struct aof_read_result r = read_copy(bad.p, bad.n);
        CHECK(r.status == AOF_READ_BAD_FORMAT && r.good == one.n);
    }
    buf_free(&one);
    buf_free(&bad);
}

/* A value of a foreign file may look like a note of ours. */
TEST(a_plain_file_may_hold_notes_as_values)
{
    struct buf plain = {0};
    struct bytes argv[] = {BYTES("SET"), BYTES("key"), BYTES("\r\n#CRC:5:01234567:0\r\n")};
    char time[AOF_FRAME_LINE_MAX];
    buf_add(&plain, bytes_of(time, aof_frame_print_timestamp(1700000000, time)));
    for (int i = 0; i < 3; i++)
        journal_format(&plain, argv, 3);
    struct aof_read_result r = read_copy(plain.p, plain.n);
    CHECK(r.status == AOF_READ_GOOD && applied == 3);
    buf_free(&plain);
}

#define MANY 500

struct order {
    unsigned applied, announced;
};

/* Command i: its number, and now and then an argument too long or too many of them to be ordinary.
 */
static int number_of(const struct bytes *argv, int argc)
{
    CHECK(argc >= 3);
    return atoi(argv[1].p);
}

static bool apply_in_order(void *context, const struct bytes *argv, int argc)
{
    struct order *o = context;
    CHECK(number_of(argv, argc) == (int)o->applied);
    CHECK(argc == (o->applied % 97 == 96 ? 700 : 3));
    CHECK(argv[2].n == (o->applied % 89 == 88 ? 100000 : 1));
    o->applied++;
    return true;
}

static void see_ahead(void *context, const struct aof_read_command *commands, unsigned n)
{
    struct order *o = context;
    CHECK(n > 0 && n <= AOF_READ_AHEAD);
    for (unsigned i = 0; i < n; i++)
        CHECK(number_of(commands[i].argv, commands[i].argc) == (int)(o->applied + i));
    o->announced += n;
}

static void read_in_order(struct bytes data, bool framed)
{
    struct order seen = {0};
    struct aof_read_options o = {.apply = apply_in_order, .ahead = see_ahead, .context = &seen};
    struct aof_read_result r;
    aof_read(data, &o, &r);
    CHECK(r.status == AOF_READ_GOOD && r.framed == framed && r.commands == MANY);
    CHECK(seen.applied == MANY && seen.announced > MANY * 9 / 10);
}

TEST(many_commands_are_applied_in_order)
{
    struct buf commands = {0}, framed = {0};
    struct aof_frame_header head = {.version = 1, .salt = 7};
    char text[AOF_FRAME_HEADER_MAX], note[AOF_FRAME_LINE_MAX];
    char *large = mem_zalloc(100000);
    struct bytes argv[700];
    crc_init();
    memset(head.replication_id, 'b', 40);
    for (int i = 0; i < MANY; i++) {
        char number[16];
        for (int k = 0; k < 700; k++)
            argv[k] = BYTES("x");
        argv[1] = bytes_of(number, (size_t)sprintf(number, "%d", i));
        if (i % 89 == 88)
            argv[2] = bytes_of(large, 100000);
        journal_format(&commands, argv, i % 97 == 96 ? 700 : 3);
    }
    read_in_order(buf_bytes(&commands), false);
    buf_add(&framed, bytes_of(text, aof_frame_print_header(&head, text)));
    buf_add(&framed, buf_bytes(&commands));
    buf_add(&framed, bytes_of(note, aof_frame_print_trailer(head.salt, bytes_of("", 0),
                                                            buf_bytes(&commands), 0, note)));
    read_in_order(buf_bytes(&framed), true);
    mem_free(large);
    buf_free(&commands);
    buf_free(&framed);
}

static bool count(void *context, const struct bytes *argv, int argc)
{
    (void)context;
    (void)argv;
    (void)argc;
    applied++;
    return true;
}

static struct aof_read_result read_plain(const struct buf *text, size_t n)
{
    struct aof_read_options o = {.apply = count};
    struct aof_read_result r;
    applied = 0;
    aof_read(bytes_of(text->p, n), &o, &r);
    return r;
}

/* A transaction that is whole stays when the file is torn behind it, another one goes. */
TEST(a_plain_file_is_cut_in_front_of_half_a_transaction)
{
    struct buf plain = {0};
    const struct bytes set[] = {BYTES("SET"), BYTES("key"), BYTES("v")}, multi[] = {BYTES("multi")},
                       exec[] = {BYTES("exec")};
    size_t end[5];
    for (int i = 0; i < 5; i++) {
        journal_format(&plain, i == 1 ? multi : i == 3 ? exec : set, i % 2 ? 1 : 3);
        end[i] = plain.n;
    }
    for (size_t n = end[0]; n <= plain.n; n++) {
        struct aof_read_result r = read_plain(&plain, n);
        size_t good = n < end[3] ? end[0] : n < end[4] ? end[3] : end[4];
        CHECK(r.good == good && r.status == (n == good ? AOF_READ_GOOD : AOF_READ_TORN));
        if (n == end[1] || n == end[2])
            CHECK(strcmp(r.error, "ends inside a transaction") == 0);
        else if (n != good)
            CHECK(strncmp(r.error, "torn at byte ", 13) == 0);
    }
    buf_free(&plain);
}

UNIT_MAIN(T(a_whole_file_is_good), T(a_torn_tail_is_cut_at_a_frame), T(frames_of_notes_alone),
          T(an_id_of_a_confirmation_is_the_files_from_its_first_byte_on),
          T(of_several_ids_the_last_with_a_byte_is_the_files), T(a_random_id_is_the_files_at_once),
          T(notes_that_contradict_the_commands_are_refused),
          T(version_1_is_read_as_before_and_has_no_notes), T(the_end_of_the_stream_is_told),
          T(flipped_bits_are_never_applied), T(more_flipped_bits_are_never_applied),
          T(missing_frames_are_noticed), T(reading_stops_at_a_time), T(a_damaged_head_is_refused),
          T(a_head_that_was_never_synced_is_torn), T(a_file_that_begins_with_a_command_is_not_ours),
          T(plain_files_follow_the_old_rules), T(a_plain_file_is_torn_or_no_format),
          T(a_plain_file_may_hold_notes_as_values), T(many_commands_are_applied_in_order),
          T(a_plain_file_is_cut_in_front_of_half_a_transaction))
