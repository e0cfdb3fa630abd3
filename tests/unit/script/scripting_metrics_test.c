#include "script/scripting_metrics.h"

#include "engine.h"
#include "metrics.h"
#include "script/scripting.h"
#include "unit.h"

static const struct command *const none[] = {NULL};

TEST(what_scripts_hold_is_told)
{
    struct bench *b = bench_begin(none);
    struct scripting *s = b->engine.scripting = scripting_new(&b->engine);
    struct scripting_memory m;
    char line[160];
    CHECK(metrics_say(&scripting_metrics, s,
                      "used_memory_scripts_eval:0\r\nnumber_of_cached_scripts:0\r\n"
                      "number_of_functions:0\r\nnumber_of_libraries:0"));
    scripting_memory(s, &m);
    snprintf(line, sizeof(line), "used_memory_vm_total:%zu", m.eval_vm + m.function_vm);
    CHECK(metrics_say(&scripting_metrics, s, line));
    scripting_free(s);
    bench_end(b);
}

UNIT_MAIN(T(what_scripts_hold_is_told))
