/* A zone is an array of spans: begin and offset. GLib tells which of its intervals contains a time,
 * but not where that ends, so ends are found by bisection, once, when the zone is read.
 *
 * GLib accepts too much as a zone: POSIX rules ("FOO5"), offsets, any file, the machine's own zone.
 * So a name is checked here: letters, digits and _ + - / in a path below the directory that leads
 * to a file of the right format, without leap seconds (right/...). GLib then gets the full path,
 * which it cannot interpret otherwise.
 *
 * GLib 2.74 misreads one zone, Ireland's beyond 2037 (whose rule has negative daylight saving time
 * in winter).
 *
 * A changed file (after an update of tzdata) becomes a new zone; holders of the old one keep it. */
#include "base/zone.h"

#include "base/mem.h"

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 512
#define DAY       86400
#define STEP      (32 * (int64_t)DAY) /* first step of the search for a shift; doubles each time */

struct span {
    int64_t from, offset;
};

struct zone {
    size_t n;
    struct span spans[];
};

/* Identifies a version of a file. */
struct version {
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct known {
    char name[ZONE_NAME_MOST + 1];
    struct version version;
    struct zone *zone;
    struct known *next;
};

struct zone_table {
    char *directory;
    struct known *known;
};

struct zone_table *zone_table_new(const char *directory)
{
    struct zone_table *t = mem_zalloc(sizeof(*t));
    t->directory = mem_copy_text(directory, strlen(directory));
    return t;
}

void zone_table_free(struct zone_table *t)
{
    for (struct known *k; (k = t->known);) {
        t->known = k->next;
        mem_free(k->zone);
        mem_free(k);
    }
    mem_free(t->directory);
    mem_free(t);
}

/* ---- Spans */

static int64_t offset_at(GTimeZone *z, int64_t s)
{
    return g_time_zone_get_offset(z, g_time_zone_find_interval(z, G_TIME_TYPE_UNIVERSAL, s));
}

/* The first time after s, up to ZONE_UNTIL, that is in another interval. */
static int64_t next_shift(GTimeZone *z, int64_t s)
{
    int here = g_time_zone_find_interval(z, G_TIME_TYPE_UNIVERSAL, s);
    int64_t low = s, high = s;
    for (int64_t step = STEP; high < ZONE_UNTIL; step *= 2) {
        high = high + step < ZONE_UNTIL ? high + step : ZONE_UNTIL;
        if (g_time_zone_find_interval(z, G_TIME_TYPE_UNIVERSAL, high) != here)
            break;
        low = high;
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (g_time_zone_find_interval(z, G_TIME_TYPE_UNIVERSAL, middle) != here)
            high = middle;
        else
            low = middle;
    }
    return high;
}

static struct zone *add(struct zone *z, struct span span)
{
    if ((z->n & (z->n - 1)) == 0)
        z = mem_realloc(z, sizeof(*z) + 2 * (z->n + 1) * sizeof(*z->spans));
    z->spans[z->n++] = span;
    return z;
}

static struct zone *spans_of(GTimeZone *from)
{
    struct zone *z = mem_zalloc(sizeof(*z));
    z = add(z, (struct span){INT64_MIN, offset_at(from, 0)});
    for (int64_t s = next_shift(from, 0); s < ZONE_UNTIL; s = next_shift(from, s)) {
        int64_t offset = offset_at(from, s);
        if (offset != z->spans[z->n - 1].offset)
            z = add(z, (struct span){s, offset});
    }
    return z;
}

const struct zone *zone_utc(void)
{
    static const struct zone utc = {1, {{INT64_MIN, 0}}};
    return &utc;
}

struct zone_span zone_at(const struct zone *z, int64_t s)
{
    size_t low = 0, high = z->n;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (z->spans[middle].from <= s)
            low = middle;
        else
            high = middle;
    }
    const struct span *x = &z->spans[low];
    return (struct zone_span){.from = x->from,
                              .until = high < z->n ? z->spans[high].from : INT64_MAX,
                              .offset = x->offset,
                              .before = low ? x[-1].offset : x->offset};
}

/* ---- Names and files */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Excludes "localtime", the machine's own zone, which is not part of tzdata. */
static bool is_name(struct bytes name)
{
    if (name.n == 0 || name.n > ZONE_NAME_MOST || !is_letter(name.p[0]))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && !(c && strchr("_+-/", c)))
            return false;
    }
    return !bytes_equal(name, BYTES("localtime"));
}

/* Whether it is a usable file of tzdata: begins with "TZif", and has no leap seconds (count at byte
 * 28), with which its times would not be Unix time. */
static bool check_file(const char *path, struct version *version)
{
    char head[32];
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool good = fstat(fd, &s) == 0 && S_ISREG(s.st_mode) &&
                read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
                memcmp(head, "TZif", 4) == 0 && memcmp(head + 28, "\0\0\0\0", 4) == 0;
    close(fd);
    if (good)
        *version = (struct version){s.st_ino, s.st_size, s.st_mtim};
    return good;
}

static bool is_same(const struct version *a, const struct version *b)
{
    return a->inode == b->inode && a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

static struct zone *load(const char *path)
{
    GTimeZone *z = g_time_zone_new_identifier(path);
    if (!z)
        return NULL;
    struct zone *out = spans_of(z);
    g_time_zone_unref(z); /* the last reference: GLib will read the file again next time */
    return out;
}

const struct zone *zone_find(struct zone_table *t, struct bytes name)
{
    char path[PATH_ROOM];
    struct version version;
    if (bytes_equal(name, BYTES("UTC")))
        return zone_utc();
    if (!is_name(name))
        return NULL;
    int n = snprintf(path, sizeof(path), "%s/%.*s", t->directory, (int)name.n, name.p);
    if (n < 0 || n >= (int)sizeof(path) || !check_file(path, &version))
        return NULL;
    for (const struct known *k = t->known; k; k = k->next)
        if (bytes_equal(bytes_text(k->name), name) && is_same(&k->version, &version))
            return k->zone;
    struct zone *z = load(path);
    if (!z)
        return NULL;
    struct known *k = mem_zalloc(sizeof(*k));
    *k = (struct known){.version = version, .zone = z, .next = t->known};
    memcpy(k->name, name.p, name.n);
    t->known = k;
    return z;
}
