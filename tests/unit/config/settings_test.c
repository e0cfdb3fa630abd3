#include "config/config_file.h"
#include "unit.h"

TEST(lines_are_understood)
{
    struct settings *s = settings_new();
    struct buf report = {0};
    CHECK(config_file_text(s,
                           BYTES("port 7000\n# comment\n  save 60 1\nsave 300 10\nrequirepass \"a "
                                 "b\\x41\"\nmaxmemory 2mb\n"),
                           &report));
    CHECK(s->port == 7000 && s->save_point_n == 2 && s->save_points[1].changes == 10 &&
          bytes_equal(s->requirepass, BYTES("a bA")));
    CHECK(s->maxmemory == 2 << 20);
    CHECK(config_file_text(s, BYTES("save ''\n"), &report) && s->save_point_n == 0);
    settings_free(s);
    buf_free(&report);
}

TEST(mistakes_name_their_line)
{
    static const char *const bad[] = {"port 1 2\n",    "port x\n",
                                      "nonsense 1\n",  "appendfsync sometimes\n",
                                      "port \"7\n",    "cluster-enabled yes\n",
                                      "replicaof a\n", "dbfilename a/b\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct settings *s = settings_new();
        struct buf report = {0}, text = {0};
        buf_add_text(&text, "# one\n");
        buf_add_text(&text, bad[i]);
        CHECK(!config_file_text(s, buf_bytes(&text), &report));
        buf_add_char(&report, 0);
        CHECK(strstr(report.p, "FATAL CONFIG FILE ERROR") && strstr(report.p, "at line 2"));
        buf_free(&report);
        buf_free(&text);
        settings_free(s);
    }
}

static bool reports(const char *line, const char *what)
{
    struct settings *s = settings_new();
    struct buf report = {0};
    bool good = config_file_text(s, bytes_text(line), &report);
    buf_add_char(&report, 0);
    good = !good && strstr(report.p, "*** FATAL CONFIG FILE ERROR (Redis ") &&
           strstr(report.p, "start again.\n") && strstr(report.p, what);
    if (!good)
        printf("# %s\n", report.p);
    buf_free(&report);
    settings_free(s);
    return good;
}

/* The lines of Redis first, then what to do about it. */
TEST(mistakes_come_with_advice)
{
    CHECK(reports("appendonli yes\n", ">>> 'appendonli yes'\nBad directive or wrong number of "
                                      "arguments\nDid you mean 'appendonly'? Correct the name"));
    CHECK(reports("nonsense 1\n", "Bad directive or wrong number of arguments\nNo directive has"));
    CHECK(reports("port x\n", "into an integer\nThe default is: port 6379\nCorrect the value"));
    CHECK(reports("dbfilename a/b\n", "The default is: dbfilename dump.rdb\n"));
    CHECK(
        reports("requirepass\n", "wrong number of arguments\nThe default is: requirepass \"\"\n"));
    CHECK(reports("port \"7\n", "Close the quote"));
    CHECK(reports("loadmodule a\n", "Correct or remove the directive"));
}

TEST(options_come_in_all_forms)
{
    struct settings *s = settings_new();
    struct buf report = {0};
    char *argv[] = {"--port",
                    "7001",
                    "loglevel",
                    "verbose",
                    "--maxmemory 700mb",
                    "--save",
                    "--proc-title-template",
                    "--my--title",
                    "--save",
                    "60",
                    "1"};
    CHECK(config_file_options(s, 11, argv, &report));
    CHECK(s->port == 7001 && s->loglevel == 1 && s->maxmemory == 700LL << 20 &&
          s->save_point_n == 1);
    CHECK(strcmp(s->proc_title_template, "--my--title") == 0);
    settings_free(s);
    buf_free(&report);
}

TEST(every_default_prints_and_parses)
{
    struct settings *s = settings_new();
    size_t n;
    const struct setting *all = settings_table(&n);
    for (size_t i = 0; i < n; i++) {
        struct buf b = {0};
        const char *why;
        settings_print(s, &all[i], &b);
        CHECK(settings_parse(s, &all[i], buf_bytes(&b), &why));
        CHECK(settings_is_default(s, &all[i]));
        buf_free(&b);
    }
    settings_free(s);
}

UNIT_MAIN(T(lines_are_understood), T(mistakes_name_their_line), T(mistakes_come_with_advice),
          T(options_come_in_all_forms), T(every_default_prints_and_parses))
