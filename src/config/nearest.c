#include "config/nearest.h"

#include "base/assert.h"
#include "config/settings.h"

#include <ctype.h>

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Dynamic programming over prefixes, keeping three rows: the third one is for swaps. */
unsigned nearest_distance(struct bytes a, struct bytes b)
{
    unsigned rows[3][NEAREST_NAME + 1];
    if (a.n > NEAREST_NAME || b.n > NEAREST_NAME)
        return NEAREST_MOST + 1;
    for (size_t k = 0; k <= b.n; k++)
        rows[0][k] = (unsigned)k;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= b.n; k++) {
            row[k] = least(above[k - 1] + !same(a.p[i - 1], b.p[k - 1]),
                           least(above[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && same(a.p[i - 1], b.p[k - 2]) && same(a.p[i - 2], b.p[k - 1]))
                row[k] = least(row[k], before[k - 2] + 1);
        }
    }
    unsigned steps = rows[a.n % 3][b.n];
    ASSERT(steps >= (a.n > b.n ? a.n - b.n : b.n - a.n));
    return least(steps, NEAREST_MOST + 1);
}

static void consider(const char *candidate, struct bytes name, unsigned *most, const char **found)
{
    unsigned steps = candidate ? nearest_distance(name, bytes_text(candidate)) : NEAREST_MOST + 1;
    if (steps <= *most) {
        *found = candidate;
        *most = steps - (steps > 0); /* later candidates must be nearer */
    }
}

const char *nearest_directive(struct bytes name)
{
    static const char *const lines[] = {"include", "loadmodule", "rename-command", "user"};
    size_t count;
    const struct setting *all = settings_table(&count);
    const char *found = NULL;
    /* With three edits a short name becomes anything. */
    unsigned most = name.n < 5 ? 1 : name.n < 9 ? 2 : NEAREST_MOST;
    for (size_t i = 0; i < count; i++)
        if (!(all[i].flags & SETTING_HIDDEN)) {
            consider(all[i].name, name, &most, &found);
            consider(all[i].alias, name, &most, &found);
        }
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        consider(lines[i], name, &most, &found);
    return found;
}
