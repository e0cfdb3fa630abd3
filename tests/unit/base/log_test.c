#include "base/log.h"

#include "unit.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/log_test_XXXXXX";

/* What the file holds; it is empty again afterwards. */
static const char *logged(void)
{
    static char text[8192];
    FILE *f = fopen(path, "r+");
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = 0;
    if (ftruncate(fileno(f), 0) != 0)
        text[0] = 0;
    fclose(f);
    return text;
}

static bool matches(const char *text, const char *pattern)
{
    regex_t r;
    if (regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool good = regexec(&r, text, 0, NULL, 0) == 0;
    regfree(&r);
    if (!good)
        printf("# <%s> does not match %s\n", text, pattern);
    return good;
}

static void begin(void)
{
    static int fd = -1;
    if (fd < 0)
        fd = mkstemp(path);
    log_open(path);
    log_set_level(LOG_NOTICE);
    log_set_role('M');
    logged();
}

TEST(a_line_has_the_shape_that_tools_parse)
{
    char pattern[128];
    begin();
    log_line(LOG_NOTICE, "hello %d", 7);
    snprintf(pattern, sizeof(pattern),
             "^%d:M [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8}\\.[0-9]{3} \\* hello 7\n$",
             (int)getpid());
    CHECK(matches(logged(), pattern));
    log_set_role('C');
    log_line(LOG_WARNING, "x");
    CHECK(matches(logged(), "^[0-9]+:C .* # x\n$"));
}

TEST(what_is_below_the_level_is_not_written)
{
    begin();
    log_line(LOG_VERBOSE, "no");
    log_debug("no");
    CHECK(*logged() == 0 && log_level() == LOG_NOTICE);
    log_set_level(LOG_DEBUG);
    log_line(LOG_VERBOSE, "a");
    log_debug("b");
    CHECK(matches(logged(), "^[^\n]* - a\n[^\n]* \\. b\n$"));
}

TEST(what_others_wrote_makes_no_lines_of_ours)
{
    begin();
    log_line(LOG_WARNING, "%s", "a\nb\r\t\x1b[2J\x7f\xc3\xa9");
    CHECK(matches(logged(), "^[^\n]* # a\\\\nb\\\\r\\\\t\\\\x1b\\[2J\\\\x7f\xc3\xa9\n$"));
}

TEST(a_long_line_is_cut)
{
    char text[5000];
    begin();
    memset(text, '\n', sizeof(text));
    text[sizeof(text) - 1] = 0;
    log_line(LOG_WARNING, "%s", text);
    const char *line = logged();
    size_t n = strlen(line);
    CHECK(n > 1900 && n <= 2048 && line[n - 1] == '\n' && strchr(line, '\n') == line + n - 1);
}

TEST(raw_text_has_no_prefix)
{
    begin();
    log_raw(BYTES("logo\n"));
    int fd = log_raw_fd();
    CHECK(fd > 2 && write(fd, "report\n", 7) == 7);
    close(fd);
    CHECK(strcmp(logged(), "logo\nreport\n") == 0);
    log_open("");
    CHECK(log_raw_fd() == STDOUT_FILENO);
    unlink(path);
}

UNIT_MAIN(T(a_line_has_the_shape_that_tools_parse), T(what_is_below_the_level_is_not_written),
          T(what_others_wrote_makes_no_lines_of_ours), T(a_long_line_is_cut),
          T(raw_text_has_no_prefix))
