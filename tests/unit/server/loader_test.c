/* Files that one world has written are found by the next one. */
#include "server/loader.h"
#include "unit.h"
#include "world.h"

#include "base/crc.h"
#include "base/log.h"

#include <fcntl.h>

struct test {
    struct world *w;
    struct loader *l;
    struct client *c;
    int served;  /* how often serve() was called */
    bool loaded; /* ENGINE_LOADING, each time */
    bool stops;  /* serve() says so */
};

static char kept[64]; /* the directory with the files */

static bool serve(void *context)
{
    struct test *t = context;
    t->served++;
    t->loaded = t->loaded && (t->w->engine->slow_path & ENGINE_LOADING);
    return !t->stops;
}

static bool run(const char *command)
{
    char text[256];
    snprintf(text, sizeof(text), command, kept);
    return system(text) == 0;
}

/* The first world: it writes. */
static bool begin_files(struct test *t, bool appendonly)
{
    log_set_level(LOG_WARNING + 1);
    crc_init();
    snprintf(kept, sizeof(kept), "/tmp/millrace-loader-XXXXXX");
    *t = (struct test){.w = mkdtemp(kept) ? world_begin(appendonly) : NULL};
    if (!t->w)
        return false;
    if (!appendonly)
        bench_journal(t->w->b); /* so that there is a place in the stream */
    t->c = bench_client(t->w->b);
    return true;
}

static bool writes(struct test *t, const char *line)
{
    world_turn(t->w, t->c, line, 1);
    return bench_heard(t->c, "+OK|");
}

static bool keep_files(struct test *t)
{
    world_settles(t->w);
    bool good = run("cp -r . %s");
    world_end(t->w);
    return good;
}

/* The worlds that read them. */
static bool begin(struct test *t, bool appendonly)
{
    *t = (struct test){.w = world_begin(false), .loaded = true};
    if (!t->w || !run("cp -r %s/. ."))
        return false;
    t->w->b->settings->appendonly = appendonly;
    t->w->b->settings->loading_process_events_interval_bytes = 1;
    t->l = loader_new(t->w->engine, t->w->aof, serve, t);
    t->c = bench_client(t->w->b);
    return true;
}

static bool holds(struct test *t, const char *key, const char *want)
{
    char line[64];
    snprintf(line, sizeof(line), "GET %s", key);
    bench_says(t->c, line);
    return bench_heard(t->c, want);
}

static bool is_loading(const struct test *t)
{
    return t->w->engine->slow_path & ENGINE_LOADING;
}

static void end(struct test *t)
{
    loader_free(t->l);
    world_end(t->w);
}

static void end_files(void)
{
    if (!run("rm -rf %s"))
        printf("# %s stays\n", kept);
}

/* A byte of the file becomes another one. */
static bool damage(const char *file, off_t at)
{
    char c = 0;
    int fd = open(file, O_RDWR);
    bool good = fd >= 0 && pread(fd, &c, 1, at) == 1;
    c = (char)(c ^ 1);
    good = good && pwrite(fd, &c, 1, at) == 1;
    close(fd);
    return good;
}

static bool append(const char *file, const char *text)
{
    FILE *f = fopen(file, "a");
    return f && fputs(text, f) >= 0 && fclose(f) == 0;
}

TEST(where_there_is_nothing_nothing_is_loaded)
{
    struct test t;
    CHECK(begin_files(&t, false) && keep_files(&t));
    for (int appendonly = 0; appendonly < 2; appendonly++) {
        CHECK(begin(&t, appendonly) && loader_start(t.l));
        CHECK(!loader_stream_end(t.l)->found && loader_figures(t.l)->total == 0);
        CHECK(!is_loading(&t));
        end(&t);
    }
    end_files();
}

TEST(a_snapshot_is_loaded_with_its_place_in_the_stream)
{
    struct test t;
    CHECK(begin_files(&t, false) && writes(&t, "SET a 1") && writes(&t, "SET b 2"));
    CHECK(snapshot_write(t.w->snapshot, "dump.rdb", SNAPSHOT_DUMP) == 0 && keep_files(&t));
    CHECK(begin(&t, false) && loader_start(t.l));
    CHECK(holds(&t, "a", "$1|1|") && holds(&t, "b", "$1|2|"));
    CHECK(loader_figures(t.l)->keys == 2 && loader_figures(t.l)->generation > 0);
    CHECK(loader_stream_end(t.l)->found);
    /* Clients are served meanwhile, and know that it loads. */
    CHECK(t.served > 0 && t.loaded && !is_loading(&t));
    end(&t);
    end_files();
}

TEST(a_snapshot_that_is_damaged_or_not_wanted_any_more_ends_the_start)
{
    struct test t;
    CHECK(begin_files(&t, false) && writes(&t, "SET a 1"));
    CHECK(snapshot_write(t.w->snapshot, "dump.rdb", SNAPSHOT_DUMP) == 0 && keep_files(&t));
    CHECK(begin(&t, false));
    CHECK(damage("dump.rdb", file_size_of("dump.rdb") - 12));
    CHECK(!loader_start(t.l) && !is_loading(&t));
    end(&t);
    CHECK(begin(&t, false));
    t.stops = true; /* a shutdown */
    CHECK(!loader_start(t.l) && t.served == 1 && !is_loading(&t));
    end(&t);
    end_files();
}

static const char *increment(const struct test *t)
{
    static char path[256];
    const struct manifest *m = aof_manifest(t->w->aof);
    for (size_t i = 0; i < m->n; i++)
        if (m->files[i].type == MANIFEST_INCREMENT)
            snprintf(path, sizeof(path), "appendonlydir/%s", m->files[i].name);
    return path;
}

TEST(an_append_only_file_is_loaded_up_to_its_end)
{
    struct test t;
    char path[256];
    CHECK(begin_files(&t, true) && writes(&t, "SET a first") && writes(&t, "SET b second"));
    uint64_t offset = t.w->engine->journal->offset;
    snprintf(path, sizeof(path), "%s", increment(&t));
    CHECK(keep_files(&t));
    int64_t size;
    CHECK(begin(&t, true) && loader_start(t.l));
    CHECK(holds(&t, "a", "$5|first|") && holds(&t, "b", "$6|second|"));
    CHECK(loader_stream_end(t.l)->found && t.w->engine->journal->offset == offset);
    CHECK(loader_figures(t.l)->cut_bytes == 0);
    end(&t);
    /* What a crash leaves is cut off, or ends the start. */
    CHECK(begin(&t, true));
    size = file_size_of(path);
    CHECK(append(path, "*3\r") && loader_start(t.l));
    CHECK(loader_figures(t.l)->cut_bytes == 3 && file_size_of(path) == size);
    CHECK(holds(&t, "b", "$6|second|"));
    end(&t);
    CHECK(begin(&t, true));
    t.w->b->settings->aof_load_truncated = false;
    CHECK(append(path, "*3\r") && !loader_start(t.l) && file_size_of(path) == size + 3);
    end(&t);
    /* What was synced is not cut. */
    CHECK(begin(&t, true));
    struct bytes map;
    CHECK(file_map(path, &map) == 0);
    const char *first = memmem(map.p, map.n, "first", 5);
    off_t at = first ? first - map.p : -1;
    file_unmap(map);
    CHECK(damage(path, at) && !loader_start(t.l) && file_size_of(path) == size);
    end(&t);
    end_files();
}

/* As Redis before 7.0 wrote it, in `dir`. */
static bool old_file(struct test *t, const char *text)
{
    return begin(t, true) && append("appendonly.aof", text);
}

#define SET_A "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"

TEST(an_old_file_becomes_the_base)
{
    struct test t;
    CHECK(begin_files(&t, false) && keep_files(&t));
    CHECK(old_file(&t, SET_A) && loader_start(t.l) && holds(&t, "a", "$1|1|"));
    CHECK(!file_exists("appendonly.aof") && manifest_base(aof_manifest(t.w->aof)));
    CHECK(!loader_stream_end(t.l)->found); /* nobody has counted it */
    end(&t);
    end_files();
}

TEST(what_no_server_writes_ends_the_start_and_an_error_does_not)
{
    struct test t;
    CHECK(begin_files(&t, false) && keep_files(&t));
    CHECK(old_file(&t, SET_A "*1\r\n$6\r\nNOSUCH\r\n") && !loader_start(t.l));
    end(&t);
    CHECK(old_file(&t, SET_A "*2\r\n$6\r\nCONFIG\r\n$9\r\nRESETSTAT\r\n") && !loader_start(t.l));
    end(&t);
    CHECK(old_file(&t, SET_A "*3\r\n$5\r\nLPUSH\r\n$1\r\na\r\n$1\r\nx\r\n") && loader_start(t.l));
    CHECK(holds(&t, "a", "$1|1|"));
    end(&t);
    end_files();
}

TEST(what_exists_is_an_error_or_replaced)
{
    struct test t;
    CHECK(begin_files(&t, false) && writes(&t, "SET a file") && writes(&t, "SET b file"));
    CHECK(snapshot_write(t.w->snapshot, "dump.rdb", SNAPSHOT_DUMP) == 0 && keep_files(&t));
    CHECK(begin(&t, false) && writes(&t, "SET a own") && writes(&t, "SET c own"));
    CHECK(!loader_snapshot(t.l, "dump.rdb", LOADER_ADD) && holds(&t, "a", "$3|own|"));
    CHECK(loader_snapshot(t.l, "dump.rdb", LOADER_MERGE) && holds(&t, "a", "$4|file|"));
    CHECK(holds(&t, "b", "$4|file|") && holds(&t, "c", "$3|own|"));
    CHECK(t.served == 0); /* nobody is, within a command */
    end(&t);
    end_files();
}

UNIT_MAIN(T(where_there_is_nothing_nothing_is_loaded),
          T(a_snapshot_is_loaded_with_its_place_in_the_stream),
          T(a_snapshot_that_is_damaged_or_not_wanted_any_more_ends_the_start),
          T(an_append_only_file_is_loaded_up_to_its_end), T(an_old_file_becomes_the_base),
          T(what_no_server_writes_ends_the_start_and_an_error_does_not),
          T(what_exists_is_an_error_or_replaced))
