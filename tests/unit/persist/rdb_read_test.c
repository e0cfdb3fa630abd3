/* Records of a snapshot, written down by hand; values: rdb_get_test.c and its kin. */
#include "persist/rdb_read.h"

#include "base/crc.h"
#include "base/hash.h"
#include "rdb.h"
#include "unit.h"

#define STARTS(x, want) (strncmp(x, want, strlen(want)) == 0)
#define SUM             "0000000000000000" /* none */

struct heard {
    int commands, warnings, notes;
    bool refuses;
    char last[200];
};

static bool apply(void *context, int db, const struct bytes *argv, int argc)
{
    struct heard *h = context;
    h->commands++;
    snprintf(h->last, sizeof(h->last), "%d:%.*s:%d", db, (int)argv[0].n, argv[0].p, argc);
    return !h->refuses;
}

static void warn(void *context, const char *text)
{
    struct heard *h = context;
    h->warnings++;
    snprintf(h->last, sizeof(h->last), "%s", text);
}

static void note(void *context, uint64_t offset, struct bytes name, struct bytes value)
{
    (void)offset, (void)name, (void)value;
    ((struct heard *)context)->notes++;
}

static struct heard heard;
static struct rdb_read_options options;
static struct rdb_read_result result;

static void begin(void)
{
    crc_init();
    hash_init("seed", 4);
    heard = (struct heard){0};
    options = (struct rdb_read_options){.verify = true,
                                        .values = rdb_options,
                                        .apply = apply,
                                        .warn = warn,
                                        .note = note,
                                        .context = &heard};
}

/* NULL: it was refused, result.error says why. */
static struct store *loaded_from(struct bytes data)
{
    struct store *s = db_store_new(2, 1);
    char *exact = malloc(data.n ? data.n : 1);
    memcpy(exact, data.p, data.n);
    bool good = rdb_read(s, bytes_of(exact, data.n), &options, &result);
    free(exact);
    if (good)
        return s;
    db_store_free(s);
    return NULL;
}

static bool refused(const char *hex, const char *why)
{
    begin();
    struct store *s = loaded_from(rdb_hex(hex));
    if (s)
        db_store_free(s);
    bool good = !s && STARTS(result.error, why);
    if (!good)
        printf("# %s: <%s>\n", hex, result.error);
    return good;
}

/* fa field | fe database | fb keys, with deadlines | fc deadline | f8 idle | type | key | value */
static const char whole[] =
    "'REDIS0011' fa 01'a' 01'b' fe 01 fb 02 01 fc 0500000000000000 00 01'k' 01'v' "
    "fd 06000000 f9 07 00 01'l' 01'w' f4 01 02 03 ff" SUM;

TEST(records_have_their_meaning)
{
    begin();
    struct store *s = loaded_from(rdb_hex(whole));
    CHECK(s && result.keys == 2 && result.failed_type == -1 && heard.notes == 2);
    struct entry *k = db_find(&s->dbs[1], BYTES("k")), *l = db_find(&s->dbs[1], BYTES("l"));
    CHECK(k && l && k->has_ttl && entry_deadline_ms(k) == 5 && entry_deadline_ms(l) == 6000);
    CHECK(result.length == rdb_hex(whole).n);
    db_store_free(s);
    /* What has expired is left out when that is asked for. */
    options.drop_expired = true;
    options.now_ms = 5;
    s = loaded_from(rdb_hex(whole));
    CHECK(s && result.keys == 1 && result.expired == 1 && !db_find(&s->dbs[1], BYTES("k")));
    db_store_free(s);
    options.check_only = true;
    CHECK(rdb_read(NULL, rdb_hex(whole), &options, &result));
    CHECK(result.keys == 2 && result.expires == 2 && result.expired == 1);
}

TEST(each_cut_is_refused)
{
    begin();
    struct bytes data = rdb_hex(whole);
    for (size_t n = 0; n < data.n; n++) {
        CHECK(!loaded_from(bytes_of(data.p, n)));
        CHECK(STARTS(result.error, n < 9 ? "Wrong signature" : "Unexpected EOF"));
    }
}

TEST(what_is_wrong_is_named)
{
    CHECK(refused("'ROBIS0011' ff" SUM, "Wrong signature"));
    CHECK(refused("'REDIS0000' ff" SUM, "Can't handle RDB format version 0"));
    CHECK(refused("'REDIS00x1' ff" SUM, "Can't handle RDB format version x1"));
    CHECK(refused("'VALKEY079' ff" SUM, "Can't handle RDB format version 79"));
    CHECK(refused("'REDIS0080' ff" SUM, "Can't handle RDB format version 80"));
    CHECK(refused("'REDIS0011' ff 0100000000000000", "Wrong RDB checksum"));
    CHECK(refused("'REDIS0011' fe 02 ff" SUM, "Database 2 does not exist here"));
    CHECK(refused("'REDIS0011' f0 ff" SUM, "RDB opcode 240 is not known"));
    CHECK(refused("'REDIS0011' 64 ff" SUM, "RDB opcode 100: a record of Redis Enterprise"));
    CHECK(refused("'REDIS0011' 00 01'k' 01'v' 00 01'k' 01'w' ff" SUM, "Key is there already"));
    CHECK(refused("'REDIS0011' 63 01'k' ff" SUM, "Key k: RDB type 99 is not known"));
    CHECK(result.failed_type == 99 && strcmp(result.failed_key, "k") == 0);
    CHECK(refused("'REDIS0011' 1c 01'k' 00 00 ff" SUM, "Key k holds a Redis array"));
    CHECK(refused("'REDIS0011' fa 10'millrace-effects' 01'x' ff" SUM, "Damaged millrace-effects"));
    CHECK(refused("'VALKEY080' f3 01'j' 01 05 04 ff" SUM, "Damaged range of slots"));
}

TEST(versions_without_a_checksum_end_with_the_records)
{
    begin();
    struct store *s = loaded_from(rdb_hex("'REDIS0004' 00 01'k' 01'v' ff"));
    CHECK(s && result.keys == 1);
    db_store_free(s);
    s = loaded_from(rdb_hex("'REDIS0016' ff" SUM)); /* newer than known: tried */
    CHECK(s && heard.warnings == 1);
    db_store_free(s);
}

TEST(what_may_be_left_out_is_told)
{
    begin();
    options.skip_unknown = true;
    /* an array, a set of nothing, metadata of a key (twice: told once), a key */
    struct store *s = loaded_from(
        rdb_hex("'REDIS0011' 1c 01'a' 00 00 02 01's' 00 f3 01 00000068 00 00 01'k' 01'v' "
                "f3 01 00000068 00 00 01'l' 01'v' ff" SUM));
    CHECK(s && result.keys == 2 && result.left_out == 1 && result.empty == 1);
    CHECK(heard.warnings == 2);
    db_store_free(s);
    /* Slots that were being imported: k's slot is 7629, "{k}x" is in the same. */
    s = loaded_from(rdb_hex("'VALKEY080' f3 01'j' 01 5dcd 5dcd 00 01'k' 01'v' 00 04'{k}x' 01'v' "
                            "00 01'a' 01'v' ff" SUM));
    CHECK(s && result.imported == 2 && result.keys == 1);
    db_store_free(s);
}

TEST(effects_and_libraries_are_applied_in_order)
{
    begin();
    struct store *s =
        loaded_from(rdb_hex("'REDIS0011' f5 04'code' fe 01 00 01'k' 01'v' fa 10'millrace-effects' "
                            "0e'*1' 0d0a '$4' 0d0a 'PING' 0d0a ff" SUM));
    CHECK(s && heard.commands == 2 && strcmp(heard.last, "1:PING:1") == 0);
    db_store_free(s);
    begin();
    heard.refuses = true;
    CHECK(!loaded_from(rdb_hex("'REDIS0011' f5 04'code' ff" SUM)));
    CHECK(STARTS(result.error, "A function library") && strcmp(heard.last, "0:FUNCTION:4") == 0);
    begin();
    options.keep_libraries = true;
    s = loaded_from(rdb_hex("'REDIS0011' f5 04'code' ff" SUM));
    CHECK(s && strcmp(heard.last, "0:FUNCTION:3") == 0); /* without REPLACE */
    db_store_free(s);
}

/* Keys that are there already give way, or are an error. */
TEST(a_store_that_is_not_empty)
{
    begin();
    struct store *s = loaded_from(rdb_hex(whole));
    struct bytes again = rdb_hex("'REDIS0011' fe 01 00 01'k' 01'x' ff" SUM);
    char text[NUM_INT_MAX];
    CHECK(!rdb_read(s, again, &options, &result));
    options.merge = true;
    CHECK(rdb_read(s, again, &options, &result));
    CHECK(bytes_is(string_view(db_find(&s->dbs[1], BYTES("k")), text), "x"));
    CHECK(s->dbs[1].keys.used == 2);
    db_store_free(s);
}

static bool stop(void *context, uint64_t bytes)
{
    (void)context;
    return bytes < 20;
}

TEST(the_caller_can_stop_it)
{
    begin();
    options.progress = stop;
    options.progress_every = 1;
    CHECK(!loaded_from(rdb_hex(whole)) && STARTS(result.error, "Loading was stopped"));
}

/* n keys of one byte, announced as so many. */
static struct bytes many_keys(struct buf *b, unsigned announced, int n)
{
    b->n = 0;
    buf_add(b, rdb_hex("'REDIS0010' fe00 fb 80"));
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_char(b, (char)(announced >> shift));
    buf_add(b, rdb_hex("00"));
    for (int i = 0; i < n; i++)
        buf_printf(b, "%c%04dv", 0, i);
    buf_add(b, rdb_hex("ff" SUM));
    return buf_bytes(b);
}

/* What a load had done at each of its turns. */
struct seen {
    struct store *store;
    size_t turns, keys, buckets, most_keys, most_buckets;
};

static struct seen seen;

static bool look(void *context, uint64_t bytes)
{
    (void)context, (void)bytes;
    const struct table *t = &seen.store->dbs[0].keys;
    size_t keys = t->used - seen.keys, buckets = t->buckets - seen.buckets;
    seen.turns++;
    seen.most_keys = keys > seen.most_keys ? keys : seen.most_keys;
    seen.most_buckets = buckets > seen.most_buckets ? buckets : seen.most_buckets;
    seen.keys = t->used;
    seen.buckets = t->buckets;
    return true;
}

/* A microsecond is over after any step. */
TEST(turns_are_taken_from_the_first_record_on)
{
    enum { KEYS = 9000, BUCKETS = 2000 };
    struct buf b = {0};
    begin();
    struct bytes data = many_keys(&b, KEYS, KEYS);
    seen = (struct seen){.store = db_store_new(1, 1)};
    options.progress = look;
    options.progress_every = UINT64_MAX;
    options.progress_us = 1;
    CHECK(rdb_read(seen.store, data, &options, &result) && result.keys == KEYS);
    CHECK(seen.store->dbs[0].keys.buckets == BUCKETS);
    CHECK(seen.turns > BUCKETS / TABLE_STEP && seen.most_buckets <= TABLE_STEP);
    CHECK(seen.most_keys < KEYS / 10);
    db_store_free(seen.store);
    buf_free(&b);
}

/* n fields that end at 1000, then one that ends at 2000 or (last == 0) never. */
static struct bytes timed_fields(struct buf *b, int n, bool last)
{
    b->n = 0;
    buf_add(b, rdb_hex("'REDIS0012' 18 01'h' e803000000000000 40"));
    buf_add_char(b, (char)(n + 1));
    for (int i = 0; i < n; i++)
        buf_printf(b, "\001\004f%03d\001v", i);
    buf_add(b, last ? rdb_hex("43 e9 01'l' 01'v'") : rdb_hex("00 01'l' 01'v'"));
    buf_add(b, rdb_hex("ff" SUM));
    return buf_bytes(b);
}

TEST(fields_that_have_passed_are_left_out)
{
    static const int counts[] = {1, 63, 64, 65, 200};
    struct buf b = {0};
    begin();
    for (int i = 0; i < 5; i++)
        for (int last = 0; last < 2; last++)
            for (int64_t now = 999; now <= 2000; now = now == 999 ? 1000 : now + 1000) {
                options.drop_expired = true;
                options.now_ms = now;
                struct store *s = loaded_from(timed_fields(&b, counts[i], last));
                CHECK(s);
                struct entry *e = db_find(&s->dbs[0], BYTES("h"));
                size_t left = (now < 1000 ? (size_t)counts[i] : 0) + (now < 2000 || !last);
                CHECK((e != NULL) == (left > 0) && result.expired == (left == 0));
                if (e)
                    CHECK(hash_count(value_object(e)) == left &&
                          value_has_field_ttl(e) == (now < 1000 || (last && now < 2000)));
                db_store_free(s);
            }
    options.drop_expired = false;
    struct store *s = loaded_from(timed_fields(&b, 65, true));
    CHECK(s && hash_count(value_object(db_find(&s->dbs[0], BYTES("h")))) == 66);
    db_store_free(s);
    buf_free(&b);
}

TEST(the_place_in_the_journal_is_told)
{
    begin();
    struct store *s =
        loaded_from(rdb_hex("'REDIS0011' fa 0b'repl-offset' 02'77' fa 07'repl-id' 28"
                            "'0123456789012345678901234567890123456789' fa 01'a' 02'88' ff" SUM));
    CHECK(s && result.journal_offset == 77 && heard.notes == 3);
    CHECK(memcmp(result.replication_id, "0123456789012345678901234567890123456789", 40) == 0);
    db_store_free(s);
    s = loaded_from(rdb_hex("'REDIS0011' fa 0b'repl-offset' 01'x' fa 07'repl-id' 01'y' ff" SUM));
    CHECK(s && result.journal_offset == 0 && result.replication_id[0] == 0);
    db_store_free(s);
}

/* KeyDB says the deadline of a member behind the key that has it. */
TEST(a_deadline_behind_the_key_is_of_the_last_key)
{
#define BEHIND "fa 13'keydb-subexpire-key' 01'f' fa 14'keydb-subexpire-when' 04'9000' "
    begin();
    struct store *s = loaded_from(rdb_hex("'REDIS0009' 04 01'a' 01 01'f' 01'v' 04 01'b' 01 01'f' "
                                          "01'v' " BEHIND "04 01'c' 01 01'f' 01'v' ff" SUM));
    CHECK(s && heard.warnings == 0);
    for (int i = 0; i < 3; i++) {
        char name = (char)('a' + i);
        struct entry *e = db_find(&s->dbs[0], bytes_of(&name, 1));
        CHECK(e && value_has_field_ttl(e) == (i == 1));
        CHECK(i != 1 || hash_next_due_ms(value_object(e)) == 9000);
    }
    db_store_free(s);
    /* Other types have no such deadlines; nor is there a key in front of it. */
    s = loaded_from(rdb_hex("'REDIS0009' " BEHIND "02 01'a' 01 01'f' " BEHIND "ff" SUM));
    CHECK(s && heard.warnings == 2 && strstr(heard.last, "member f is left out"));
    db_store_free(s);
    begin();
    options.check_only = true;
    CHECK(rdb_read(NULL, rdb_hex("'REDIS0009' 02 01'a' 01 01'f' " BEHIND "ff" SUM), &options,
                   &result));
    CHECK(heard.warnings == 0 && result.keys == 1);
}

UNIT_MAIN(T(records_have_their_meaning), T(each_cut_is_refused), T(what_is_wrong_is_named),
          T(versions_without_a_checksum_end_with_the_records), T(what_may_be_left_out_is_told),
          T(effects_and_libraries_are_applied_in_order), T(a_store_that_is_not_empty),
          T(the_caller_can_stop_it), T(turns_are_taken_from_the_first_record_on),
          T(turns_are_taken_from_the_first_record_on), T(fields_that_have_passed_are_left_out),
          T(the_place_in_the_journal_is_told), T(a_deadline_behind_the_key_is_of_the_last_key))
