/* LOLWUT: a drawing, and the version. */
#include "commands/index.h"

#include <math.h>

#define COLUMNS 66
#define ROWS    9

/* Water behind a mill: waves of random height, one per row. */
static void draw(struct buf *b, struct rng *rng)
{
    static const char shades[] = " .-~=";
    for (int row = 0; row < ROWS; row++) {
        double shift = (double)rng_below(rng, 628) / 100,
               length = 3 + (double)rng_below(rng, 60) / 10;
        for (int column = 0; column < COLUMNS; column++) {
            double height = sin(column / length + shift) + (double)row / ROWS;
            int shade = (int)((height + 1) * 2);
            buf_add_char(b, shades[shade < 0 ? 0 : shade > 4 ? 4 : shade]);
        }
        buf_add_char(b, '\n');
    }
}

static void do_lolwut(struct call *call)
{
    struct buf b = {0};
    long long version;
    if (call->argc > 2 && bytes_is(call->argv[1], "version") && !call_int(call, 2, &version))
        return;
    draw(&b, &call->store->rng);
    buf_add_text(&b, "Redis ver. 7.2.4, as Millrace speaks it\n");
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

const struct command lolwut_command = {
    .name = "lolwut",
    .usage = "[VERSION version:int]",
    .summary = "Draws a mill race and shows the compatible Redis version.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .handler = do_lolwut,
};
