#include "server/backup.h"
#include "unit.h"
#include "world.h"

#include "base/crc.h"
#include "base/log.h"

struct test {
    struct world *w;
    struct backup *b;
    struct client *c;
};

static bool begin(struct test *t, bool appendonly)
{
    t->w = world_begin(appendonly);
    if (!t->w)
        return false;
    log_set_level(LOG_WARNING + 1);
    crc_init();
    t->b = backup_new(t->w->engine, world_disk, t->w->aof, t->w->rewrite);
    t->c = bench_client(t->w->b);
    return true;
}

static void end(struct test *t)
{
    world_drain();
    backup_free(t->b);
    world_end(t->w);
}

static bool starts(struct test *t, const char *name)
{
    char want[80];
    backup_start(t->b, bytes_text(name), &t->c->reply);
    snprintf(want, sizeof(want), "$%zu|%s|", strlen(name), name);
    return bench_heard(t->c, want);
}

static bool is_refused(struct test *t, const char *name, const char *want)
{
    backup_start(t->b, bytes_text(name), &t->c->reply);
    return bench_heard(t->c, want);
}

static bool state_is(struct test *t, const char *want)
{
    char got[4096];
    size_t n = 0;
    backup_status(t->b, &t->c->reply);
    while (chain_pending(&t->c->out)) {
        struct iovec piece;
        chain_pieces(&t->c->out, &piece, 1, UINT64_MAX);
        n += (size_t)snprintf(got + n, sizeof(got) - n, "%.*s", (int)piece.iov_len,
                              (const char *)piece.iov_base);
        chain_take(&t->c->out, piece.iov_len);
    }
    const char *state = strstr(got, "state\r\n");
    state = state ? strchr(state + 7, '\n') + 1 : "";
    return strncmp(state, want, strlen(want)) == 0 && state[strlen(want)] == '\r';
}

static bool lists(struct test *t, const char *want)
{
    backup_list(t->b, &t->c->reply);
    return bench_heard(t->c, want);
}

/* Of all files that the server's manifest names, how many are in the backup as well, as links. */
static size_t linked(const struct test *t, const char *name)
{
    const struct manifest *m = aof_manifest(t->w->aof);
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        char path[256];
        struct stat own, its;
        snprintf(path, sizeof(path), "appendonlydir/%s", m->files[i].name);
        if (stat(path, &own) < 0)
            return 0;
        snprintf(path, sizeof(path), "%s/%s/appendonlydir/%s", t->w->b->settings->backupdirname,
                 name, m->files[i].name);
        n += stat(path, &its) == 0 && its.st_ino == own.st_ino;
    }
    return n;
}

static bool is_there(const struct test *t, const char *name, const char *file)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s/%s", t->w->b->settings->backupdirname, name, file);
    return file_exists(path);
}

#define MANIFEST "appendonlydir/appendonly.aof.manifest"

TEST(a_backup_is_sealed_with_all_that_was_written_before)
{
    struct test t;
    CHECK(begin(&t, true));
    world_turn(t.w, t.c, "SET a 1", 1);
    CHECK(bench_heard(t.c, "+OK|"));
    CHECK(state_is(&t, "none") && starts(&t, "one") && state_is(&t, "open"));
    CHECK(backup_newest_ms(t.b) == 0);
    world_drain();
    /* The increment that is being written is not there yet. */
    CHECK(linked(&t, "one") == 1 && is_there(&t, "one", "unsealed"));
    CHECK(!is_there(&t, "one", MANIFEST) && lists(&t, "*0|"));
    world_turn(t.w, t.c, "SET b 2", 1);
    CHECK(bench_heard(t.c, "+OK|"));
    backup_seal(t.b, &t.c->reply);
    CHECK(bench_heard(t.c, "+Backup sealing started|"));
    for (int i = 0; i < 3000 && !state_is(&t, "sealed"); i++) {
        world_settles(t.w);
        rewrite_end_turn(t.w->rewrite);
        backup_tick(t.b);
    }
    CHECK(state_is(&t, "sealed") && lists(&t, "*1|$3|one|"));
    CHECK(!is_there(&t, "one", "unsealed") && is_there(&t, "one", MANIFEST));
    CHECK(backup_newest_ms(t.b) > 0);
    /* The base and what was closed; all but the increment behind the seal. */
    CHECK(linked(&t, "one") == aof_manifest(t.w->aof)->n - 1);
    backup_cleanup(t.b, BYTES("two"), &t.c->reply);
    CHECK(bench_heard(t.c, "-ERR there is no sealed backup of that name|"));
    backup_cleanup(t.b, BYTES("one"), &t.c->reply);
    CHECK(bench_heard(t.c, ":1|") && lists(&t, "*0|") && !is_there(&t, "one", "."));
    CHECK(backup_newest_ms(t.b) == 0);
    end(&t);
}

/* The manifest exists before it is synced: until then the backup is neither listed nor removed. */
TEST(a_backup_is_listed_once_it_is_durable)
{
    struct test t;
    bool there = false;
    CHECK(begin(&t, true));
    CHECK(starts(&t, "one"));
    world_drain();
    backup_seal(t.b, &t.c->reply);
    CHECK(bench_heard(t.c, "+Backup sealing started|"));
    world_settles(t.w); /* the increment is closed */
    rewrite_end_turn(t.w->rewrite);
    world_settles(t.w);
    backup_tick(t.b);
    for (int i = 0; i < 30000 && !there; i++) {
        usleep(1000);
        there = is_there(&t, "one", MANIFEST);
    }
    CHECK(there && state_is(&t, "sealing") && lists(&t, "*0|"));
    backup_cleanup(t.b, BYTES("one"), &t.c->reply);
    CHECK(bench_heard(t.c, "-ERR there is no sealed backup of that name|"));
    world_drain();
    CHECK(state_is(&t, "sealed") && lists(&t, "*1|$3|one|"));
    end(&t);
}

TEST(what_cannot_be_backed_up_is_refused)
{
    struct test t;
    CHECK(begin(&t, false));
    CHECK(is_refused(&t, "one",
                     "-ERR BACKUP needs an append-only file with a base (appendonly yes)|"));
    end(&t);
    CHECK(begin(&t, true));
    static const char *const wrong[] = {"a/b", ".hidden", "all", "..", "a b"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        CHECK(is_refused(&t, wrong[i],
                         "-ERR a backup name consists of letters, digits, '-', '_' and '.'|"));
    backup_seal(t.b, &t.c->reply);
    CHECK(bench_heard(t.c, "-ERR no backup is open|"));
    CHECK(starts(&t, "one"));
    CHECK(is_refused(&t, "two", "-ERR a backup is in progress: one|"));
    backup_abort(t.b, &t.c->reply);
    CHECK(bench_heard(t.c, "+OK|"));
    end(&t);
}

/* While files are linked the directory is not to be taken from the other thread. */
TEST(an_abort_leaves_nothing)
{
    struct test t;
    CHECK(begin(&t, true));
    CHECK(starts(&t, "one"));
    backup_abort(t.b, &t.c->reply);
    CHECK(bench_heard(t.c, "+OK|") && is_there(&t, "one", "."));
    CHECK(is_refused(&t, "two", "-ERR a backup is in progress: one|"));
    world_drain();
    CHECK(!is_there(&t, "one", "."));
    CHECK(starts(&t, "one"));
    world_drain();
    backup_abort(t.b, &t.c->reply);
    CHECK(bench_heard(t.c, "+OK|") && !is_there(&t, "one", ".") && state_is(&t, "none"));
    end(&t);
}

static bool make(struct test *t, const char *name, bool mark, bool manifest)
{
    const char *top = t->w->b->settings->backupdirname;
    char command[512];
    snprintf(command, sizeof(command), "mkdir -p %s/%s/appendonlydir && cd %s/%s && touch x%s%s",
             top, name, top, name, mark ? " unsealed" : "", manifest ? " " MANIFEST : "");
    return system(command) == 0;
}

/* A crash leaves the mark; whoever has a manifest was complete. */
TEST(a_start_removes_what_was_not_sealed)
{
    struct test t;
    char path[128];
    CHECK(begin(&t, true));
    backup_sweep(t.b); /* there are no backups at all */
    CHECK(make(&t, "begun", true, false) && make(&t, "sealed", true, true) &&
          make(&t, "whole", false, true) && make(&t, "foreign", false, false));
    /* It removes what it has made, and nothing that is not its own. */
    snprintf(path, sizeof(path), "%s/begun/x", t.w->b->settings->backupdirname);
    CHECK(unlink(path) == 0);
    backup_sweep(t.b);
    CHECK(!is_there(&t, "begun", ".") && is_there(&t, "foreign", "x"));
    CHECK(is_there(&t, "sealed", MANIFEST) && !is_there(&t, "sealed", "unsealed"));
    CHECK(is_there(&t, "whole", MANIFEST) && backup_newest_ms(t.b) > 1700000000000);
    CHECK(is_refused(&t, "whole", "-ERR a backup of that name exists|"));
    end(&t);
}

UNIT_MAIN(T(a_backup_is_sealed_with_all_that_was_written_before),
          T(a_backup_is_listed_once_it_is_durable), T(what_cannot_be_backed_up_is_refused),
          T(an_abort_leaves_nothing), T(a_start_removes_what_was_not_sealed))
