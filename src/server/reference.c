#include "server/reference.h"

#include "base/err.h"
#include "io/file.h"
#include "server/reference_commands.h"
#include "server/reference_http.h"
#include "server/reference_numbers.h"
#include "server/reference_settings.h"
#include "server/reference_text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* ---- Errors */

/* The meaning of error codes, independent of the command. */
static const struct {
    const char *word, *meaning;
} code_words[] = {
    {"ERR", "The request is invalid or failed; the text gives the reason."},
    {"WRONGTYPE", "The key holds a value of a type that the command does not support."},
    {"DENIED",
     "protected-mode: without a password the server accepts only connections from this machine."},
    {"NOAUTH", "Authentication required: AUTH or HELLO."},
    {"WRONGPASS", "Wrong user name or password, or the user is disabled."},
    {"LOADING", "The server is loading its data; retry later."},
    {"BUSY",
     "A script has exceeded busy-reply-threshold; SCRIPT KILL or FUNCTION KILL may stop it."},
    {"NOTBUSY", "No script is running."},
    {"UNKILLABLE", "The script has already written data and cannot be stopped."},
    {"NOSCRIPT", "No cached script has this digest: send its source with EVAL or SCRIPT LOAD."},
    {"OOM",
     "maxmemory is reached, and nothing can be evicted; reads and deletes are still possible."},
    {"MISCONF", "Writes are rejected until a snapshot succeeds again."},
    {"READONLY", "This is a read-only replica: send writes to its primary."},
    {"MASTERDOWN", "The link to the primary is down, and replica-serve-stale-data is no."},
    {"NOREPLICAS", "Fewer replicas are connected than min-replicas-to-write requires."},
    {"EXECABORT", "A command of the transaction was rejected, so none was executed."},
    {"UNBLOCKED", "A blocked command was unblocked by CLIENT UNBLOCK or a role change."},
    {"BUSYGROUP", "A consumer group of this name exists."},
};

static struct bytes word_of(struct bytes text)
{
    if (text.n && *text.p == '-') /* a complete reply */
        text = bytes_of(text.p + 1, text.n - 1);
    const char *end = memchr(text.p, ' ', text.n);
    return bytes_of(text.p, end ? (size_t)(end - text.p) : text.n);
}

static void add_texts(struct buf *out, const char *word)
{
    for (int e = ERR_NONE + 1; e < ERR_COUNT; e++) {
        struct bytes text = err_text((enum err)e);
        if (!bytes_equal(word_of(text), bytes_text(word)))
            continue;
        buf_add_text(out, "* ");
        reference_text_add(out, text);
        buf_add_char(out, '\n');
    }
}

static void print_errors(struct buf *out)
{
    reference_text_title(out, "Errors", "Error codes and common error texts.");
    buf_add_text(
        out, "\nPrograms should check only the code, the first word of an error; texts may change. "
             "Some texts are identical to those of Redis, since clients compare them.\n");
    for (size_t i = 0; i < sizeof(code_words) / sizeof(code_words[0]); i++) {
        buf_printf(out, "\n## %s\n\n", code_words[i].word);
        reference_text_add_string(out, code_words[i].meaning);
        buf_add_text(out, "\n\n");
        add_texts(out, code_words[i].word);
    }
}

/* ---- Pages */

static const struct page {
    const char *path, *title;
    void (*print)(struct buf *out);
} pages[] = {
    {"settings.md", "Settings", reference_settings},
    {"metrics.md", "Metrics", reference_numbers_metrics},
    {"info.md", "INFO fields", reference_numbers_info},
    {"errors.md", "Errors", print_errors},
    {"http-api.md", "HTTP API", reference_http},
};

#define PAGES    (sizeof(pages) / sizeof(pages[0]))
#define FAMILIES (GROUP_CLUSTER + 1)

static void print_index(struct buf *out)
{
    reference_text_title(out, "Reference",
                         "Reference of commands, settings, metrics, errors and the HTTP API.");
    buf_add_text(out, "\nCommands by family:\n\n");
    for (int f = 0; f < FAMILIES; f++) {
        const char *name = command_group_name((enum command_group)f);
        buf_printf(out, "* [%s](commands/%s.md)\n", name, name);
    }
    buf_add_text(out, "\nOther pages:\n\n");
    for (size_t i = 0; i < PAGES; i++)
        buf_printf(out, "* [%s](%s)\n", pages[i].title, pages[i].path);
}

void reference_pages(void (*visit)(void *to, const char *path, struct bytes text), void *to)
{
    struct buf out = {0};
    print_index(&out);
    visit(to, "README.md", buf_bytes(&out));
    for (size_t i = 0; i < PAGES; i++) {
        out.n = 0;
        pages[i].print(&out);
        visit(to, pages[i].path, buf_bytes(&out));
    }
    for (int f = 0; f < FAMILIES; f++) {
        char path[64];
        out.n = 0;
        reference_commands(&out, (enum command_group)f);
        snprintf(path, sizeof(path), "commands/%s.md", command_group_name((enum command_group)f));
        visit(to, path, buf_bytes(&out));
    }
    buf_free(&out);
}

struct writing {
    const char *directory;
    struct buf *problem;
    int error;
};

static void make_directory(struct writing *w, const char *name)
{
    char path[PATH_MAX];
    if (w->error)
        return;
    snprintf(path, sizeof(path), "%s%s", w->directory, name);
    w->error = file_exists(path) ? 0 : file_make_directory(path);
    if (w->error)
        buf_add_text(w->problem, path);
}

static void write_page(void *to, const char *path, struct bytes text)
{
    struct writing *w = to;
    char full[PATH_MAX];
    if (w->error)
        return;
    snprintf(full, sizeof(full), "%s/%s", w->directory, path);
    w->error = file_replace(full, text);
    if (w->error)
        buf_add_text(w->problem, full);
}

int reference_write(const char *directory, struct buf *problem)
{
    struct writing w = {.directory = directory, .problem = problem};
    make_directory(&w, "");
    make_directory(&w, "/commands");
    reference_pages(write_page, &w);
    return w.error;
}
