#include "store/changes.h"

#include "base/assert.h"
#include "base/hash.h"
#include "store/db.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "unit.h"

static jmp_buf out;

static void on_failed(const char *condition, const char *file, int line)
{
    (void)condition;
    (void)file;
    (void)line;
    longjmp(out, 1);
}

/* Whether an assertion fails within the statement. */
#define FAILS(statement) (assert_set_report(on_failed), setjmp(out) ? true : ((statement), false))

static struct store *new_store(void)
{
    struct store *s = db_store_new(2, 1);
    db_add(&s->dbs[0], string_new(BYTES("a"), BYTES("1")));
    db_add(&s->dbs[0], string_new(BYTES("b"), BYTES("2")));
    return s;
}

static struct entry *entry_of(struct store *s, const char *key)
{
    struct bytes k = bytes_text(key);
    return *table_find(&s->dbs[0].keys, hash_key(k), k);
}

/* A change behind the back of the databases. */
static void change(struct store *s, const char *key)
{
    char *p = (char *)(uintptr_t)entry_inline(entry_of(s, key)).p;
    *p ^= 1;
}

static void note_read(struct changes *c, struct store *s, const char *key)
{
    changes_note_read(c, 0, bytes_text(key), entry_of(s, key));
}

TEST(a_change_of_what_was_not_fetched_for_change_is_found)
{
    struct store *s = new_store();
    struct changes *c = changes_new();
    changes_check(c, 0, BYTES("a")); /* not within a command */
    changes_begin(c);
    CHECK(FAILS(changes_check(c, 0, BYTES("a"))));
    note_read(c, s, "a");
    changes_note_write(c, 0, BYTES("b"));
    CHECK(FAILS(changes_check(c, 0, BYTES("a"))));
    CHECK(!FAILS(changes_check(c, 0, BYTES("b"))));
    CHECK(FAILS(changes_check(c, 1, BYTES("b"))));
    changes_end(c, db_find_as_it_is, s);
    /* The next command has fetched nothing yet. */
    changes_begin(c);
    CHECK(FAILS(changes_check(c, 0, BYTES("b"))));
    changes_end(c, db_find_as_it_is, s);
    changes_free(c);
    db_store_free(s);
}

TEST(a_silent_change_of_what_was_only_read_is_found)
{
    struct store *s = new_store();
    struct changes *c = changes_new();
    changes_begin(c);
    note_read(c, s, "a");
    note_read(c, s, "b");
    changes_note_read(c, 0, BYTES("none"), NULL);
    change(s, "b");
    CHECK(FAILS(changes_end(c, db_find_as_it_is, s)));
    change(s, "b");
    CHECK(!FAILS(changes_end(c, db_find_as_it_is, s)));
    /* Read first, then fetched for change. */
    changes_begin(c);
    note_read(c, s, "b");
    changes_note_write(c, 0, BYTES("b"));
    change(s, "b");
    CHECK(!FAILS(changes_end(c, db_find_as_it_is, s)));
    /* What went without being fetched. */
    changes_begin(c);
    note_read(c, s, "a");
    struct entry *e = entry_of(s, "a");
    table_remove(&s->dbs[0].keys, hash_key(BYTES("a")), BYTES("a"));
    CHECK(FAILS(changes_end(c, db_find_as_it_is, s)));
    table_insert(&s->dbs[0].keys, hash_key(BYTES("a")), e);
    changes_forget_reads(c);
    CHECK(!FAILS(changes_end(c, db_find_as_it_is, s)));
    /* Reading goes on behind what was forgotten. */
    changes_begin(c);
    note_read(c, s, "a");
    changes_forget_reads(c);
    note_read(c, s, "b");
    change(s, "a");
    CHECK(!FAILS(changes_end(c, db_find_as_it_is, s)));
    changes_begin(c);
    note_read(c, s, "a");
    note_read(c, s, "b");
    changes_free(c); /* in the middle of a command: nothing is left */
    db_store_free(s);
}

TEST(commands_within_commands_fetch_for_themselves)
{
    struct store *s = new_store();
    struct changes *c = changes_new();
    changes_begin(c);
    note_read(c, s, "a");
    changes_begin(c);
    changes_note_write(c, 0, BYTES("a"));
    change(s, "a");
    CHECK(!FAILS(changes_check(c, 0, BYTES("a"))));
    changes_end(c, db_find_as_it_is, s);
    /* Neither the next one nor the outer one has fetched it, but the outer one is excused. */
    changes_begin(c);
    CHECK(FAILS(changes_check(c, 0, BYTES("a"))));
    changes_end(c, db_find_as_it_is, s);
    CHECK(FAILS(changes_check(c, 0, BYTES("a"))));
    CHECK(!FAILS(changes_end(c, db_find_as_it_is, s)));
    changes_free(c);
    db_store_free(s);
}

#ifdef CHANGES_ARE_CHECKED
TEST(the_databases_tell_what_is_fetched)
{
    struct store *s = new_store();
    struct db *db = &s->dbs[0];
    db_command_begins(s);
    db_read(db, BYTES("a"));
    CHECK(FAILS(db_changed(db, BYTES("a"), 0, NULL)));
    CHECK(FAILS(db_changed_quietly(db, BYTES("a"))));
    db_write(db, BYTES("a"));
    CHECK(!FAILS(db_changed(db, BYTES("a"), 0, NULL)));
    db_write_counted(db, BYTES("b"));
    CHECK(!FAILS(db_changed_quietly(db, BYTES("b"))) && s->hits == 2);
    db_command_ends(s);
    db_command_begins(s);
    db_read_notouch(db, BYTES("a"));
    change(s, "a");
    CHECK(FAILS(db_command_ends(s)));
    db_delete(db, BYTES("a"));
    CHECK(!FAILS(db_changed(db, BYTES("a"), 0, NULL)));
    db_command_ends(s);
    db_store_free(s);
}

/* As XACK once did: a group is changed through a stream that was looked up as by a reader. */
TEST(a_group_that_changes_behind_a_reader_is_found)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    struct stream *t = stream_new(s->streams, 100, 100);
    struct stream_group *g = stream_add_group(t, BYTES("g"), STREAM_ID_MIN, 0);
    db_add(db, entry_new_word(BYTES("s"), VALUE_STREAM, (uintptr_t)t));
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 1);
    stream_group_restore(g, (struct stream_id){1, 1}, c, 1, 1);
    db_command_begins(s);
    db_read(db, BYTES("s"));
    stream_group_ack(g, (struct stream_id){1, 1});
    CHECK(FAILS(db_command_ends(s)));
    db_write(db, BYTES("s"));
    db_command_ends(s);
    db_store_free(s);
}
#else
TEST(other_builds_hold_no_checker)
{
    struct store *s = new_store();
    CHECK(s->changes == NULL);
    db_store_free(s);
}
#define the_databases_tell_what_is_fetched            other_builds_hold_no_checker
#define a_group_that_changes_behind_a_reader_is_found other_builds_hold_no_checker
#endif

UNIT_MAIN(T(a_change_of_what_was_not_fetched_for_change_is_found),
          T(a_silent_change_of_what_was_only_read_is_found),
          T(commands_within_commands_fetch_for_themselves), T(the_databases_tell_what_is_fetched),
          T(a_group_that_changes_behind_a_reader_is_found))
