/* What the settings may be; connections: tests/tls. */
#include "io/tls.h"

#include "unit.h"

#include <string.h>

static const struct tls_options nothing = {"", "", "",    "",    "", "", "",
                                           "", "", false, false, 0,  0,  TLS_CLIENTS_NO};

static bool refused(const struct tls_options *o, const char *why)
{
    struct buf error = {0};
    struct tls_context *x = tls_context_new(o, &error);
    bool good = !x && error.n && memmem(error.p, error.n, why, strlen(why));
    if (!good)
        printf("# <%.*s>\n", (int)error.n, error.n ? error.p : "");
    tls_context_free(x);
    buf_free(&error);
    return good;
}

TEST(settings_that_cannot_be_are_named)
{
    struct tls_options o = nothing;
    o.protocols = "TLSv1.1";
    CHECK(refused(&o, "protocol"));
    o = nothing;
    o.cert_file = o.key_file = "/nowhere/at/all";
    CHECK(refused(&o, "Failed to load certificate"));
    tls_context_free(NULL);
}

UNIT_MAIN(T(settings_that_cannot_be_are_named))
