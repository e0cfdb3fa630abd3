#include "replica/apply.h"

#include "engine/observe.h"
#include "persist/wrap.h"
#include "replica/replica.h"
#include "replica_commands.h"
#include "unit.h"

#define SET(k, v) "*3\r\n$3\r\nSET\r\n$1\r\n" k "\r\n$1\r\n" v "\r\n"
#define SELECT_2  "*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n"
#define MULTI     "*1\r\n$5\r\nMULTI\r\n"
#define EXEC      "*1\r\n$4\r\nEXEC\r\n"
#define PING      "*1\r\n$4\r\nping\r\n"
#define GETACK    "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n"

/* A replica whose link to its primary is up. The journal is read as a file and as a stream. */
struct side {
    struct bench *bench;
    struct replication *r;
    struct apply *apply;
    struct journal_reader stream;
};

static void begin_with(struct side *s, struct apply_options o)
{
    struct replication_services none = {0};
    *s = (struct side){.bench = bench_begin(replica_commands)};
    struct journal *j = s->bench->engine.journal;
    s->r = replica_new(&s->bench->engine, NULL, &none, "run");
    journal_attach_stream(j, &s->stream);
    bench_journal(s->bench);
    journal_set_mode(j, JOURNAL_RAW);
    o.address = "1.2.3.4:5";
    o.local_address = "1.2.3.4:6";
    o.fd = -1;
    s->apply = apply_new(s->r, &o);
}

static void begin(struct side *s)
{
    begin_with(s, (struct apply_options){.foreign = true});
}

static void end(struct side *s)
{
    CHECK(journal_is_sound(s->bench->engine.journal));
    apply_free(s->apply);
    journal_detach(&s->stream);
    replica_free(s->r);
    bench_end(s->bench);
}

static bool comes(struct side *s, const char *p, size_t n)
{
    bool good = true;
    while (n && good) {
        size_t room;
        char *to = apply_place(s->apply, &room);
        size_t piece = n < room ? n : room;
        memcpy(to, p, piece);
        good = apply_run(s->apply, piece);
        p += piece;
        n -= piece;
    }
    return good;
}

static bool says(struct side *s, const char *text)
{
    return comes(s, text, strlen(text));
}

/* Whether the sub-replicas get exactly these bytes since this was last asked. */
static bool passed_on(struct side *s, const char *want)
{
    struct bytes got = journal_unread(&s->stream);
    bool same = bytes_equal(got, bytes_text(want));
    if (!same)
        printf("# stream <%.*s>\n", (int)got.n, got.n ? got.p : "");
    journal_take(&s->stream, got.n);
    return same;
}

static bool holds(struct side *s, const char *key, const char *want)
{
    struct client *c = bench_client(s->bench);
    char line[64], reply[128];
    snprintf(line, sizeof(line), "GET %s", key);
    bench_says(c, line);
    if (want)
        snprintf(reply, sizeof(reply), "$%zu|%s|", strlen(want), want);
    else
        snprintf(reply, sizeof(reply), "$-1|");
    bool same = bench_heard(c, reply);
    client_close(c);
    bench_turn(s->bench);
    return same;
}

/* What the file is to write, notes included. */
static bool filed(struct side *s, const char *stream, const char *local, size_t skipped)
{
    struct journal_batch b = journal_batch(&s->bench->reader);
    size_t skips = 0;
    struct buf only = {0};
    for (size_t i = 0; i < b.note_n; i++) {
        if (b.notes[i].kind == JOURNAL_SKIP)
            skips += b.notes[i].n;
        else
            buf_add(&only, bytes_of(b.text + b.notes[i].at, b.notes[i].n));
    }
    bool same = bytes_equal(b.stream, bytes_text(stream)) && skips == skipped &&
                bytes_equal(buf_bytes(&only), bytes_text(local));
    if (!same)
        printf("# file <%.*s> skips %zu, local <%.*s>\n", (int)b.stream.n, b.stream.p, skips,
               (int)only.n, only.n ? only.p : "");
    buf_free(&only);
    journal_take_batch(&s->bench->reader, b.stream.n, b.note_n);
    return same;
}

TEST(commands_are_applied_and_passed_on_as_they_came)
{
    struct side s;
    begin(&s);
    uint64_t before = s.bench->engine.journal->offset;
    const char *text = SET("a", "1") "\r\n" PING SET("b", "2") "\n";
    CHECK(says(&s, text) && passed_on(&s, text));
    CHECK(s.bench->engine.journal->offset == before + strlen(text));
    CHECK(holds(&s, "a", "1") && holds(&s, "b", "2"));
    CHECK(filed(&s, text, "", 14 + 3));
    CHECK(chain_pending(&apply_client(s.apply)->out) == 0 && s.r->figures.errors == 0);
    end(&s);
}

/* However the bytes are cut: after each piece the offset stands behind a whole group. */
TEST(groups_are_whole_however_the_bytes_are_cut)
{
    const char *text = SET("a", "1") MULTI SET("a", "2") SET("b", "3") EXEC SET("c", "4");
    size_t first = strlen(SET("a", "1")), txn = strlen(MULTI SET("a", "2") SET("b", "3") EXEC);
    for (size_t step = 1; step <= strlen(text); step++) {
        struct side s;
        begin(&s);
        uint64_t start = s.bench->engine.journal->offset;
        for (size_t at = 0; at < strlen(text); at += step) {
            size_t n = strlen(text) - at < step ? strlen(text) - at : step;
            CHECK(comes(&s, text + at, n));
            uint64_t is = s.bench->engine.journal->offset - start, came = at + n;
            CHECK(is == (came < first          ? 0
                         : came < first + txn  ? first
                         : came < strlen(text) ? first + txn
                                               : strlen(text)));
        }
        CHECK(passed_on(&s, text) && holds(&s, "a", "2") && holds(&s, "c", "4"));
        end(&s);
    }
}

TEST(getack_is_answered_with_the_offset_in_front_of_it)
{
    struct side s;
    uint64_t offset;
    begin(&s);
    CHECK(!apply_was_asked(s.apply, &offset));
    CHECK(says(&s, SET("a", "1") GETACK));
    CHECK(apply_was_asked(s.apply, &offset) && !apply_was_asked(s.apply, &offset));
    CHECK(says(&s, GETACK) && apply_was_asked(s.apply, &offset));
    CHECK(offset == s.bench->engine.journal->offset - strlen(GETACK));
    CHECK(s.r->figures.errors == 0);
    CHECK(filed(&s, SET("a", "1") GETACK GETACK, "", 2 * strlen(GETACK)));
    end(&s);
}

TEST(the_database_of_the_stream_is_followed)
{
    struct side s;
    begin_with(&s, (struct apply_options){.db = 3});
    CHECK(says(&s, SET("a", "1") "*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n" SET("a", "2")));
    CHECK(apply_db(s.apply) == 5 && s.bench->engine.journal->db == 5);
    CHECK(says(&s, MULTI "*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n" SET("a", "3") EXEC));
    CHECK(s.bench->engine.journal->db == 7 && apply_db(s.apply) == 7);
    CHECK(s.bench->engine.store->dbs[3].keys.used == 1 &&
          s.bench->engine.store->dbs[5].keys.used == 1 &&
          s.bench->engine.store->dbs[7].keys.used == 1);
    end(&s);
}

/* What belongs into a database that is not there goes nowhere else. */
TEST(a_database_too_many_takes_nothing)
{
    struct side s;
    begin(&s);
    CHECK(says(&s, "*2\r\n$6\r\nSELECT\r\n$2\r\n99\r\n" SET("a", "1")));
    CHECK(s.r->figures.errors == 2 && holds(&s, "a", NULL) && apply_db(s.apply) == 99);
    /* The file has where the stream is, for the next start. */
    CHECK(filed(&s, "*2\r\n$6\r\nSELECT\r\n$2\r\n99\r\n" SET("a", "1"),
                "*2\r\n$6\r\nSELECT\r\n$2\r\n99\r\n", 24 + 27));
    CHECK(says(&s, "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n" SET("a", "2")) && holds(&s, "a", "2"));
    CHECK(s.r->figures.errors == 2);
    CHECK(says(&s, MULTI "*2\r\n$6\r\nSELECT\r\n$2\r\n99\r\n" SET("b", "1") EXEC SET("b", "2")));
    CHECK(s.r->figures.errors == 5 && holds(&s, "b", NULL));
    end(&s);
}

TEST(errors_are_counted_and_the_stream_goes_on)
{
    struct side s;
    begin(&s);
    const char *bad = "*2\r\n$5\r\nbogus\r\n$1\r\nx\r\n"
                      "*3\r\n$4\r\nINCR\r\n$1\r\na\r\n$1\r\na\r\n"
                      "*1\r\n$8\r\nSHUTDOWN\r\n"
                      "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
    CHECK(says(&s, bad) && s.r->figures.errors == 4 && filed(&s, bad, "", strlen(bad)));
    CHECK(says(&s, SET("a", "x") "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n"));
    CHECK(s.r->figures.errors == 5 && holds(&s, "a", "x"));
    end(&s);
}

/* The others of its commands are applied; a file, which could not be loaded with the unknown one,
 * gets their effects. */
TEST(a_transaction_survives_an_unknown_command)
{
    struct side s;
    begin(&s);
    const char *text = MULTI SET("a", "1") "*1\r\n$5\r\nbogus\r\n" SET("b", "2") EXEC;
    CHECK(says(&s, text) && passed_on(&s, text) && s.r->figures.errors == 1);
    CHECK(holds(&s, "a", "1") && holds(&s, "b", "2"));
    CHECK(filed(&s, text, SET("a", "1") SET("b", "2"), strlen(text)));
    end(&s);
}

/* They stand for what the primary's file had not kept when it started. A loader takes none. */
TEST(line_ends_in_a_transaction_are_kept_from_the_file)
{
    struct side s;
    begin(&s);
    const char *text = MULTI "\n\n\n" SET("a", "1") EXEC;
    CHECK(says(&s, text) && passed_on(&s, text) && s.r->figures.errors == 0);
    CHECK(holds(&s, "a", "1") && filed(&s, text, SET("a", "1"), strlen(text)));
    end(&s);
}

/* The stream goes on in the database that it has chosen. */
TEST(a_transaction_that_is_kept_from_the_file_takes_it_to_its_database)
{
    struct side s;
    begin(&s);
    const char *text = MULTI "\n" SELECT_2 SET("a", "1") EXEC;
    const char *kept = MULTI "\n" SELECT_2 SET("a", "1") EXEC SET("b", "2");
    CHECK(says(&s, kept) && passed_on(&s, kept) && s.r->figures.errors == 0);
    CHECK(s.bench->engine.store->dbs[2].keys.used == 2);
    CHECK(filed(&s, kept, SELECT_2 SET("a", "1"), strlen(text)));
    end(&s);
}

/* More words than commands usually have. */
TEST(what_ping_carries_may_be_wide)
{
    struct side s;
    struct bytes argv[601];
    struct buf inner = {0}, text = {0};
    begin(&s);
    argv[0] = BYTES("MSET");
    for (int i = 1; i < 601; i += 2) {
        argv[i] = i == 599 ? BYTES("last") : BYTES("k");
        argv[i + 1] = BYTES("1");
    }
    journal_format(&inner, argv, 601);
    wrap_format(&text, buf_bytes(&inner));
    buf_add_char(&text, 0);
    CHECK(says(&s, text.p) && holds(&s, "last", "1") && s.r->figures.errors == 0);
    buf_free(&inner);
    buf_free(&text);
    end(&s);
}

TEST(what_ping_carries_runs)
{
    struct side s;
    begin(&s);
    const char *text = "*2\r\n$4\r\nPING\r\n$27\r\n" SET("a", "1") "\r\n";
    CHECK(says(&s, text) && holds(&s, "a", "1") && filed(&s, text, "", 0));
    CHECK(says(&s, "*2\r\n$4\r\nPING\r\n$4\r\n*1\r\n\r\n") && s.r->figures.errors == 1);
    CHECK(says(&s, "*2\r\n$4\r\nPING\r\n$18\r\n*1\r\n$8\r\nSHUTDOWN\r\n\r\n"));
    CHECK(s.r->figures.errors == 2);
    end(&s);
}

TEST(large_commands_are_applied)
{
    struct side s;
    begin(&s);
    struct buf b = {0};
    size_t big = 3000000;
    buf_printf(&b, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$%zu\r\n", big);
    memset(buf_room(&b, big), 'x', big);
    b.n += big;
    buf_add_text(&b, "\r\n*2001\r\n$4\r\nMSET\r\n");
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "$4\r\nk%03d\r\n$1\r\ny\r\n", i);
    CHECK(comes(&s, b.p, b.n));
    struct client *c = bench_client(s.bench);
    bench_says(c, "LENGTH a");
    CHECK(bench_heard(c, ":3000000|") && holds(&s, "k000", "y") && holds(&s, "k999", "y"));
    CHECK(journal_unread(&s.stream).n == b.n && s.r->figures.errors == 0);
    buf_free(&b);
    end(&s);
}

static const struct side *seen;
static uint64_t seen_applied, seen_offset;

static void look_at_offsets(void)
{
    seen_applied = apply_offset(seen->apply);
    seen_offset = seen->bench->engine.journal->offset;
}

/* A command that takes long may let others have their turn: it counts when it has ended. */
TEST(what_runs_is_not_applied_yet)
{
    struct side s;
    begin(&s);
    seen = &s;
    look = look_at_offsets;
    uint64_t before = apply_offset(s.apply);
    CHECK(says(&s, SET("a", "1") "*1\r\n$4\r\nLOOK\r\n" SET("b", "2")));
    CHECK(seen_applied == before + 27 && seen_offset == seen_applied + 14);
    CHECK(apply_offset(s.apply) == before + 27 + 14 + 27);
    end(&s);
}

/* A key that is past is the primary's to delete: its commands see it, clients do not. */
TEST(only_the_primary_deletes_what_is_past)
{
    struct side s;
    begin(&s);
    s.bench->engine.store->expiry_paused = true;
    struct db *db = &s.bench->engine.store->dbs[0];
    CHECK(says(&s, SET("a", "1")));
    db_set_deadline(db, db_write(db, BYTES("a")), 5);
    CHECK(holds(&s, "a", NULL) && db->keys.used == 1);
    CHECK(says(&s, "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n") && holds(&s, "a", "2"));
    CHECK(!s.bench->engine.store->expiry_ignored);
    end(&s);
}

TEST(clients_that_wait_are_served_and_monitors_see)
{
    struct side s;
    begin(&s);
    struct client *c = bench_client(s.bench), *m = bench_client(s.bench);
    bench_says(c, "TAKE q");
    CHECK(says(&s, SET("q", "x")) && bench_heard(c, "$1|q|") && holds(&s, "q", NULL));
    observe_monitor(m);
    CHECK(says(&s, MULTI SET("a", "1") EXEC));
    char line[256];
    struct iovec piece;
    CHECK(chain_pieces(&m->out, &piece, 1, UINT64_MAX) == 1 && piece.iov_len < sizeof(line));
    memcpy(line, piece.iov_base, piece.iov_len);
    line[piece.iov_len] = 0;
    CHECK(strstr(line, "1.2.3.4:5] \"MULTI\"") && strstr(line, "\"SET\" \"a\" \"1\""));
    CHECK(strstr(line, "\"EXEC\""));
    end(&s);
}

TEST(garbage_is_told_apart)
{
    struct side s;
    begin(&s);
    CHECK(!says(&s, SET("a", "1") "set b 2\r\n") && holds(&s, "a", "1"));
    end(&s);
    begin(&s);
    CHECK(!says(&s, MULTI "garbage") && s.bench->engine.journal->depth == 0);
    end(&s);
}

/* Once the time is up, each run still applies one batch of commands, or one group. */
TEST(a_run_can_be_limited)
{
    enum { SETS = 100 };
    struct side s;
    struct buf b = {0};
    begin(&s);
    for (int i = 0; i < SETS; i++)
        buf_add_text(&b, SET("a", "1"));
    buf_add_text(&b, MULTI);
    for (int i = 0; i < SETS; i++)
        buf_add_text(&b, SET("b", "2"));
    buf_add_text(&b, EXEC SET("c", "3") MULTI);
    CHECK(!apply_has_more(s.apply));
    apply_until(s.apply, 1);
    CHECK(apply_put(s.apply, buf_bytes(&b)) == b.n && apply_run(s.apply, b.n));
    size_t runs = 1, most = s.bench->engine.stats.total_commands;
    for (; apply_has_more(s.apply); runs++) {
        uint64_t before = s.bench->engine.stats.total_commands;
        CHECK(apply_run(s.apply, 0));
        size_t ran = s.bench->engine.stats.total_commands - before;
        most = ran > most && ran <= APPLY_AHEAD ? ran : most;
        CHECK(ran <= APPLY_AHEAD || ran == SETS + 2);
    }
    CHECK(most == APPLY_AHEAD && runs == SETS / APPLY_AHEAD + 1 + 1 + 1 + 1);
    CHECK(apply_waiting(s.apply) == strlen(MULTI) && holds(&s, "b", "2") && holds(&s, "c", "3"));
    /* Without one, all of it. */
    apply_until(s.apply, 0);
    b.n = 0;
    for (int i = 0; i < SETS; i++)
        buf_add_text(&b, SET("d", "4"));
    buf_add_text(&b, EXEC);
    CHECK(comes(&s, b.p, b.n) && !apply_has_more(s.apply) && apply_waiting(s.apply) == 0);
    buf_free(&b);
    end(&s);
}

UNIT_MAIN(T(commands_are_applied_and_passed_on_as_they_came), T(a_run_can_be_limited),
          T(groups_are_whole_however_the_bytes_are_cut),
          T(getack_is_answered_with_the_offset_in_front_of_it),
          T(the_database_of_the_stream_is_followed), T(a_database_too_many_takes_nothing),
          T(errors_are_counted_and_the_stream_goes_on),
          T(a_transaction_survives_an_unknown_command),
          T(line_ends_in_a_transaction_are_kept_from_the_file),
          T(a_transaction_that_is_kept_from_the_file_takes_it_to_its_database),
          T(what_ping_carries_may_be_wide), T(what_ping_carries_may_be_wide),
          T(what_ping_carries_runs), T(large_commands_are_applied), T(what_runs_is_not_applied_yet),
          T(only_the_primary_deletes_what_is_past),
          T(clients_that_wait_are_served_and_monitors_see), T(garbage_is_told_apart))
