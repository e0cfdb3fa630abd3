/* What a process makes of itself shows in a child, which ends with whether it is as it has to be.
 */
#include "server/process.h"
#include "unit.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static bool in_child(bool (*good)(struct settings *s))
{
    struct settings *s = settings_new();
    int status = -1;
    log_set_level(LOG_WARNING + 1);
    pid_t pid = fork();
    if (pid == 0)
        _exit(!good(s));
    waitpid(pid, &status, 0);
    settings_free(s);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- The title */

/* Arguments and environment as the kernel lays them out. */
static char laid_out[] = "server\0--port\0007000\0HOME=/nowhere\0SHELL=none";
static char *arguments[] = {laid_out, laid_out + 7, laid_out + 14, NULL};
static char *environment[] = {laid_out + 19, laid_out + 33, NULL};

static void title(struct settings *s, const char *form)
{
    const char *reason;
    if (!settings_parse(s, settings_find(BYTES("proc-title-template")), bytes_text(form), &reason))
        _exit(1);
    process_show_title(s);
}

static bool shows_its_title(struct settings *s)
{
    bool good;
    process_begin(arguments, environment);
    title(s, "{title} waits");
    good = strcmp(laid_out, "server waits") == 0;
    /* Nothing of what stood there can be seen behind it. */
    for (size_t i = strlen(laid_out); i < sizeof(laid_out); i++)
        good = good && laid_out[i] == 0;
    return good && strcmp(getenv("HOME"), "/nowhere") == 0 && strcmp(getenv("SHELL"), "none") == 0;
}

static bool cuts_its_title(struct settings *s)
{
    char form[200] = "{title} ";
    memset(form + strlen(form), 'x', sizeof(form) - 1 - strlen(form));
    process_begin(arguments, environment);
    title(s, form);
    return strlen(laid_out) == sizeof(laid_out) - 1 && memcmp(laid_out, "server xxx", 10) == 0;
}

static bool shows_no_title(struct settings *s)
{
    process_begin(arguments, environment);
    s->set_proc_title = false;
    title(s, "{title} waits");
    process_is_child(s, "a child");
    return strcmp(laid_out + 7, "--port") == 0;
}

static bool names_its_child(struct settings *s)
{
    process_begin(arguments, environment);
    process_is_child(s, "a child");
    return strcmp(laid_out, "a child") == 0;
}

TEST(the_title_is_in_the_arguments_place_and_the_environment_stays)
{
    CHECK(in_child(shows_its_title));
    CHECK(in_child(cuts_its_title));
    CHECK(in_child(shows_no_title));
    CHECK(in_child(names_its_child));
}

/* ---- The OOM score */

static int score(void)
{
    int n = -1;
    FILE *f = fopen("/proc/self/oom_score_adj", "r");
    if (!f || fscanf(f, "%d", &n) != 1)
        _exit(1);
    fclose(f);
    return n;
}

static bool scores(struct settings *s)
{
    int first = score();
    s->oom_scores[PROCESS_SERVER] = 20;
    s->oom_scores[PROCESS_REPLICA] = 30;
    s->oom_scores[PROCESS_CHILD] = 40;
    if (!process_adjust_oom_score(s, PROCESS_SERVER) || score() != first)
        return false; /* it is not to be touched */
    s->oom_score_adj = 1;
    if (!process_adjust_oom_score(s, PROCESS_REPLICA) || score() != first + 30)
        return false;
    process_is_child(s, "a child");
    if (score() != first + 40)
        return false; /* not 40 more than before */
    s->oom_score_adj = 2;
    s->oom_scores[PROCESS_SERVER] = first + 50;
    if (!process_adjust_oom_score(s, PROCESS_SERVER) || score() != first + 50)
        return false;
    s->oom_score_adj = 1;
    s->oom_scores[PROCESS_SERVER] = 2000; /* the kernel takes 1000 at most */
    if (!process_adjust_oom_score(s, PROCESS_SERVER) || score() != 1000)
        return false;
    s->oom_score_adj = 0;
    return process_adjust_oom_score(s, PROCESS_SERVER) && score() == first;
}

TEST(the_score_is_relative_to_the_first_one_and_is_given_back)
{
    CHECK(in_child(scores));
}

/* ---- Descriptors */

static bool limit_to(rlim_t soft, rlim_t hard)
{
    return setrlimit(RLIMIT_NOFILE, &(struct rlimit){soft, hard}) == 0;
}

static rlim_t limit(void)
{
    struct rlimit now;
    return getrlimit(RLIMIT_NOFILE, &now) == 0 ? now.rlim_cur : 0;
}

static bool raises(struct settings *s)
{
    (void)s;
    return limit_to(100, 400) && process_raise_file_limit(60) == 60 && limit() == 100 &&
           process_raise_file_limit(200) == 200 && limit() == 232;
}

/* Who may not raise the hard limit. */
static bool takes_what_there_is(struct settings *s)
{
    (void)s;
    if (!limit_to(100, 400) || (geteuid() == 0 && seteuid(65534) < 0))
        return false;
    return process_raise_file_limit(1000) == 400 - 32 && limit() == 400 &&
           process_raise_file_limit(368) == 368;
}

TEST(the_limit_of_descriptors_is_raised_as_far_as_it_goes)
{
    CHECK(in_child(raises));
    CHECK(in_child(takes_what_there_is));
}

UNIT_MAIN(T(the_title_is_in_the_arguments_place_and_the_environment_stays),
          T(the_score_is_relative_to_the_first_one_and_is_given_back),
          T(the_limit_of_descriptors_is_raised_as_far_as_it_goes))
