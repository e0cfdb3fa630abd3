#include "base/zone.h"

#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#define FOLDER  "/tmp/zone_test"
#define LONGEST "A123456789B123456789C123456789D123456789E123456789F123456789G123"

static int64_t offset(const struct zone *z, int64_t s)
{
    return zone_at(z, s).offset;
}

/* broker K3: only names of tzdata are zones, whatever else GLib would take for one */
TEST(only_names_of_tzdata_are_zones)
{
    static const char *const good[] = {"Europe/Berlin",
                                       "UTC",
                                       "Etc/GMT+5",
                                       "EST5EDT",
                                       "Asia/Kolkata",
                                       "GMT-0",
                                       "America/Argentina/Buenos_Aires",
                                       "America/Port-au-Prince"};
    static const char *const bad[] = {
        "",         "Nowhere/X",      "Europe",    "zone.tab",   "tzdata.zi",     "FOO5",
        "+05:00",   "GMT+5",          "localtime", "../passwd",  "Europe/../UTC", "/etc/passwd",
        "/UTC",     "/Europe/Berlin", ":UTC",      "right/UTC",  "utc ",          "europe/berlin",
        "Europe//", "<+03>-3",        "-05",       "leapseconds"};
    struct zone_table *t = zone_table_new(ZONE_DIRECTORY);
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        CHECK(zone_find(t, bytes_text(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(!zone_find(t, bytes_text(bad[i])));
    CHECK(!zone_find(t, bytes_of("UTC\0", 4)));
    zone_table_free(t);
}

TEST(spans_lie_between_shifts)
{
    struct zone_table *t = zone_table_new(ZONE_DIRECTORY);
    const struct zone *berlin = zone_find(t, BYTES("Europe/Berlin"));
    int64_t shift = 1774746000; /* 29 March 2026, 01:00 UTC */
    struct zone_span x = zone_at(berlin, shift);
    CHECK(x.from == shift && x.offset == 7200 && x.before == 3600);
    CHECK(x.until == 1792890000); /* 25 October 2026, 01:00 UTC */
    x = zone_at(berlin, shift - 1);
    CHECK(x.until == shift && x.offset == 3600 && x.before == 7200);
    /* The first has no begin, the last no end. */
    CHECK(zone_at(berlin, 0).from == INT64_MIN && zone_at(berlin, 0).before == 3600);
    CHECK(offset(berlin, ZONE_UNTIL - 86400) == 3600);
    CHECK(zone_at(berlin, INT64_MAX).until == INT64_MAX);
    /* Half an hour; a day left out; beyond the last shift that the file lists. */
    const struct zone *howe = zone_find(t, BYTES("Australia/Lord_Howe"));
    CHECK(offset(howe, 1790000000) == 37800 && offset(howe, 1798000000) == 39600);
    const struct zone *apia = zone_find(t, BYTES("Pacific/Apia"));
    x = zone_at(apia, 1325239200);
    CHECK(x.from == 1325239200 && x.offset == 14 * 3600 && x.before == -10 * 3600);
    CHECK(offset(berlin, 2500000000) == 3600 && offset(berlin, 2508000000) == 7200);
    zone_table_free(t);
}

TEST(utc_needs_no_files)
{
    struct zone_table *t = zone_table_new("/nowhere");
    CHECK(zone_find(t, BYTES("UTC")) == zone_utc() && !zone_find(t, BYTES("Europe/Berlin")));
    struct zone_span x = zone_at(zone_utc(), 1774746000);
    CHECK(x.offset == 0 && x.before == 0 && x.from == INT64_MIN && x.until == INT64_MAX);
    zone_table_free(t);
}

static void copy(const char *from, const char *to)
{
    char data[8192];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(in >= 0 && out >= 0);
    ssize_t n = read(in, data, sizeof(data));
    CHECK(n > 0 && write(out, data, (size_t)n) == n);
    close(in);
    close(out);
}

static void damage(const char *path, off_t at, char byte)
{
    int fd = open(path, O_WRONLY);
    CHECK(fd >= 0 && pwrite(fd, &byte, 1, at) == 1);
    close(fd);
}

/* broker K12: new tzdata is taken up when the zone is asked for again; who has the old one keeps
 * it */
TEST(a_changed_file_is_another_zone)
{
    mkdir(FOLDER, 0755);
    copy(ZONE_DIRECTORY "/Europe/Berlin", FOLDER "/Zone");
    struct zone_table *t = zone_table_new(FOLDER);
    const struct zone *first = zone_find(t, BYTES("Zone"));
    CHECK(first && zone_find(t, BYTES("Zone")) == first && offset(first, 1774746000) == 7200);
    unlink(FOLDER "/Zone");
    copy(ZONE_DIRECTORY "/Asia/Tokyo", FOLDER "/Zone");
    const struct zone *second = zone_find(t, BYTES("Zone"));
    CHECK(second && second != first && offset(second, 1774746000) == 32400);
    CHECK(offset(first, 1774746000) == 7200);
    /* As long as a name may be, and longer. */
    copy(ZONE_DIRECTORY "/Asia/Tokyo", FOLDER "/" LONGEST);
    copy(ZONE_DIRECTORY "/Asia/Tokyo", FOLDER "/" LONGEST "4");
    CHECK(zone_find(t, BYTES(LONGEST)) && !zone_find(t, BYTES(LONGEST "4")));
    unlink(FOLDER "/" LONGEST);
    unlink(FOLDER "/" LONGEST "4");
    /* Leap seconds, another format, too short. */
    damage(FOLDER "/Zone", 31, 1);
    CHECK(!zone_find(t, BYTES("Zone")));
    damage(FOLDER "/Zone", 31, 0);
    CHECK(zone_find(t, BYTES("Zone")));
    damage(FOLDER "/Zone", 0, 'X');
    CHECK(!zone_find(t, BYTES("Zone")));
    CHECK(truncate(FOLDER "/Zone", 10) == 0 && !zone_find(t, BYTES("Zone")));
    zone_table_free(t);
    unlink(FOLDER "/Zone");
    rmdir(FOLDER);
}

UNIT_MAIN(T(only_names_of_tzdata_are_zones), T(spans_lie_between_shifts), T(utc_needs_no_files),
          T(a_changed_file_is_another_zone))
