#include "base/log.h"

#include "base/clock.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char *log_path;
static int threshold = LOG_NOTICE;
static char *syslog_ident; /* NULL: no syslog */
static int syslog_facility;
static char role = 'M';

void log_open(const char *path)
{
    mem_free(log_path);
    log_path = path && *path ? mem_copy_text(path, strlen(path)) : NULL;
}

/* Uses a socket, because the names of <syslog.h> collide with LOG_ here. */
void log_to_syslog(const char *ident, int facility)
{
    mem_free(syslog_ident);
    syslog_ident = mem_copy_text(ident, strlen(ident));
    syslog_facility = facility;
}

static void send_to_syslog(int level, const char *text, size_t n)
{
    static const int severities[] = {7, 6, 5, 4}; /* debug, info, notice, warning */
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    char line[2200];
    int len = snprintf(line, sizeof(line), "<%d>%s[%d]: %.*s",
                       syslog_facility * 8 + severities[level & 3], syslog_ident, (int)getpid(),
                       (int)n, text);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    sendto(fd, line, (size_t)len < sizeof(line) ? (size_t)len : sizeof(line), MSG_NOSIGNAL,
           (struct sockaddr *)&a, sizeof(a));
    close(fd);
}

void log_set_level(int level)
{
    threshold = level;
}

int log_level(void)
{
    return threshold;
}

void log_set_role(char r)
{
    role = r;
}

int log_raw_fd(void)
{
    return log_path ? open(log_path, O_APPEND | O_CREAT | O_WRONLY | O_CLOEXEC, 0644)
                    : STDOUT_FILENO;
}

/* The file is opened for each line, so that log rotation needs no signal. */
void log_raw(struct bytes text)
{
    int fd = log_raw_fd();
    if (fd < 0)
        return;
    while (text.n) {
        ssize_t n = write(fd, text.p, text.n);
        if (n <= 0)
            break;
        text.p += n;
        text.n -= (size_t)n;
    }
    if (log_path)
        close(fd);
}

/* Escapes control characters, so that foreign text can neither imitate log lines nor control a
 * terminal. Writes at most `room` bytes; returns how many. */
static size_t escape(char *to, size_t room, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (const char *p = text; *p && n + 4 <= room; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= ' ' && c != 0x7f) {
            to[n++] = *p;
            continue;
        }
        to[n++] = '\\';
        if (c == '\n' || c == '\r' || c == '\t') {
            to[n++] = c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
        } else {
            to[n++] = 'x';
            to[n++] = digits[c >> 4];
            to[n++] = digits[c & 15];
        }
    }
    return n;
}

void log_line(int level, const char *format, ...)
{
    if (level < threshold)
        return;
    char text[2048], line[2048];
    int64_t now_us = clock_wall_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm tm;
    localtime_r(&seconds, &tm);
    char stamp[48];
    strftime(stamp, sizeof(stamp), "%d %b %Y %H:%M:%S", &tm);
    int n = snprintf(line, sizeof(line), "%d:%c %s.%03d %c ", (int)getpid(), role, stamp,
                     (int)(now_us / 1000 % 1000), ".-*#"[level & 3]);
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    size_t total = (size_t)n + escape(line + n, sizeof(line) - (size_t)n - 1, text);
    if (syslog_ident)
        send_to_syslog(level, line + n, total - (size_t)n);
    line[total++] = '\n';
    log_raw(bytes_of(line, total));
}
