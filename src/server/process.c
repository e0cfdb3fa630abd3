#include "server/process.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/forms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SCORE_FILE     "/proc/self/oom_score_adj"
#define RESERVED_FILES 32 /* descriptors for everything but clients */

static struct {
    char *at; /* where the kernel reads the title */
    size_t room;
    char *name;       /* argv[0] */
    int first_score;  /* OOM score before we changed it */
    bool has_changed; /* we have set the OOM score */
} process;

void process_begin(char **argv, char **environment)
{
    extern char **environ;
    size_t n = 0;
    char *end = argv[0];
    if (!end)
        return;
    for (char **a = argv; *a; a++)
        if (*a == end)
            end = *a + strlen(*a) + 1;
    for (char **e = environment; *e; e++, n++)
        if (*e == end)
            end = *e + strlen(*e) + 1;
    /* Copy the environment elsewhere. The arguments have been read by now. */
    char **fresh = mem_alloc((n + 1) * sizeof(*fresh));
    for (size_t i = 0; i < n; i++)
        fresh[i] = mem_copy_text(environment[i], strlen(environment[i]));
    fresh[n] = NULL;
    process.name = mem_copy_text(argv[0], strlen(argv[0]));
    process.at = argv[0];
    process.room = (size_t)(end - argv[0]);
    environ = fresh;
}

static void show(const char *title)
{
    size_t n = strlen(title);
    if (process.room < 2)
        return;
    if (n > process.room - 1)
        n = process.room - 1;
    memcpy(process.at, title, n);
    memset(process.at + n, 0, process.room - n);
}

void process_show_title(const struct settings *s)
{
    struct buf b = {0};
    if (!s->set_proc_title || !process.name)
        return;
    if (forms_title(s, bytes_text(s->proc_title_template), process.name, &b)) {
        while (b.n && b.p[b.n - 1] == ' ')
            b.n--;
        buf_add_char(&b, 0);
        show(b.p);
    }
    buf_free(&b);
}

static bool write_score(int score)
{
    char text[16];
    int n = snprintf(text, sizeof(text), "%d\n", score);
    int fd = open(SCORE_FILE, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, (size_t)n) == n;
    if (!good)
        log_line(LOG_WARNING, "Unable to write oom_score_adj: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

static int read_score(void)
{
    char text[16] = "0";
    int fd = open(SCORE_FILE, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t n = read(fd, text, sizeof(text) - 1);
        text[n > 0 ? n : 0] = 0;
        close(fd);
    }
    return atoi(text);
}

bool process_adjust_oom_score(const struct settings *s, enum process_role role)
{
    if (!s->oom_score_adj) {
        if (!process.has_changed)
            return true;
        process.has_changed = false;
        return write_score(process.first_score);
    }
    if (!process.has_changed)
        process.first_score = read_score();
    int score = s->oom_scores[role] + (s->oom_score_adj == 1 ? process.first_score : 0);
    score = score < -1000 ? -1000 : score > 1000 ? 1000 : score;
    if (!write_score(score))
        return false;
    process.has_changed = true;
    return true;
}

void process_is_child(const struct settings *s, const char *title)
{
    if (s->set_proc_title && process.name)
        show(title);
    process_adjust_oom_score(s, PROCESS_CHILD);
}

long long process_raise_file_limit(long long clients)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)clients + RESERVED_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return clients;
    struct rlimit raised = {wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return clients;
    raised = (struct rlimit){limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) < 0)
        raised = limit;
    return raised.rlim_cur < wanted ? (long long)raised.rlim_cur - RESERVED_FILES : clients;
}
