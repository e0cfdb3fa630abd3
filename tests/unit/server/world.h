/* An engine with an append-only file in a directory of its own, on a disk that the test lets fail;
 * no sockets, no loop that turns by itself. */
#ifndef UNIT_SERVER_WORLD_H
#define UNIT_SERVER_WORLD_H

#include "commands/families.h"
#include "engine.h"
#include "engine/gate.h"
#include "io/file.h"
#include "persist/aof.h"
#include "script/scripting.h"
#include "server/data_lock.h"
#include "server/durability.h"
#include "server/rewrite.h"
#include "server/snapshot.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int hold_syncs, fail_syncs, fail_writes;

int fdatasync(int fd)
{
    (void)fd;
    while (hold_syncs)
        usleep(1000);
    errno = EIO;
    return fail_syncs ? -1 : 0;
}

ssize_t write(int fd, const void *from, size_t n)
{
    struct stat st; /* the loop is woken by writing as well */
    if (fail_writes && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_write, fd, from, n);
}

struct world {
    struct bench *b;
    struct engine *engine;
    struct aof *aof;
    struct snapshot *snapshot;
    struct durability *durability;
    struct rewrite *rewrite;
    struct data_lock lock;
    char dir[64], before[4096];
};

/* Of threads there is a small number: all tests share them. */
static struct loop *world_loop;
static struct worker *world_disk, *world_writer;

static void world_nothing(void *context)
{
    (void)context;
}

static void world_child_changed(void *context)
{
    struct world *w = context;
    if (w->durability)
        durability_configure(w->durability);
}

/* appendonly: there is a file, with its base. */
static struct world *world_begin(bool appendonly)
{
    struct world *w = mem_zalloc(sizeof(*w));
    char error[MANIFEST_ERROR];
    hold_syncs = fail_syncs = fail_writes = 0;
    snprintf(w->dir, sizeof(w->dir), "/tmp/millrace-server-XXXXXX");
    if (!mkdtemp(w->dir) || !getcwd(w->before, sizeof(w->before)) || chdir(w->dir) < 0)
        return NULL;
    if (!world_loop) {
        world_loop = loop_new();
        world_disk = worker_new(world_loop, "disk");
        world_writer = worker_new(world_loop, "writer");
    }
    w->b = bench_begin(families_all());
    w->engine = &w->b->engine;
    w->engine->scripting = scripting_new(w->engine);
    w->lock.fd = -1;
    w->b->settings->appendfsync = AOF_ALWAYS;
    w->aof =
        aof_new(world_disk, world_writer, w->engine->journal, "appendonlydir", "appendonly.aof");
    w->snapshot = snapshot_new(w->engine, w->aof, &w->lock,
                               &(struct snapshot_hooks){.context = w,
                                                        .in_child = world_nothing,
                                                        .child_changed = world_child_changed});
    w->durability = durability_new(w->engine, w->aof, w->snapshot);
    w->rewrite = rewrite_new(w->engine, world_disk, w->aof, w->snapshot);
    if (appendonly && (aof_read_manifest(w->aof, error) < 0 || !rewrite_create_first(w->rewrite)))
        return NULL;
    durability_configure(w->durability);
    return w;
}

static void world_drain(void)
{
    worker_drain(world_writer);
    worker_drain(world_disk);
}

static void world_end(struct world *w)
{
    hold_syncs = fail_syncs = fail_writes = 0;
    snapshot_free(w->snapshot);
    world_drain();
    scripting_free(w->engine->scripting);
    rewrite_free(w->rewrite);
    durability_free(w->durability);
    aof_free(w->aof);
    bench_end(w->b);
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", w->dir);
    if (chdir(w->before) < 0 || system(command) != 0)
        printf("%s stays\n", w->dir);
    mem_free(w);
}

/* One turn in which the client says a line; ms: what passes before. */
static inline void world_turn(struct world *w, struct client *c, const char *line, int64_t ms)
{
    bench_wait(w->b, ms);
    durability_begin_turn(w->durability);
    if (line)
        bench_says(c, line);
    durability_flush(w->durability);
    gate_before_sending(w->engine);
}

/* Turns until what was written is in the file and synced. */
static inline void world_settles(struct world *w)
{
    for (int i = 0; i < 4; i++) {
        world_turn(w, NULL, NULL, 1);
        world_drain();
    }
}

/* What may be sent to it by now. */
static inline uint64_t world_sendable(struct client *c)
{
    return gate_sendable(c) - c->out.taken;
}

#endif
