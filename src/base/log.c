#include "base/log.h"

#include "base/clock.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static char *log_path;
static int threshold = LOG_NOTICE;
static char role = 'M';

void log_open(const char *path)
{
    mem_free(log_path);
    log_path = path && *path ? mem_copy_text(path, strlen(path)) : NULL;
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

void log_line(int level, const char *format, ...)
{
    if (level < threshold)
        return;
    char line[2048];
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
    int m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, ap);
    va_end(ap);
    size_t total = (size_t)n + (m > 0 ? (size_t)m : 0);
    if (total > sizeof(line) - 2)
        total = sizeof(line) - 2;
    line[total++] = '\n';
    log_raw(bytes_of(line, total));
}
