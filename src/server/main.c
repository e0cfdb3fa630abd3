/* The command line, the environment, and the process around the server.
 *
 * The order of startup matters. Settings are read; then dir is entered, since other paths are
 * relative to it; the log is opened; the process goes into the background; dir is locked. Only then
 * is the process confined: from there on it can't write files elsewhere. Users and listeners come
 * before the data, so that clients get LOADING as an answer meanwhile. The service manager is told
 * READY last.
 *
 * Errors in the settings go to stderr, all later ones to the log; the exit code is 1. */
#include "acl/foreign.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "command/registry.h"
#include "commands/families.h"
#include "config/config_file.h"
#include "io/confine.h"
#include "server/check.h"
#include "server/crash.h"
#include "server/healthcheck.h"
#include "server/process.h"
#include "server/reference.h"
#include "server/reference_settings.h"
#include "server/server.h"
#include "server/version.h"
#include "server/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void usage(void)
{
    fputs("Millrace " VERSION_MILLRACE ": message server with queues, streams and pub/sub, "
          "compatible with Redis.\n\n"
          "Usage: millrace-server [FILE] [--SETTING VALUE ...] [-]\n\n"
          "  FILE             configuration file, one setting per line\n"
          "  --SETTING VALUE  any setting; overrides the file\n"
          "  -                read more settings from standard input\n\n"
          "Other forms:\n"
          "  millrace-server --print-sample-config   print a configuration file with all settings\n"
          "  millrace-server --print-conf-manual     print the manual page of the configuration "
          "file\n"
          "  millrace-server --print-reference DIR   write the reference of commands, settings, "
          "metrics, errors and HTTP API as Markdown\n"
          "  millrace-server --healthcheck URL       exit with 0 if a running server responds with "
          "2xx, otherwise with 1\n"
          "  millrace-server --version               print the version\n\n"
          "Examples:\n"
          "  millrace-server --port 7000 --dir /var/lib/millrace --appendonly yes\n"
          "      start with an append-only file\n"
          "  millrace-server /etc/millrace.conf --loglevel verbose\n"
          "      start with a configuration file and override one setting\n"
          "  echo 'maxmemory 512mb' | millrace-server -\n",
          stdout);
}

static void read_stdin(struct buf *out)
{
    for (;;) {
        ssize_t n = read(STDIN_FILENO, buf_room(out, 4096), 4096);
        if (n <= 0)
            return;
        out->n += (size_t)n;
    }
}

/* Checks a rename-command against the table of commands, with earlier renames applied.
 * Configurations of Redis also remove commands that do not exist here (MIGRATE, SYNC): that is
 * accepted. */
static const char *check_rename(void *context, struct bytes from, struct bytes to)
{
    const char *why = registry_rename(context, from, to);
    char name[64];
    if (!why || from.n >= sizeof(name) || memchr(from.p, '|', from.n) ||
        registry_find_original(context, from))
        return why;
    for (size_t i = 0; i < from.n; i++)
        name[i] = from.p[i] >= 'A' && from.p[i] <= 'Z' ? (char)(from.p[i] | 0x20) : from.p[i];
    return foreign_command(bytes_of(name, from.n)) ? NULL : why;
}

/* Reads the file, standard input and options; exits when they are wrong. */
static struct settings *read_settings(int argc, char **argv)
{
    struct settings *s = settings_new();
    struct registry *commands = registry_new(families_all());
    struct buf report = {0};
    bool good = true;
    int i = 1;
    s->rename = check_rename;
    s->rename_context = commands;
    if (argc > 1 && argv[1][0] != '-') {
        char path[PATH_MAX];
        good = config_file_load(s, argv[1], &report);
        s->file = mem_copy_text(argv[1], strlen(argv[1]));
        if (realpath(argv[1], path)) {
            mem_free(s->file);
            s->file = mem_copy_text(path, strlen(path));
        }
        i = 2;
    }
    int last = argc;
    if (good && argc > i && strcmp(argv[argc - 1], "-") == 0) {
        struct buf text = {0};
        read_stdin(&text);
        good = config_file_text(s, buf_bytes(&text), &report);
        buf_free(&text);
        last--;
    }
    if (good)
        good = config_file_options(s, last - i, argv + i, &report);
    if (!good) {
        fprintf(stderr, "%.*s\n", (int)report.n, report.p);
        exit(1);
    }
    s->rename = NULL;
    registry_free(commands);
    buf_free(&report);
    return s;
}

static void daemonize(void)
{
    if (fork() != 0)
        exit(0);
    setsid();
    int fd = open("/dev/null", O_RDWR);
    if (fd >= 0) {
        dup2(fd, STDIN_FILENO);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        if (fd > STDERR_FILENO)
            close(fd);
    }
}

static void write_pidfile(const struct settings *s)
{
    if (!*s->pidfile && !s->daemonize)
        return;
    FILE *f = fopen(*s->pidfile ? s->pidfile : "/var/run/redis.pid", "w");
    if (!f) {
        log_line(LOG_WARNING, "Failed to write PID file: %s", strerror(errno));
        return;
    }
    fprintf(f, "%d\n", (int)getpid());
    fclose(f);
}

/* What sd_notify() does: a datagram to the service manager's socket. */
static void notify_manager(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path || (path[0] != '/' && path[0] != '@'))
        return;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof(a.sun_path))
        return;
    memcpy(a.sun_path, path, n);
    if (path[0] == '@')
        a.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&a,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(fd);
}

static void banner(const struct settings *s)
{
    log_line(LOG_NOTICE, "Starting Millrace %s, compatible with Redis %s, pid %d", VERSION_MILLRACE,
             VERSION_REDIS, (int)getpid());
    if (s->file)
        log_line(LOG_NOTICE, "Configuration file: %s", s->file);
    else
        log_line(LOG_NOTICE,
                 "No configuration file given: using defaults and the command line (see --help)");
    if (s->always_show_logo || (!*s->logfile && isatty(STDOUT_FILENO))) {
        struct buf b = {0};
        buf_printf(&b,
                   "\n    ~~~~~~(O)~~~~~~   Millrace %s (compatible with Redis %s) 64 bit\n"
                   "     queues, streams, pub/sub      Running in standalone mode\n"
                   "    ~~~~~~~~~~~~~~~~~               Port: %lld\n"
                   "                                    PID: %d\n\n",
                   VERSION_MILLRACE, VERSION_REDIS, s->port, (int)getpid());
        log_raw(buf_bytes(&b));
        buf_free(&b);
    }
}

static bool loopback_only(const struct settings *s)
{
    struct bytes words[32];
    char *text;
    int n = words_split(bytes_text(s->bind), words, 32, &text);
    bool good = true; /* without an address it is unreachable, too */
    for (int i = 0; i < n; i++) {
        const char *a = words[i].p + (*words[i].p == '-');
        if (strncmp(a, "127.", 4) != 0 && strcmp(a, "::1") != 0 && strcmp(a, "localhost") != 0)
            good = false;
    }
    mem_free(text);
    return good;
}

static void warn(const struct settings *s)
{
    if (!s->protected_mode && !s->requirepass.n && s->port && !loopback_only(s))
        log_line(LOG_WARNING,
                 "WARNING: the server accepts connections from other machines, protected-mode is "
                 "off and no password is set: anybody who can connect can read and delete all "
                 "data. Set requirepass, or bind to 127.0.0.1.");
}

/* The directory of a configured file, in `to`; "" when none is configured. */
static const char *directory_of(const char *file, char *to)
{
    if (!*file)
        return "";
    snprintf(to, PATH_MAX, "%s", file);
    char *slash = strrchr(to, '/');
    if (!slash)
        return ".";
    slash[slash == to] = 0;
    return to;
}

/* Returns false when a sandbox was asked for and is not available. */
static bool confine(const struct settings *s)
{
    if (s->filesystem_sandbox) {
        const char *files[] = {s->logfile, s->pidfile, s->unixsocket, s->aclfile,
                               s->file ? s->file : ""};
        char texts[sizeof(files) / sizeof(*files)][PATH_MAX];
        const char *directories[sizeof(files) / sizeof(*files) + 2] = {"."};
        int n = 1;
        for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
            const char *d = directory_of(files[i], texts[i]);
            if (*d)
                directories[n++] = d;
        }
        int r = confine_writing(directories);
        if (r < 0) {
            log_line(LOG_WARNING, "filesystem-sandbox: %s", strerror(-r));
            return false;
        }
    }
    int r = s->process_sandbox ? confine_calls() : 0;
    if (r < 0)
        log_line(LOG_NOTICE, "process-sandbox: %s; continuing without it", strerror(-r));
    return true;
}

/* A relative logfile is relative to the present dir; CONFIG SET dir does not move the log. */
static void open_log(const struct settings *s)
{
    struct buf path = {0};
    if (*s->logfile && *s->logfile != '/')
        buf_printf(&path, "%s/", s->dir);
    buf_printf(&path, "%s", s->logfile);
    buf_add_char(&path, 0);
    log_open(path.p);
    buf_free(&path);
}

/* Starting with fewer clients is better than not starting. */
static void limit_clients(struct settings *s)
{
    long long possible = process_raise_file_limit(s->maxclients);
    if (possible >= s->maxclients)
        return;
    log_line(LOG_WARNING,
             "You requested maxclients of %lld, for which the system has too few file "
             "descriptors. maxclients has been reduced to %lld.",
             s->maxclients, possible);
    s->maxclients = possible;
}

/* Options answered without a server. False: none of these. */
static bool answer_option(const char *option)
{
    if (strcmp(option, "-v") == 0 || strcmp(option, "--version") == 0) {
        printf("Millrace server v=%s redis_version=%s malloc=%s bits=64\n", VERSION_MILLRACE,
               VERSION_REDIS, mem_allocator_name());
    } else if (strcmp(option, "-h") == 0 || strcmp(option, "--help") == 0) {
        usage();
    } else if (strcmp(option, "--print-sample-config") == 0) {
        struct buf text = {0};
        config_file_sample(settings_new(), &text);
        fwrite(text.p, 1, text.n, stdout);
    } else if (strcmp(option, "--print-conf-manual") == 0) {
        struct buf text = {0};
        reference_settings_manual(&text);
        fwrite(text.p, 1, text.n, stdout);
    } else {
        return false;
    }
    return true;
}

/* The same for options with an argument; *status is the exit status. */
static bool answer_option_of(const char *option, const char *argument, int *status)
{
    struct buf problem = {0};
    if (strcmp(option, "--healthcheck") == 0) {
        *status = healthcheck_run(argument);
        return true;
    }
    if (strcmp(option, "--print-reference") != 0)
        return false;
    int error = reference_write(argument, &problem);
    if (error)
        fprintf(stderr, "%.*s: %s\n", (int)problem.n, problem.p, strerror(-error));
    buf_free(&problem);
    *status = error != 0;
    return true;
}

/* `dir` becomes the working directory and its own absolute path. */
static bool enter_directory(struct settings *s)
{
    if (chdir(s->dir) < 0) {
        log_line(LOG_WARNING, "Can't chdir to '%s': %s. Make that directory, or set another 'dir'.",
                 s->dir, strerror(errno));
        return false;
    }
    char here[PATH_MAX];
    if (getcwd(here, sizeof(here))) {
        mem_free(s->dir);
        s->dir = mem_copy_text(here, strlen(here));
    }
    return true;
}

/* Prepares the process: log, directory, background. */
static bool become_server(struct settings *settings)
{
    log_set_level((int)settings->loglevel);
    if (settings->syslog_enabled)
        log_to_syslog(settings->syslog_ident, (int)settings->syslog_facility);
    if (!enter_directory(settings))
        return false;
    open_log(settings);
    if (settings->daemonize)
        daemonize();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (settings->crash_log_enabled)
        crash_install();
    if (settings->disable_thp)
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    return true;
}

static void log_ready(const struct settings *settings)
{
    if (settings->port)
        log_line(LOG_NOTICE, "Ready to accept connections tcp");
    if (settings->tls_port)
        log_line(LOG_NOTICE, "Ready to accept connections tls");
    if (*settings->unixsocket)
        log_line(LOG_NOTICE, "The server is now ready to accept connections at %s",
                 settings->unixsocket);
    if (settings->supervised)
        notify_manager("STATUS=Ready to accept connections\nREADY=1\n");
}

int main(int argc, char **argv, char **environment)
{
    int status;
    if (check_is_asked(argc, argv, &status))
        return status;
    if (argc == 2 && answer_option(argv[1]))
        return 0;
    if (argc == 3 && answer_option_of(argv[1], argv[2], &status))
        return status;
    char executable[PATH_MAX];
    if (!realpath("/proc/self/exe", executable))
        executable[0] = 0;
    struct settings *settings = read_settings(argc, argv);
    if (!become_server(settings))
        return 1;
    banner(settings);
    struct data_lock data_lock;
    if (!data_lock_take(settings->dir, &data_lock))
        return 1;
    warn(settings);
    if (!confine(settings))
        return 1;
    struct server *s = server_new(settings, data_lock, executable);
    limit_clients(settings);
    if (!server_load_users(s))
        return 1;
    if (!server_listen(s))
        return 1;
    process_begin(argv, environment);
    process_show_title(settings);
    if (!process_adjust_oom_score(settings, PROCESS_SERVER))
        return 1;
    watchdog_set_period(settings->watchdog_period);
    assert_set_exit(settings->use_exit_on_panic);
    write_pidfile(settings);
    log_line(LOG_NOTICE, "Server initialized");
    if (!server_load(s))
        return 1;
    log_ready(settings);
    int code = server_run(s);
    server_free(s);
    return code;
}
