#include "config/forms.h"
#include "config/settings.h"
#include "unit.h"

/* faults C1, compat 11.1: what is read comes back in canonical form, and what has no meaning is
 * refused without a change. */
TEST(texts_have_a_canonical_form)
{
    static const struct {
        const char *name, *text, *canonical; /* NULL: refused */
    } cases[] = {
        {"shutdown-on-sigint", "force NOW nosave", "nosave now force"},
        {"shutdown-on-sigint", "default now now", "now"},
        {"shutdown-on-sigint", "save nosave", NULL},
        {"shutdown-on-sigint", "", NULL},
        {"shutdown-on-sigterm", "default\nenable-debug-command yes", NULL},
        {"latency-tracking-info-percentiles", "50.0 99.90 1e1 0x10", "50 99.9 10 16"},
        {"latency-tracking-info-percentiles", "12.3456789", "12.345679"},
        {"latency-tracking-info-percentiles", "", ""},
        {"latency-tracking-info-percentiles", "50  99", NULL},
        {"latency-tracking-info-percentiles", "101", NULL},
        {"latency-tracking-info-percentiles", "nan", NULL},
        {"oom-score-adj-values", "-2000 0 2000", "-2000 0 2000"},
        {"oom-score-adj-values", "1 2", NULL},
        {"oom-score-adj-values", "1 2 3 ", NULL},
        {"oom-score-adj-values", "-2001 0 0", NULL},
        {"proc-title-template", "{title} {port}", "{title} {port}"},
        {"proc-title-template", "{{title}}", "{{title}}"},
        {"proc-title-template", "{bad}", NULL},
        {"proc-title-template", "{", NULL},
        {"locale-collate", "C", "C"},
        {"locale-collate", "no such locale", NULL},
        {"bind", "127.0.0.1 -::1", "127.0.0.1 -::1"},
        {"bind", "", ""},
        {"bind", "127.0.0.1\nport 1", NULL},
        {"console-proxies", "", ""},
        {"console-proxies", "10.0.0.1 0:0:0:0:0:0:0:1 FE80::00A", "10.0.0.1 ::1 fe80::a"},
        {"console-proxies", "10.0.0.0/8", NULL},
        {"console-proxies", "proxy.example", NULL},
        {"console-proxies", "10.0.0.1  10.0.0.2", NULL},
        {"console-proxies", "10.0.0.1,10.0.0.2", NULL},
        {"bind", "127.0.0.1  ::1", NULL},
        {"tls-protocols", "tlsv1.3 TLSv1.2", "TLSv1.2 TLSv1.3"},
        {"tls-protocols", "SSLv3", NULL},
        {"cluster-announce-hostname", "a_b", NULL},
        {"save", "900 1 300 10", "900 1 300 10"},
        {"save", "900", NULL},
        {"client-output-buffer-limit", "normal 1mb 2 3",
         "normal 1048576 2 3 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
        {"client-output-buffer-limit", "normal 1 1 1 foo 1 1 1", NULL},
        {"notify-keyspace-events", "xKE$", "$xKE"},
        {"notify-keyspace-events", "ocVITSAnKm", "AnKmocSTIV"},
        {"notify-keyspace-events", "Kr", NULL},
        {"replicaof", "NO one", ""},
        {"hz", "0", "1"},
        {"watchdog-period", "1", "200"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settings *s = settings_new();
        const struct setting *x = settings_find(bytes_text(cases[i].name));
        struct buf before = {0}, after = {0};
        const char *why;
        settings_print(s, x, &before);
        bool good = settings_parse(s, x, bytes_text(cases[i].text), &why);
        CHECK(good == (cases[i].canonical != NULL));
        settings_print(s, x, &after);
        if (good)
            CHECK(bytes_equal(buf_bytes(&after), bytes_text(cases[i].canonical)));
        else
            CHECK(why && bytes_equal(buf_bytes(&after), buf_bytes(&before)));
        /* The canonical form is read as itself. */
        CHECK(settings_parse(s, x, after.n ? buf_bytes(&after) : bytes_of("", 0), &why));
        buf_free(&before);
        buf_free(&after);
        settings_free(s);
    }
}

TEST(limits_change_only_as_a_whole)
{
    struct settings *s = settings_new();
    const struct setting *x = settings_find(BYTES("client-output-buffer-limit"));
    const char *why;
    CHECK(!settings_parse(s, x, BYTES("normal 9 9 9 pubsub x 1 1"), &why));
    CHECK(s->output_limits[0].hard == 0);
    CHECK(settings_parse(s, settings_find(BYTES("shutdown-on-sigint")), BYTES("nosave now"), &why));
    CHECK(s->sigint_flags == (SETTINGS_SHUTDOWN_NOSAVE | SETTINGS_SHUTDOWN_NOW) &&
          s->sigterm_flags == 0);
    settings_free(s);
}

TEST(titles)
{
    struct settings *s = settings_new();
    struct buf b = {0};
    CHECK(forms_title(s, BYTES("{title} {listen-addr} {server-mode}"), "mill", &b));
    CHECK(bytes_equal(buf_bytes(&b), BYTES("mill *:6379 ")));
    buf_free(&b);
    settings_free(s);
}

UNIT_MAIN(T(texts_have_a_canonical_form), T(limits_change_only_as_a_whole), T(titles))
