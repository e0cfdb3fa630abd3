#include "survey/rows.h"

#include "base/rng.h"
#include "survey.h"

/* The keys of a page, as text: "total: k k k". */
static void keys_are(struct client *c, const char *line, const char *want)
{
    struct buf text = survey_answer(c, line), got = {0};
    int skip = 0;
    sscanf(text.p, "[%*d %n", &skip);
    buf_printf(&got, "%d:", atoi(text.p + skip));
    for (const char *p = text.p; (p = strstr(p, " key "));) {
        p += 5;
        buf_printf(&got, " %.*s", (int)strcspn(p, " ]"), p);
    }
    buf_add_char(&got, '\0');
    if (strcmp(got.p, want) != 0)
        printf("# %s: wanted <%s>, got <%s> of %s\n", line, want, got.p, text.p);
    CHECK(strcmp(got.p, want) == 0);
    buf_free(&text);
    buf_free(&got);
}

static void fill(struct client *c)
{
    bench_says(c, "XADD a 1-1 f v");
    bench_says(c, "XADD b 2-1 f v");
    bench_says(c, "XADD b 3-1 f v");
    bench_says(c, "XADD ab 9-1 f v");
    bench_says(c, "XADD ab 9-2 f v");
    bench_says(c, "SELECT 1");
    bench_says(c, "XADD a 7-1 f v");
    bench_says(c, "SELECT 0");
    bench_says(c, "XGROUP CREATE b g 0");
    bench_says(c, "XGROUP CREATE b h 2-1");
    bench_says(c, "XGROUP CREATE a g 0");
    HEARS(c, "*");
}

/* Console, section 5: filters, orders, pages. */
TEST(pages_come_in_the_order_of_value_database_key_and_group)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    fill(c);
    survey_bench_passes(b, 1);
    keys_are(c, "SURVEY STREAMS", "4: a a ab b"); /* by key */
    keys_are(c, "SURVEY STREAMS BY length", "4: a a ab b");
    keys_are(c, "SURVEY STREAMS ONLY no-readers", "2: a b");
    keys_are(c, "SURVEY STREAMS ONLY ready,no-readers MATCH b", "1: b");
    keys_are(c, "SURVEY STREAMS ONLY ready,paused", "0:");
    keys_are(c, "SURVEY GROUPS ONLY ready", "3: a b b");
    keys_are(c, "SURVEY STREAMS ONLY capturing", "0:");
    SAYS(c, "XCAPTURE ADD b news.*", "1");
    survey_bench_passes(b, 1);
    keys_are(c, "SURVEY STREAMS ONLY capturing", "1: b");
    CHECK(survey_shows(c, "SURVEY STREAMS ONLY ready,", "unknown condition 'ready,'"));
    CHECK(survey_shows(c, "SURVEY DEAD ONLY ready", "unknown condition 'ready'"));
    survey_bench_end(b);
}

TEST(each_option_does_what_it_says)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    fill(c);
    survey_bench_passes(b, 1);
    keys_are(c, "SURVEY STREAMS DB 0", "3: a ab b");
    keys_are(c, "SURVEY STREAMS DB 0 DESC", "3: b ab a");
    keys_are(c, "SURVEY STREAMS MATCH a*", "3: a a ab");
    keys_are(c, "SURVEY STREAMS BY length DESC COUNT 2", "4: ab b");
    keys_are(c, "SURVEY STREAMS BY length DESC AFTER 2 0 ab COUNT 2", "4: b a");
    keys_are(c, "SURVEY STREAMS AFTER 2 0 b BY length DESC", "4: a a");
    keys_are(c, "SURVEY STREAMS BY last AFTER 7-1 1 a", "4: ab");
    keys_are(c, "SURVEY STREAMS BY added-rate AFTER inf 0 a", "4:");
    keys_are(c, "SURVEY STREAMS BY length AFTER -9223372036854775808 -1 x", "4: a a ab b");
    keys_are(c, "SURVEY GROUPS DB 0 AFTER b 0 b g", "3: b");
    keys_are(c, "SURVEY GROUPS BY ready DESC", "3: b a b");
    keys_are(c, "SURVEY DEAD", "0:");
    SAYS(c, "SURVEY STREAMS BY flags", "!ERR unknown column 'flags'");
    SAYS(c, "SURVEY GROUPS BY group", "!ERR unknown column 'group'");
    SAYS(c, "SURVEY DEAD BY length", "!ERR unknown column 'length'");
    SAYS(c, "SURVEY STREAMS BY", "!ERR syntax error");
    SAYS(c, "SURVEY STREAMS COUNT 0", "!ERR COUNT must be between 1 and 1000");
    SAYS(c, "SURVEY STREAMS COUNT 1001", "!ERR COUNT must be between 1 and 1000");
    SAYS(c, "SURVEY STREAMS DB 99", "!ERR DB index is out of range");
    SAYS(c, "SURVEY STREAMS AFTER 1 0", "!ERR syntax error");
    SAYS(c, "SURVEY GROUPS AFTER 1 0 k", "!ERR syntax error");
    SAYS(c, "SURVEY STREAMS BY length AFTER x 0 k", "!ERR AFTER: 'x' is no value of the column");
    SAYS(c, "SURVEY STREAMS BY length AFTER 99999999999999999999 0 k",
         "!ERR AFTER: '99999999999999999999' is no value of the column");
    SAYS(c, "SURVEY STREAMS BY added-rate AFTER nan 0 k",
         "!ERR AFTER: 'nan' is no value of the column");
    SAYS(c, "SURVEY STREAMS BY last AFTER 1-1-1 0 k",
         "!ERR AFTER: '1-1-1' is no value of the column");
    SAYS(c, "SURVEY STREAMS AFTER k x k", "!ERR value is not an integer or out of range");
    SAYS(c, "SURVEY STREAMS NOW", "!ERR syntax error");
    survey_bench_end(b);
}

/* Console, rights: rows of keys that the user may not read are neither shown nor counted, nor are
 * they told as sources of letters. */
TEST(a_user_sees_the_rows_of_keys_that_he_may_read)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct client *u = bench_client(b);
    fill(c);
    bench_says(c, "XPOLICY SET q1 g MKSTREAM JOBS DEADLETTER ad");
    bench_says(c, "XPOLICY SET a1 g MKSTREAM JOBS DEADLETTER ad");
    bench_says(c, "XADD ad 1-1 dl-reason maxdeliver");
    bench_says(c, "ACL SETUSER half on >p resetkeys ~a* &* +@all");
    bench_says(c, "ACL SETUSER parts on >p resetkeys -@all (~a1 +survey) (~a* +xadd +get)");
    bench_says(c, "ACL SETUSER writer on >p resetkeys %W~a* %R~b* &* +@all");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    keys_are(c, "SURVEY DEAD", "1: ad");
    CHECK(survey_tells(c, "SURVEY DEAD", " 1 [[db 0 key ad letters 1 bytes 19 oldest 1",
                       "999 sources [[a1 g] [q1 g]] sources-left 0]]]"));
    SAYS(u, "AUTH half p", "OK");
    keys_are(u, "SURVEY STREAMS", "5: a a a1 ab ad");
    keys_are(u, "SURVEY STREAMS AFTER b 0 b", "5:");
    keys_are(u, "SURVEY GROUPS", "2: a a1");
    CHECK(survey_tells(u, "SURVEY DEAD", " 1 [[db 0 key ad letters 1 bytes 19 oldest 1",
                       "999 sources [[a1 g]] sources-left 0]]]"));
    SAYS(u, "AUTH parts p", "OK"); /* of a, a1, ab and ad only one by SURVEY */
    keys_are(u, "SURVEY STREAMS", "1: a1");
    keys_are(u, "SURVEY GROUPS", "1: a1");
    SAYS(u, "SURVEY HISTORY minutes KEY a length", "!NOPERM*");
    SAYS(u, "AUTH writer p", "OK");
    keys_are(u, "SURVEY STREAMS", "1: b");
    SAYS(u, "MULTI", "OK");
    SAYS(u, "SURVEY STREAMS", "!ERR Command not allowed inside a transaction");
    SAYS(u, "DISCARD", "*");
    survey_bench_end(b);
}

#define STREAMS 500 /* and more */

/* The word behind the name of a column, from p on. */
static void column(const char *p, const char *name, char out[64])
{
    char between[80];
    snprintf(between, sizeof(between), " %s ", name);
    p = strstr(p, between) + strlen(between);
    snprintf(out, 64, "%.*s", (int)strcspn(p, " ]"), p);
}

/* Adds "db key value;" for each row; the last row's are left in them. Returns how many rows. */
static unsigned rows_of(const char *p, const char *by, struct buf *out, char db[64], char key[64],
                        char value[64])
{
    unsigned n = 0;
    for (; (p = strstr(p, "[db ")); p += 4, n++) {
        snprintf(db, 64, "%d", atoi(p + 4));
        column(p, "key", key);
        if (strcmp(by, "db") == 0)
            snprintf(value, 64, "%s", db);
        else
            column(p, by, value);
        buf_printf(out, "%s %s %s;", db, key, value);
    }
    return n;
}

static bool ascends(const char *p, bool down)
{
    double before = 0, v;
    char key[64], db[64], value[64];
    for (bool any = false; *p; any = true, before = v, p = strchr(p, ';') + 1) {
        if (sscanf(p, "%63s %63s %63[^;]", db, key, value) != 3)
            return false;
        v = strtod(value, NULL);
        if (any && (down ? v > before : v < before))
            return false;
    }
    return true;
}

/* All rows by pages of any size are those of one page, in the same order. */
static void walk(struct client *c, const char *by, bool down, struct rng *rng)
{
    char line[400], db[64], key[64], value[64];
    struct buf whole = {0}, parts = {0};
    snprintf(line, sizeof(line), "SURVEY STREAMS BY %s %s COUNT 1000", by, down ? "DESC" : "ASC");
    struct buf text = survey_answer(c, line);
    CHECK(rows_of(text.p, by, &whole, db, key, value) > STREAMS);
    buf_free(&text);
    line[0] = '\0';
    for (unsigned n, count;; buf_free(&text)) {
        char from[250] = "";
        count = 1 + (unsigned)rng_below(rng, 150);
        if (parts.n)
            snprintf(from, sizeof(from), "AFTER %s %s %s", value, db, key);
        snprintf(line, sizeof(line), "SURVEY STREAMS BY %s %s COUNT %u %s", by,
                 down ? "DESC" : "ASC", count, from);
        text = survey_answer(c, line);
        n = rows_of(text.p, by, &parts, db, key, value);
        if (n < count)
            break;
    }
    buf_free(&text);
    CHECK(bytes_equal(buf_bytes(&whole), buf_bytes(&parts)));
    buf_add_char(&whole, '\0');
    CHECK(strcmp(by, "key") == 0 || ascends(whole.p, down));
    buf_free(&whole);
    buf_free(&parts);
}

TEST(pages_together_are_all_rows_in_order)
{
    static const char *const orders[] = {"key", "length", "last", "added-rate", "db"};
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct rng rng;
    char line[100];
    rng_seed(&rng, 7);
    for (unsigned i = 0; i < 2 * STREAMS; i++) {
        snprintf(line, sizeof(line), "SELECT %u", (unsigned)rng_below(&rng, 3));
        bench_says(c, line);
        for (unsigned n = 0; n <= (unsigned)rng_below(&rng, 5); n++) {
            snprintf(line, sizeof(line), "XADD %x %u-%u f v", i / 2 * 2654435761u, i, n + 1);
            bench_says(c, line);
        }
    }
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    survey_bench_passes(b, 1);
    for (unsigned o = 0; o < 5; o++) {
        walk(c, orders[o], false, &rng);
        walk(c, orders[o], true, &rng);
    }
    survey_bench_end(b);
}

/* Those who wait with MATCH are readers of each stream that matches. */
TEST(readers_of_many_streams_are_counted)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct client *w = bench_client(b);
    SAYS(c, "XPOLICY SET jobs:1 g MKSTREAM", "OK");
    SAYS(c, "XPOLICY SET other g MKSTREAM", "OK");
    bench_says(w, "XREADGROUP GROUP g w COUNT 1 BLOCK 0 MATCH jobs:*");
    survey_bench_passes(b, 1);
    CHECK(survey_shows(c, "SURVEY GROUPS MATCH jobs:1", " waiting 1 "));
    CHECK(survey_shows(c, "SURVEY GROUPS MATCH other", " waiting 0 "));
    survey_bench_end(b);
}

/* ---- Pages in parts */

#define PART_KEYS 400

/* Something happens to some streams, and time passes for the survey. */
static void disturb(struct bench *b, struct client *c, struct rng *rng)
{
    for (int i = 0; i < 3; i++) {
        unsigned k = (unsigned)rng_below(rng, PART_KEYS), to = (unsigned)rng_below(rng, PART_KEYS);
        char line[100];
        switch (rng_below(rng, 4)) {
        case 0:
            snprintf(line, sizeof(line), "DEL k%u", k);
            break;
        case 1:
            snprintf(line, sizeof(line), "RENAME k%u k%u", k, to);
            break;
        case 2:
            snprintf(line, sizeof(line), "XGROUP CREATE k%u g%u 0 MKSTREAM", k, to % 3);
            break;
        default:
            snprintf(line, sizeof(line), "XADD k%u * f v", k);
        }
        bench_says(c, line);
    }
    survey_look(b->engine.survey);
    survey_bench_turn(b, 1000);
    broker_forget_replies(c);
}

/* What is in the chain, as text; freed by the caller. */
static struct buf text_of(struct chain *out)
{
    struct buf raw = {0}, text = {0};
    struct iovec piece;
    while (chain_pieces(out, &piece, 1, chain_end(out))) {
        buf_add(&raw, bytes_of(piece.iov_base, piece.iov_len));
        chain_take(out, piece.iov_len);
    }
    buf_add_char(&raw, '\0');
    broker_text(raw.p, &text);
    buf_add_char(&text, '\0');
    buf_free(&raw);
    chain_free(out);
    return text;
}

/* A page whose walk and reply take many parts, between which passes free records and use them for
 * others. What it shows is in order, and as much as was asked for. */
static void take_in_parts(struct bench *b, struct client *c, enum columns_kind kind, const char *by,
                          bool down, struct rng *rng)
{
    struct rows_query q = {.kind = kind, .db = -1, .count = 50, .descending = down};
    struct chain out = {0};
    struct reply r = {.out = &out, .resp = 2};
    struct buf rows = {0};
    char db[64], key[64], value[64];
    unsigned parts = 0;
    CHECK(columns_find(kind, bytes_text(by), &q.by));
    struct rows_page *p = rows_begin(b->engine.survey, &q);
    do
        disturb(b, c, rng);
    while (++parts && rows_gather(p, NULL, 0));
    CHECK(parts > 6);
    for (parts = 1; rows_reply(p, &r, 0); parts++)
        disturb(b, c, rng);
    CHECK(parts == 50);
    rows_end(p);
    struct buf text = text_of(&out);
    CHECK(rows_of(text.p, by, &rows, db, key, value) == 50);
    buf_add_char(&rows, '\0');
    CHECK(ascends(rows.p, down));
    buf_free(&text);
    buf_free(&rows);
}

TEST(a_page_in_parts_shows_what_each_row_said_when_it_was_met)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct rng rng;
    rng_seed(&rng, 11);
    for (unsigned i = 0; i < PART_KEYS; i++)
        disturb(b, c, &rng);
    survey_bench_passes(b, 1);
    take_in_parts(b, c, COLUMNS_STREAMS, "length", true, &rng);
    take_in_parts(b, c, COLUMNS_STREAMS, "added", false, &rng);
    take_in_parts(b, c, COLUMNS_GROUPS, "unread", true, &rng);
    take_in_parts(b, c, COLUMNS_GROUPS, "unread", false, &rng);
    survey_bench_end(b);
}

/* A page is dropped with what it holds; what its request pointed to may be gone by then. */
TEST(a_page_of_letters_finds_where_they_come_from_in_parts)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct chain out = {0};
    struct reply r = {.out = &out, .resp = 2};
    char line[100], match[] = "dlq*", after[] = "dlq";
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof(line), "XPOLICY SET q%02d g MKSTREAM JOBS DEADLETTER dlq%d", 39 - i,
                 i % 2);
        bench_says(c, line);
    }
    bench_says(c, "XADD dlq0 1-1 dl-reason x");
    bench_says(c, "XADD dlq1 1-1 dl-reason x");
    broker_forget_replies(c);
    survey_bench_passes(b, 1);
    struct bytes pattern = bytes_text(match);
    struct rows_place place = {.key = bytes_text(after), .group = bytes_of(NULL, 0)};
    struct rows_query q = {.kind = COLUMNS_DEAD,
                           .db = -1,
                           .count = 50,
                           .sources = 3,
                           .match = &pattern,
                           .after = &place};
    columns_find(COLUMNS_DEAD, BYTES("key"), &q.by);
    columns_parse_value(COLUMNS_DEAD, q.by, bytes_text(after), &place.value);
    struct rows_page *p = rows_begin(b->engine.survey, &q), *dropped;
    dropped = rows_begin(b->engine.survey, &q);
    rows_gather(dropped, NULL, 0);
    memset(match, 'x', sizeof(match));
    memset(after, 'x', sizeof(after));
    memset(&place, 0, sizeof(place));
    int parts = 0;
    while (rows_gather(p, NULL, 0))
        parts++;
    CHECK(parts >= 40 / 16);
    CHECK(!rows_reply(p, &r, 1000000));
    rows_end(p);
    rows_end(dropped);
    struct buf text = text_of(&out);
    CHECK(strstr(text.p, "sources [[q01 g] [q03 g] [q05 g]] sources-left 17"));
    CHECK(strstr(text.p, "sources [[q00 g] [q02 g] [q04 g]] sources-left 17"));
    buf_free(&text);
    survey_bench_end(b);
}

UNIT_MAIN(T(pages_come_in_the_order_of_value_database_key_and_group),
          T(each_option_does_what_it_says), T(a_user_sees_the_rows_of_keys_that_he_may_read),
          T(pages_together_are_all_rows_in_order), T(readers_of_many_streams_are_counted),
          T(a_page_in_parts_shows_what_each_row_said_when_it_was_met),
          T(a_page_of_letters_finds_where_they_come_from_in_parts))
