/* States of a backup:
 *
 *   NONE, FAILED, SEALED  BACKUP START creates the directories, with a marker file ("unsealed"),
 *                         and links the base and all increments but the one in use.
 *   OPEN                  Until BACKUP SEAL. The server may write and even rewrite meanwhile.
 *   SEALING               The tick polls rewrite_seal(), which closes and syncs the increment.
 *   LINKING               Links what is missing, removes what a rewrite has replaced, writes the
 *                         manifest, removes the marker: SEALED.
 *
 * The disk thread makes the links, one job at a time (running). An abort during a job sets
 * `abandoned`, and the end of the job removes the directory. Any error leads to FAILED and is shown
 * by BACKUP STATUS; BACKUP ABORT removes the remains. After a crash the marker is still there, and
 * the next start removes that backup (backup_sweep()). A directory with a manifest and no marker is
 * complete. */
#include "server/backup.h"

#include "base/log.h"
#include "base/mem.h"
#include "io/file.h"
#include "persist/aof.h"
#include "server/rewrite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NAME_MOST 64

enum state { NONE, OPEN, SEALING, LINKING, SEALED, FAILED };

static const char *const state_names[] = {"none", "open", "sealing", "sealing", "sealed", "failed"};

struct backup {
    struct engine *engine;
    struct worker *disk;
    struct aof *aof;
    struct rewrite *rewrite;
    enum state state;
    char name[NAME_MOST + 1];
    int64_t started_ms, sealed_ms;
    int64_t newest_ms; /* of all sealed backups; 0: none */
    int error;
    bool abandoned; /* aborted during a job */
    /* The job of linking, on the disk thread. */
    struct worker_job job;
    struct manifest manifest;
    char from[PATH_MAX], to[PATH_MAX], manifest_path[PATH_MAX], mark_path[PATH_MAX];
    bool running;
    size_t files;
    uint64_t bytes;
};

struct backup *backup_new(struct engine *e, struct worker *disk, struct aof *aof, struct rewrite *r)
{
    struct backup *b = mem_zalloc(sizeof(*b));
    b->engine = e;
    b->disk = disk;
    b->aof = aof;
    b->rewrite = r;
    return b;
}

void backup_free(struct backup *b)
{
    if (!b)
        return;
    manifest_free(&b->manifest);
    mem_free(b);
}

static const char *top(const struct backup *b)
{
    return b->engine->settings->backupdirname;
}

/* ---- Directories */

static void remove_file(void *context, const char *name)
{
    char path[PATH_MAX * 2];
    snprintf(path, sizeof(path), "%s/%s", (const char *)context, name);
    file_remove(path);
}

static void manifest_of(const struct backup *b, const char *name, char to[PATH_MAX])
{
    const struct settings *s = b->engine->settings;
    snprintf(to, PATH_MAX, "%s/%s/%s/%s.manifest", top(b), name, s->appenddirname,
             s->appendfilename);
}

/* The marker file: a server is creating or removing this backup. After a crash it is still there.
 */
static void mark_of(const struct backup *b, const char *name, char to[PATH_MAX])
{
    snprintf(to, PATH_MAX, "%s/%s/unsealed", top(b), name);
}

static int set_mark(const struct backup *b, const char *name)
{
    char path[PATH_MAX];
    mark_of(b, name, path);
    int fd = file_create(path);
    file_close(fd);
    return fd < 0 ? fd : 0;
}

/* Removes a backup. A crash in the middle leaves the marker, so that the rest is not taken for one.
 */
static int remove_backup(const struct backup *b, const char *name)
{
    char outer[PATH_MAX], inner[PATH_MAX], path[PATH_MAX];
    snprintf(outer, sizeof(outer), "%s/%s", top(b), name);
    snprintf(inner, sizeof(inner), "%s/%s/%s", top(b), name, b->engine->settings->appenddirname);
    set_mark(b, name);
    manifest_of(b, name, path);
    file_remove(path);
    file_list(inner, remove_file, inner);
    int error = file_remove_directory(inner);
    if (error && error != -ENOENT)
        return error;
    mark_of(b, name, path);
    file_remove(path);
    return file_remove_directory(outer);
}

static void sweep_one(void *context, const char *name)
{
    const struct backup *b = context;
    char mark[PATH_MAX], manifest[PATH_MAX];
    mark_of(b, name, mark);
    manifest_of(b, name, manifest);
    if (!file_exists(mark))
        return;
    if (file_exists(manifest)) {
        file_remove(mark);
        return;
    }
    log_line(LOG_NOTICE, "Removing backup %s, which was not sealed before the server stopped",
             name);
    remove_backup(b, name);
}

/* A backup is sealed by its manifest, which never changes afterwards. */
static void note_newest(void *context, const char *name)
{
    struct backup *b = context;
    char path[PATH_MAX];
    manifest_of(b, name, path);
    int64_t sealed_ms = file_modified_ms(path);
    if (sealed_ms > b->newest_ms)
        b->newest_ms = sealed_ms;
}

static void find_newest(struct backup *b)
{
    b->newest_ms = 0;
    file_list(top(b), note_newest, b);
}

int64_t backup_newest_ms(const struct backup *b)
{
    return b->newest_ms;
}

void backup_sweep(struct backup *b)
{
    file_list(top(b), sweep_one, b);
    find_newest(b);
}

/* ---- Linking */

static int link_all(struct backup *b)
{
    struct buf text = {0};
    b->files = 0;
    b->bytes = 0;
    for (size_t i = 0; i < b->manifest.n; i++) {
        char from[PATH_MAX * 2], to[PATH_MAX * 2];
        snprintf(from, sizeof(from), "%s/%s", b->from, b->manifest.files[i].name);
        snprintf(to, sizeof(to), "%s/%s", b->to, b->manifest.files[i].name);
        int error = file_link(from, to);
        /* A rewrite may have replaced it; sealing links what is in force then. */
        if (error == -ENOENT && !*b->manifest_path)
            continue;
        if (error && error != -EEXIST)
            return error;
        int64_t n = file_size_of(to);
        b->bytes += n > 0 ? (uint64_t)n : 0;
        b->files++;
    }
    if (!*b->manifest_path)
        return 0;
    /* The links must be durable before the manifest that names them. */
    int error = file_sync_directory(b->manifest_path);
    manifest_print(&b->manifest, &text);
    if (!error)
        error = file_replace(b->manifest_path, buf_bytes(&text));
    if (!error)
        file_remove(b->mark_path);
    buf_free(&text);
    return error;
}

static void run_link(struct worker_job *job)
{
    struct backup *b = (struct backup *)((char *)job - offsetof(struct backup, job));
    b->error = link_all(b);
}

static void link_done(struct worker_job *job)
{
    struct backup *b = (struct backup *)((char *)job - offsetof(struct backup, job));
    b->running = false;
    if (b->abandoned) {
        b->abandoned = false;
        remove_backup(b, b->name);
        return;
    }
    if (b->error) {
        b->state = FAILED;
        log_line(LOG_WARNING, "Backup %s failed: %s", b->name, strerror(-b->error));
    } else if (b->state == LINKING) {
        b->state = SEALED;
        b->sealed_ms = b->newest_ms = b->engine->now_ms;
        log_line(LOG_NOTICE, "Backup %s is sealed: %zu files, %llu bytes", b->name, b->files,
                 (unsigned long long)b->bytes);
    }
}

/* before: leaves out increments from this number on. */
static void start_linking(struct backup *b, uint64_t before, bool with_manifest)
{
    const struct settings *s = b->engine->settings;
    const struct manifest *m = aof_manifest(b->aof);
    manifest_free(&b->manifest);
    b->manifest = (struct manifest){0};
    for (size_t i = 0; i < m->n; i++) {
        const struct manifest_file *f = &m->files[i];
        if (f->type == MANIFEST_BASE || (f->type == MANIFEST_INCREMENT && f->seq < before))
            manifest_add(&b->manifest, f->name, f->seq, f->type);
    }
    snprintf(b->from, sizeof(b->from), "%s", s->appenddirname);
    snprintf(b->to, sizeof(b->to), "%s/%s/%s", top(b), b->name, s->appenddirname);
    b->manifest_path[0] = 0;
    if (with_manifest)
        manifest_of(b, b->name, b->manifest_path);
    mark_of(b, b->name, b->mark_path);
    b->running = true;
    b->job = (struct worker_job){.run = run_link, .done = link_done};
    worker_submit(b->disk, &b->job);
}

/* Removes links to files that a rewrite has replaced since BACKUP START. */
static void remove_foreign(void *context, const char *name)
{
    struct backup *b = context;
    const struct manifest *m = aof_manifest(b->aof);
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->files[i].name, name) == 0)
            return;
    char path[PATH_MAX * 2];
    snprintf(path, sizeof(path), "%s/%s", b->to, name);
    file_remove(path);
}

/* ---- The commands */

static bool good_name(struct bytes name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_' && (c != '.' || i == 0))
            return false;
    }
    return name.n > 0 && name.n <= NAME_MOST && !bytes_is(name, "all");
}

void backup_start(struct backup *b, struct bytes name, struct reply *reply)
{
    char path[PATH_MAX], made[NAME_MOST + 1];
    if (b->state == OPEN || b->state == SEALING || b->state == LINKING || b->running) {
        reply_errorf(reply, "ERR a backup is in progress: %s", b->name);
        return;
    }
    if (!aof_has_base(b->aof)) {
        reply_errorf(reply, "ERR BACKUP needs an append-only file with a base (appendonly yes)");
        return;
    }
    if (name.n && !good_name(name)) {
        reply_errorf(reply, "ERR a backup name consists of letters, digits, '-', '_' and '.'");
        return;
    }
    if (!name.n)
        name = bytes_of(made, (size_t)snprintf(made, sizeof(made), "backup-%lld",
                                               (long long)b->engine->now_ms));
    snprintf(path, sizeof(path), "%s/%.*s", top(b), (int)name.n, name.p);
    if (file_exists(path)) {
        reply_errorf(reply, "ERR a backup of that name exists");
        return;
    }
    char text[NAME_MOST + 1];
    snprintf(text, sizeof(text), "%.*s", (int)name.n, name.p);
    int error = file_make_directory(top(b));
    if (!error)
        error = file_make_directory(path);
    if (!error)
        error = set_mark(b, text);
    size_t n = strlen(path);
    snprintf(path + n, sizeof(path) - n, "/%s", b->engine->settings->appenddirname);
    if (!error)
        error = file_make_directory(path);
    if (error) {
        reply_errorf(reply, "ERR can't create the directory of the backup: %s", strerror(-error));
        return;
    }
    memcpy(b->name, text, sizeof(text));
    b->state = OPEN;
    b->started_ms = b->engine->now_ms;
    b->sealed_ms = 0;
    b->error = 0;
    /* All but the increment in use, which still grows. */
    start_linking(b, manifest_last_seq(aof_manifest(b->aof), MANIFEST_INCREMENT), false);
    reply_bulk(reply, bytes_text(b->name));
}

void backup_seal(struct backup *b, struct reply *reply)
{
    if (b->state != OPEN) {
        reply_error(reply, ERR_NO_BACKUP);
        return;
    }
    b->state = SEALING;
    backup_tick(b);
    reply_simple(reply, "Backup sealing started");
}

void backup_tick(struct backup *b)
{
    if (b->state != SEALING || b->running)
        return;
    int sealed = rewrite_seal(b->rewrite);
    if (sealed == 0)
        return;
    if (sealed < 0) {
        b->state = FAILED;
        b->error = sealed;
        return;
    }
    b->state = LINKING;
    file_list(b->to, remove_foreign, b);
    start_linking(b, manifest_last_seq(aof_manifest(b->aof), MANIFEST_INCREMENT), true);
}

void backup_status(struct backup *b, struct reply *reply)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s/%s", b->engine->settings->dir, top(b), b->name);
    reply_map(reply, 8);
    reply_bulk_text(reply, "state");
    reply_bulk_text(reply, state_names[b->state]);
    reply_bulk_text(reply, "name");
    reply_bulk_text(reply, b->name);
    reply_bulk_text(reply, "path");
    reply_bulk_text(reply, *b->name ? path : "");
    reply_bulk_text(reply, "started-ms");
    reply_int(reply, b->started_ms);
    reply_bulk_text(reply, "sealed-ms");
    reply_int(reply, b->sealed_ms);
    reply_bulk_text(reply, "files");
    reply_int(reply, (long long)b->files);
    reply_bulk_text(reply, "bytes");
    reply_int(reply, (long long)b->bytes);
    reply_bulk_text(reply, "error");
    reply_bulk_text(reply, b->error ? strerror(-b->error) : "");
}

struct names {
    struct backup *backup;
    struct buf text; /* each zero-terminated */
    size_t n;
};

/* Whether the worker thread is still creating this backup. Its manifest may exist already, but is
 * not synced yet, so the backup is neither listed nor removed. */
static bool is_being_made(const struct backup *b, const char *name)
{
    return b->running && strcmp(name, b->name) == 0;
}

static void note_sealed(void *context, const char *name)
{
    struct names *x = context;
    char path[PATH_MAX];
    manifest_of(x->backup, name, path);
    if (is_being_made(x->backup, name) || !file_exists(path))
        return;
    buf_add(&x->text, bytes_of(name, strlen(name) + 1));
    x->n++;
}

static struct names sealed_ones(struct backup *b)
{
    struct names x = {.backup = b};
    file_list(top(b), note_sealed, &x);
    return x;
}

void backup_list(struct backup *b, struct reply *reply)
{
    struct names x = sealed_ones(b);
    reply_array(reply, x.n);
    for (const char *at = x.text.p; x.n; x.n--, at += strlen(at) + 1)
        reply_bulk_text(reply, at);
    buf_free(&x.text);
}

void backup_abort(struct backup *b, struct reply *reply)
{
    if (b->state != OPEN && b->state != SEALING && b->state != LINKING && b->state != FAILED) {
        reply_error(reply, ERR_NO_BACKUP);
        return;
    }
    b->state = NONE;
    rewrite_unseal(b->rewrite);
    if (b->running)
        b->abandoned = true;
    else
        remove_backup(b, b->name);
    reply_ok(reply);
}

void backup_cleanup(struct backup *b, struct bytes name, struct reply *reply)
{
    struct names x = sealed_ones(b);
    bool all = bytes_is(name, "all");
    long long removed = 0;
    for (const char *at = x.text.p; x.n; x.n--, at += strlen(at) + 1)
        if ((all || bytes_equal(bytes_text(at), name)) && remove_backup(b, at) == 0)
            removed++;
    buf_free(&x.text);
    find_newest(b);
    if (!removed && !all)
        reply_errorf(reply, "ERR there is no sealed backup of that name");
    else
        reply_int(reply, removed);
}
