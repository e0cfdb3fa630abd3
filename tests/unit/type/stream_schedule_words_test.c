#include "type/stream/stream_schedule_words.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

#define WORDS      40
#define MOST       "253402300799999"
#define LIMIT_MOST "9223372036854775807"
#define LONG_NAME  "A123456789B123456789C123456789D123456789E123456789F123456789G1234"

static int split(char *line, struct bytes *words)
{
    int n = 0;
    for (char *w = strtok(line, " "); w; w = strtok(NULL, " ")) {
        for (char *p = w; *p; p++)
            *p = *p == '_' ? ' ' : *p;
        words[n++] = bytes_text(strcmp(w, "\"\"") == 0 ? "" : w);
    }
    return n;
}

static bool reads(struct zone_table *zones, const char *line, struct stream_schedule_rules *out)
{
    static char text[400];
    static struct bytes words[WORDS];
    snprintf(text, sizeof(text), "%s", line);
    return stream_schedule_words_read(words, split(text, words), zones, out);
}

/* Reads the line, and prints the same again. */
static bool comes_back(struct zone_table *zones, const char *line)
{
    struct stream_schedule_rules r;
    struct stream_schedule_words w;
    struct bytes words[WORDS];
    struct buf said = {0};
    if (!reads(zones, line, &r))
        return false;
    int n = stream_schedule_words_print(&r, r.limit, &w, words);
    for (int i = 0; i < n; i++) {
        if (i)
            buf_add_char(&said, ' ');
        for (size_t k = 0; k < words[i].n; k++)
            buf_add_char(&said, words[i].p[k] == ' ' ? '_' : words[i].p[k]);
        if (!words[i].n)
            buf_add_text(&said, "\"\"");
    }
    bool same = bytes_equal(buf_bytes(&said), bytes_text(line));
    if (!same)
        printf("# <%.*s>\n", (int)said.n, said.p);
    buf_free(&said);
    return same;
}

/* broker K11: all that a schedule is told, written out. */
TEST(rules_are_told_and_read)
{
    static const char *const lines[] = {
        "CRON 30_2_*_*_* TZ Europe/Berlin START 1774656000000 CATCHUP ONE FIELDS task report",
        "CRON @daily TZ UTC START 5 CATCHUP NONE UNTIL 6 LIMIT 7 FIELDS f \"\" \"\" v",
        "EVERY 100 START -31536000000 CATCHUP ALL LIMIT 1 FIELDS a b",
        "EVERY 31536000000 START " MOST " CATCHUP ONE UNTIL " MOST " LIMIT " LIMIT_MOST
        " FIELDS a b",
        "CRON @daily TZ Land/Of_Nowhere START 5 CATCHUP NONE FIELDS f v"};
    struct zone_table *zones = zone_table_new(ZONE_DIRECTORY);
    struct stream_schedule_rules r;
    /* '_' stands for a blank. */
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        CHECK(comes_back(zones, lines[i]));
    CHECK(reads(zones, lines[0], &r) && r.in == zone_find(zones, BYTES("Europe/Berlin")));
    CHECK(r.fields.hours == 4 && r.start_ms == 1774656000000 && r.catchup == STREAM_CATCHUP_ONE);
    CHECK(r.limit == -1 && r.until_ms == 0 && r.every_ms == 0 && r.pairs_n == 2);
    CHECK(reads(zones, lines[4], &r) && !r.in && r.cron.n);
    CHECK(reads(zones, lines[2], &r) && r.every_ms == 100 && !r.cron.n && !r.zone.n);
    zone_table_free(zones);
}

TEST(other_words_are_refused)
{
    static const char *const bad[] = {
        "",
        "CRON",
        "CRON @daily START 5 CATCHUP NONE FIELDS f v",
        "CRON @dayly TZ UTC START 5 CATCHUP NONE FIELDS f v",
        "CRON @daily TZ",
        "CRON @daily TZ " LONG_NAME " START 5 CATCHUP NONE FIELDS f v",
        "EVERY 99 START 5 CATCHUP NONE FIELDS f v",
        "EVERY 31536000001 START 5 CATCHUP NONE FIELDS f v",
        "EVERY 100 CATCHUP NONE FIELDS f v",
        "EVERY 100 START -31536000001 CATCHUP NONE FIELDS f v",
        "EVERY 100 START 253402300800000 CATCHUP NONE FIELDS f v",
        "EVERY 100 START 5 FIELDS f v",
        "EVERY 100 START 5 CATCHUP",
        "EVERY 100 START 5 CATCHUP SOME FIELDS f v",
        "EVERY 100 START 5 CATCHUP ONE UNTIL 0 FIELDS f v",
        "EVERY 100 START 5 CATCHUP ONE UNTIL 253402300800000 FIELDS f v",
        "EVERY 100 START 5 CATCHUP ONE LIMIT 0 FIELDS f v",
        "EVERY 100 START 5 CATCHUP ONE LIMIT x FIELDS f v",
        "EVERY 100 START 5 CATCHUP ONE LIMIT 5 UNTIL 9 FIELDS f v",
        "EVERY 100 START 5 CATCHUP ONE",
        "EVERY 100 START 5 CATCHUP ONE FIELDS",
        "EVERY 100 START 5 CATCHUP ONE FIELDS f",
        "EVERY 100 START 5 CATCHUP ONE FIELDS f v f",
        "EVERY 100 START 5 CATCHUP ONE JITTER 5 FIELDS f v"};
    struct zone_table *zones = zone_table_new(ZONE_DIRECTORY);
    struct stream_schedule_rules r;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        bool taken = reads(zones, bad[i], &r);
        if (taken)
            printf("# %s\n", bad[i]);
        CHECK(!taken);
    }
    zone_table_free(zones);
}

UNIT_MAIN(T(rules_are_told_and_read), T(other_words_are_refused))
